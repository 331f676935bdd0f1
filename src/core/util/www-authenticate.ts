// The challenges of a WWW-Authenticate header (RFC 9110, section 11.6.1). Servers write several into one header, or one into several.

export interface Challenge {
  /** Lower-case: `bearer`. */
  readonly scheme: string
  /** By lower-case name. */
  readonly parameters: ReadonlyMap<string, string>
}

const token = String.raw`[!#$%&'*+.^_\`|~0-9A-Za-z-]+`
/** `name=value`, with the value in quotes or not. */
const parameter = new RegExp(String.raw`^(${token})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)(?!"))`, 's')
/** A scheme, which a parameter, other text or the end follows. */
const scheme = new RegExp(`^(${token})(?=\\s|,|$)`)
const separators = /^[\s,]+/
/** What is neither: up to the next separator, so that the rest is still read. */
const other = /^(?:"(?:[^"\\]|\\.)*"?|[^\s,"])+/s

/** What cannot be read is left out. Of two parameters of one name the first counts. */
export function parseChallenges(header: string): readonly Challenge[] {
  const found: { scheme: string; parameters: Map<string, string> }[] = []
  let rest = header
  while ((rest = rest.replace(separators, '')) !== '') {
    const asParameter = parameter.exec(rest)
    const asScheme = asParameter === null ? scheme.exec(rest) : null
    const [text] = asParameter ?? asScheme ?? other.exec(rest) ?? [rest]
    rest = rest.slice(text.length)
    if (asScheme !== null) found.push({ scheme: text.toLowerCase(), parameters: new Map() })
    if (asParameter === null) continue
    const [, name = '', quoted, plain = ''] = asParameter
    const { parameters } = found.at(-1) ?? {}
    const key = name.toLowerCase()
    if (parameters?.has(key) === false) parameters.set(key, quoted?.replaceAll(/\\(.)/gs, '$1') ?? plain)
  }
  return found
}

/** The one for bearer tokens (RFC 6750). */
export const bearerChallenge = (header: string | undefined): Challenge | undefined =>
  header === undefined ? undefined : parseChallenges(header).find(({ scheme }) => scheme === 'bearer')
