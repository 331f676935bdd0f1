// The parts of a JSON Web Token (RFC 7519), unverified: for display, for times, for what a token says it is good for; never for a
// decision about who somebody is.

export type JwtClaims = Readonly<Record<string, unknown>>

/** Undefined if the text is no JWT, or an encrypted one. */
export const jwtPayload = (token: string): JwtClaims | undefined => partsOf(token)?.payload

export const jwtHeader = (token: string): JwtClaims | undefined => partsOf(token)?.header

/** `exp` in ms since the epoch; undefined if there is none. */
export function jwtExpiry(token: string): number | undefined {
  const exp = jwtPayload(token)?.['exp']
  return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : undefined
}

function partsOf(token: string): { readonly header: JwtClaims | undefined; readonly payload: JwtClaims | undefined } | undefined {
  const [header, payload, signature, more] = token.split('.')
  if (header === undefined || payload === undefined || signature === undefined || more !== undefined) return undefined
  return { header: decoded(header), payload: decoded(payload) }
}

function decoded(part: string): JwtClaims | undefined {
  try {
    const bytes = Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as JwtClaims) : undefined
  } catch {
    return undefined
  }
}
