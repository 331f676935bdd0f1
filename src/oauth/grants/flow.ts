// What a grant is to the rest of oauth/, and the token request that the grants without a user share.

import type * as openid from 'openid-client'
import type { LoginOptions, TokenOutcome, TokenResponse } from '../../core/ports.ts'
import type { Target } from '../../core/session/session.ts'
import type { Connection } from '../connection.ts'
import { refusalOf } from '../http/outcome.ts'
import { tokenResponse } from '../token-response.ts'

/** A user takes part. Throws a Failure: login_*, server_*, discovery_failed, unsupported_by_server. */
export interface InteractiveGrant {
  login(connection: Connection, options: LoginOptions): Promise<TokenResponse>
}

/** Gets each access token by itself. Throws a Failure only from before the request. */
export interface UnattendedGrant {
  renew(connection: Connection, target: Target, signal: AbortSignal): Promise<TokenOutcome>
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
    return refusalOf(error, request.trace)
  }
}
