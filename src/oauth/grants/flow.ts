// What a grant is to the rest of oauth/, and the token request that the grants without a user share.

import type * as openid from 'openid-client'
import { Failure } from '../../core/failures.ts'
import type { LoginOptions, TokenOutcome, TokenResponse } from '../../core/ports.ts'
import type { Target } from '../../core/session/session.ts'
import type { TokenRefusal } from '../../core/session/token-refusal.ts'
import { defined } from '../../core/util/defined.ts'
import type { Connection } from '../connection.ts'
import { refusalOf } from '../http/outcome.ts'
import type { RequestTrace } from '../http/trace.ts'
import { tokenResponse } from '../token-response.ts'

/** A user takes part. `endpoint`: what the server must have for it. Throws a Failure: login_*, server_*, discovery_failed, unsupported_by_server. */
export interface InteractiveGrant {
  readonly endpoint: 'authorization_endpoint' | 'device_authorization_endpoint'
  login(connection: Connection, options: LoginOptions): Promise<TokenResponse>
}

/** Gets each access token by itself. Throws a Failure only from before the request. */
export interface UnattendedGrant {
  renew(connection: Connection, target: Target, signal: AbortSignal): Promise<TokenOutcome>
}

/** A refusal ends the login; what may pass, and what is about the client, keeps its own code and hint. */
export function loginFailure({ kind, failure }: TokenRefusal): Failure {
  if (!['invalid_grant', 'interaction_required', 'may_pass', 'refused'].includes(kind)) return failure
  const { hint, oauthError } = failure.details
  return new Failure('login_failed', failure.message, defined({ hint, oauthError }))
}

/** One token request. An ID token in the response is not verified: it came straight from the server. */
export async function requestTokens(
  connection: Connection,
  signal: AbortSignal,
  send: (configuration: openid.Configuration) => Promise<openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers>,
): Promise<TokenOutcome> {
  const { configuration, request } = await connection.configure(signal, { dropIdToken: true })
  try {
    return { kind: 'tokens', response: tokenResponse(await send(configuration), request) }
  } catch (error) {
    const moved = mayHaveMoved(request.trace) ? await connection.moved(signal) : undefined
    return moved === undefined ? refusalOf(error, request.trace) : requestTokens(moved, signal, send)
  }
}

/** L11: nothing was acted on there, and the server's metadata may name another place by now. */
function mayHaveMoved({ sent, status, networkError, oauthError }: RequestTrace): boolean {
  if (networkError !== undefined) return !sent && !['AbortError', 'TimeoutError'].includes(networkError.name)
  if (status === undefined || oauthError !== undefined) return false
  return (status >= 300 && status < 400) || status === 404 || status === 405 || status === 410
}
