// An access token as a header value. Everything that prints a token where a line break would start another header or field passes
// these functions; they are the only place that refuses one.

import { Failure } from '../failures.ts'

/** RFC 6749 appendix A.12: VSCHAR. Spaces are tolerated: they cannot end a line. */
const printable = /^[\x20-\x7e]*$/
/** RFC 9110 section 5.6.2. */
const scheme = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** The token unchanged. Throws server_invalid_response if it holds a line break or any other character that no token may have. */
export function checkedToken(token: string): string {
  if (printable.test(token)) return token
  throw new Failure('server_invalid_response', 'the access token contains a line break or other control character', {
    hint: 'the server issued a malformed token (RFC 6749 appendix A.12): report it to its operator',
  })
}

/** `Bearer TOKEN`, whatever way the server spells `bearer` (RFC 6750 section 2.1). Throws server_invalid_response. */
export function headerValue(tokenType: string | undefined, token: string): string {
  return `${schemeOf(tokenType)} ${checkedToken(token)}`
}

/** Throws server_invalid_response. */
export function schemeOf(tokenType: string | undefined): string {
  if (tokenType === undefined || tokenType.toLowerCase() === 'bearer') return 'Bearer'
  if (scheme.test(tokenType)) return tokenType
  throw new Failure('server_invalid_response', 'the token_type is not a valid authentication scheme', {
    hint: 'the server issued a malformed token (RFC 6749 section 7.1): report it to its operator',
  })
}
