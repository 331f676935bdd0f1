// How a request to the token endpoint ends if it gives no tokens.

import type { Failure } from '../failures.ts'

/**
 * How a request to the token endpoint ended without tokens (R4, R17, R18).
 * - `not_sent`: nothing reached the server; sending again is safe.
 * - `no_answer`: it may have been acted on: time-out, reset, 500, 502, 504, a 2xx that cannot be read.
 * - `busy`: answered and not acted on: 408, 425, 429, 503, temporarily_unavailable; `failure.details.retryAfter` in seconds if
 *   the server gave it.
 * - `no_verdict`: answered and not acted on, and no OAuth error: the page of a proxy or gateway, a redirect, 404 (R18).
 * - `invalid_grant`: the refresh token is no longer valid, whatever the server calls that (also a 400 with an empty body).
 * - `may_pass`: the refresh token is refused now, for a reason that may pass: conditional access, a policy, an outage (R18).
 * - `interaction_required`: the server needs the user for this target: consent, step-up, a second factor.
 * - `client_refused`: invalid_client, unauthorized_client.
 * - `refused`: another error of RFC 6749: about this request (scope, resource), not about the session (R17).
 * - `identity_changed`: tokens of another user (P12); discarded.
 */
export interface TokenRefusal {
  readonly kind:
    | 'not_sent'
    | 'no_answer'
    | 'busy'
    | 'no_verdict'
    | 'invalid_grant'
    | 'may_pass'
    | 'interaction_required'
    | 'client_refused'
    | 'refused'
    | 'identity_changed'
  readonly failure: Failure
}
