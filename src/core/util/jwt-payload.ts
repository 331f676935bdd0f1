// The payload of a JSON Web Token (RFC 7519), unverified: for display, for times, for what a token says it is good for; never for a
// decision about who somebody is.

export type JwtClaims = Readonly<Record<string, unknown>>

/** Undefined if the text is no JWT, or an encrypted one. */
export function jwtPayload(token: string): JwtClaims | undefined {
  const [, payload, signature, more] = token.split('.')
  if (payload === undefined || signature === undefined || more !== undefined) return undefined
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as JwtClaims) : undefined
  } catch {
    return undefined
  }
}

/** `exp` in ms since the epoch; undefined if there is none. */
export function jwtExpiry(token: string): number | undefined {
  const exp = jwtPayload(token)?.['exp']
  return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : undefined
}
