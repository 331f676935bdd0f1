// Where a credential is for, and which route leads there. A helper protocol names a place by a URL, or by a bare host; a route
// names one by a pattern; the longest match wins. Whole path segments count, and what a pattern does not say is free.

export interface UrlPattern {
  /** Lower-case, without the colon; undefined where only a host was named. */
  readonly scheme?: string
  /** Lower-case; of a pattern it may begin with `*.`. */
  readonly host: string
  /** Undefined: the scheme's own. */
  readonly port?: string
  /** Decoded, without empty ones. */
  readonly segments: readonly string[]
  /** A user name that goes with it. */
  readonly username?: string
}

const defaultPorts: Readonly<Record<string, string>> = { https: '443', http: '80' }

/** Cargo and pip write what kind of thing lies behind a URL in front of its scheme. */
const kinds = /^(sparse|registry|index|git|hg|svn|bzr)\+(?=https?:)/i

/** What stands before a host that begins with `*.`. */
const beforeWildcard = /^([a-z][a-z0-9+.-]*:\/\/)?([^/?#]*@)?(?=\*\.[^/?#@]*([/?#]|$))/i

/** `https://host:1/a/b`, `host:1/a`, `host`; undefined where no host can be read from it. The user name in it, if any, counts. */
export function parseUrlPattern(text: string): UrlPattern | undefined {
  const plain = text.trim().replace(kinds, '')
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(plain)
  const wildcard = beforeWildcard.exec(plain)?.[0]
  const named = wildcard === undefined ? plain : wildcard + plain.slice(wildcard.length + 2)
  // A scheme of the web gives the host its normal form, whatever the scheme is.
  const url = URL.parse(hasScheme ? named.replace(/^[^:]+/, 'http') : `http://${named}`)
  // A URL's parser is lenient with slashes and control characters, and takes a backslash for a slash; whoever sends the credential may not be.
  if (url === null || url.hostname === '' || /[\s\\\p{Cc}]/u.test(plain) || authorityOf(plain, hasScheme) === '') return undefined
  const scheme = hasScheme ? (/^[^:]+/.exec(plain)?.[0] ?? '').toLowerCase() : undefined
  // `http` swallows its own default; the text still has it.
  const port = url.port !== '' ? url.port : /:0*80$/.test(authorityOf(plain, hasScheme)) ? '80' : undefined
  return {
    ...(scheme === undefined ? {} : { scheme }),
    host: (wildcard === undefined ? '' : '*.') + url.hostname.toLowerCase().replace(/\.$/, ''),
    ...(port === undefined || (scheme !== undefined && port === defaultPorts[scheme]) ? {} : { port }),
    segments: url.pathname
      .split('/')
      .filter((segment) => segment !== '')
      .map(decoded),
    ...(url.username === '' ? {} : { username: decoded(url.username) }),
  }
}

const authorityOf = (plain: string, hasScheme: boolean): string =>
  (hasScheme ? plain.slice(plain.indexOf('://') + 3) : plain).replace(/[/?#].*$/s, '')

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** As people write it. */
export function formatUrlPattern({ scheme, host, port, segments, username }: UrlPattern): string {
  const user = username === undefined ? '' : `${encodeURIComponent(username)}@`
  const path = segments.map((segment) => `/${encodeURIComponent(segment).replaceAll('%40', '@').replaceAll('%3A', ':')}`).join('')
  return `${scheme === undefined ? '' : `${scheme}://`}${user}${host}${port === undefined ? '' : `:${port}`}${path}`
}

/** Of a pattern: what a request names is one host. */
export const isWildcard = ({ host }: UrlPattern): boolean => host.includes('*')

const isLoopbackHost = (host: string): boolean => /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(host)

/** Whether what is meant for `pattern` may be used at `place`. */
export function covers(pattern: UrlPattern, place: UrlPattern): boolean {
  if (!coversScheme(pattern, place) || !coversHost(pattern.host, place.host) || port(pattern, place) !== port(place, pattern)) {
    return false
  }
  if (pattern.username !== undefined && place.username !== undefined && pattern.username !== place.username) return false
  return pattern.segments.every((segment, index) => {
    const other = place.segments[index]
    // A repository is the same with and without its suffix.
    return segment === other || (index === pattern.segments.length - 1 && `${segment}.git` === other)
  })
}

/** Where one side names no scheme, anything fits but plain http to another machine: that has to be asked for by name. */
function coversScheme(pattern: UrlPattern, place: UrlPattern): boolean {
  if (pattern.scheme !== undefined && place.scheme !== undefined) return pattern.scheme === place.scheme
  return pattern.scheme !== undefined || place.scheme !== 'http' || isLoopbackHost(place.host)
}

const coversHost = (pattern: string, host: string): boolean =>
  pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1 : pattern === host

const port = (place: UrlPattern, other: UrlPattern): string =>
  place.port ?? defaultPorts[place.scheme ?? other.scheme ?? 'https'] ?? 'default'

/** Without the user name. */
export function withoutUsername({ scheme, host, port, segments }: UrlPattern): UrlPattern {
  return { host, segments, ...(scheme === undefined ? {} : { scheme }), ...(port === undefined ? {} : { port }) }
}

/** Negative where `a` says more than `b`: the host first, then the path, the user name, the scheme. */
export function bySpecificity(a: UrlPattern, b: UrlPattern): number {
  for (const measure of [hostLength, pathLength, hasUsername, hasScheme]) {
    const difference = measure(b) - measure(a)
    if (difference !== 0) return difference
  }
  return 0
}

/** A host named in full says more than any pattern. */
const hostLength = ({ host }: UrlPattern): number => (host.startsWith('*.') ? host.length : 1000)
const pathLength = ({ segments }: UrlPattern): number => segments.length
const hasUsername = ({ username }: UrlPattern): number => (username === undefined ? 0 : 1)
const hasScheme = ({ scheme }: UrlPattern): number => (scheme === undefined ? 0 : 1)

/** Of those that cover the place, the one that says most about it. */
export function longestMatch<T>(
  place: UrlPattern,
  candidates: Iterable<T>,
  placeOf: (candidate: T) => UrlPattern,
): T | undefined {
  return [...candidates]
    .filter((candidate) => covers(placeOf(candidate), place))
    .sort((a, b) => bySpecificity(placeOf(a), placeOf(b)))[0]
}
