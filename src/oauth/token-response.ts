// A token response that openid-client has accepted, as the core sees it.

import type * as openid from 'openid-client'
import type { TokenResponse } from '../core/ports.ts'
import { redact } from '../core/redacted.ts'
import { parseScope } from '../core/session/scope.ts'
import { defined } from '../core/util/defined.ts'
import { jwtPayload } from '../core/util/jwt-payload.ts'
import type { OAuthRequest } from './http/request.ts'
import { identityOf } from './identity.ts'

export function tokenResponse(
  accepted: openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers,
  { answer }: OAuthRequest,
): TokenResponse {
  // Not the request's trace: the last request may have been the one for the keys.
  if (answer === undefined) throw new Error('openid-client accepted a token response that was not received')
  const { receivedAt, tokenType, refreshTokenExpiresIn, idToken } = answer
  const { access_token: accessToken, expires_in: expiresIn, scope, refresh_token: refreshToken } = accepted
  const claims = accepted.claims()
  return {
    accessToken: redact(accessToken),
    tokenType,
    receivedAt,
    ...defined({
      expiresIn,
      scope: scope === undefined ? undefined : parseScope(scope),
      refreshToken: refreshToken === undefined ? undefined : redact(refreshToken),
      refreshTokenExpiresIn,
      identity: claims === undefined ? undefined : identityOf(claims),
      // One that cannot be read is of no use to a tool either.
      idToken: idToken === undefined || jwtPayload(idToken.reveal()) === undefined ? undefined : idToken,
    }),
  }
}
