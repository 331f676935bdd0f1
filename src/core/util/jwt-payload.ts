// The payload of a JSON Web Token (RFC 7519), unverified: for display and for times, never for a decision about who somebody is.

/** Undefined if the text is no JWT. */
function jwtPayload(token: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const [, payload = ''] = token.split('.')
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** `exp` in ms since the epoch; undefined if there is none. */
export function jwtExpiry(token: string): number | undefined {
  const exp = jwtPayload(token)?.['exp']
  return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : undefined
}
