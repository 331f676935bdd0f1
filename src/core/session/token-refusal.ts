// How a request to the token endpoint ends if it gives no tokens.

import type { Failure } from '../failures.ts'

/**
 * How a request to the token endpoint ended without tokens (R4).
 * - `not_sent`: nothing reached the server; sending again is safe.
 * - `no_answer`: it may have reached the server: time-out, reset, 500, 502, 504, an answer that cannot be read.
 * - `busy`: 429 or 503, answered and not acted on; `failure.details.retryAfter` in seconds if the server gave it.
 * - `invalid_grant`: the refresh token is refused (also a 400 or 401 without a readable error).
 * - `client_refused`: invalid_client, unauthorized_client.
 * - `refused`: another error of RFC 6749: about this request (scope, resource), not about the session.
 * - `identity_changed`: tokens of another user (P12); discarded.
 */
export interface TokenRefusal {
  readonly kind: 'not_sent' | 'no_answer' | 'busy' | 'invalid_grant' | 'client_refused' | 'refused' | 'identity_changed'
  readonly failure: Failure
}
