// The refresh token grant, RFC 6749 section 6: what renews a session that a user logged in to.

import { Failure } from '../../core/failures.ts'
import type { RefreshRequest, TokenOutcome } from '../../core/ports.ts'
import { jwtPayload } from '../../core/util/jwt-payload.ts'
import { type Connection, targetParameters } from '../connection.ts'
import { sameIdentity } from '../identity.ts'
import { requestTokens } from './flow.ts'

export async function renewByRefreshToken(
  connection: Connection,
  { refreshToken, target, identity }: RefreshRequest,
  signal: AbortSignal,
): Promise<TokenOutcome> {
  const outcome = await requestTokens(connection, signal, (configuration) =>
    connection.openid.refreshTokenGrant(configuration, refreshToken.reveal(), targetParameters(target)),
  )
  if (outcome.kind !== 'tokens' || identity === undefined) return outcome
  // P12. By the claims alone: a key that cannot be fetched now must not cost the session its rotated token.
  const { idToken } = outcome.response
  const claims = idToken === undefined ? undefined : jwtPayload(idToken.reveal())
  if (claims === undefined || sameIdentity(claims, identity)) return outcome
  const failure = new Failure('server_refused', 'the server answered with tokens of another user than the one who logged in')
  return { kind: 'identity_changed', failure }
}
