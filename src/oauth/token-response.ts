// A token response that openid-client has accepted, as the core sees it.

import type * as openid from 'openid-client'
import type { TokenResponse } from '../core/ports.ts'
import { redact } from '../core/redacted.ts'
import { parseScope } from '../core/session/scope.ts'
import { defined } from '../core/util/defined.ts'
import { type JwtClaims, jwtPayload } from '../core/util/jwt-payload.ts'
import type { OAuthRequest } from './http/request.ts'
import { identityOf } from './identity.ts'

/** Ten years: a JWT may say anything. */
const maxLifetimeSeconds = 10 * 366 * 86_400

export function tokenResponse(
  accepted: openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers,
  { answer }: OAuthRequest,
): TokenResponse {
  // Not the request's trace: the last request may have been the one for the keys.
  if (answer === undefined) throw new Error('openid-client accepted a token response that was not received')
  const { receivedAt, tokenType, refreshTokenExpiresIn, idToken, clockAheadMs = 0 } = answer
  const { access_token: accessToken, expires_in: expiresIn, scope, refresh_token: refreshToken } = accepted
  const jwt = jwtPayload(accessToken) ?? {}
  const claims = accepted.claims()
  return {
    accessToken: redact(accessToken),
    tokenType,
    receivedAt,
    ...defined({
      expiresIn: expiresIn ?? lifetimeOf(jwt, receivedAt + clockAheadMs),
      scope: scope === undefined ? undefined : parseScope(scope),
      tokenScope: scopeOf(jwt),
      tokenAudience: audienceOf(jwt),
      refreshToken: refreshToken === undefined ? undefined : redact(refreshToken),
      refreshTokenExpiresIn,
      identity: claims === undefined ? undefined : identityOf(claims),
      // One that cannot be read is of no use to a tool either.
      idToken: idToken === undefined || jwtPayload(idToken.reveal()) === undefined ? undefined : idToken,
    }),
  }
}

/** L8: seconds that a JWT has left, by the server's clock; undefined: it does not say, or says nothing that can be. */
function lifetimeOf({ exp, iat }: JwtClaims, serverNow: number): number | undefined {
  if (typeof exp !== 'number' || !Number.isFinite(exp)) return undefined
  const left = Math.floor(exp - serverNow / 1000)
  // Without a Date header the clocks may be apart.
  const lifetime = left > 0 || typeof iat !== 'number' ? left : Math.floor(exp - iat)
  return lifetime > 0 && lifetime <= maxLifetimeSeconds ? lifetime : undefined
}

/** RFC 9068 section 2.2.3 has a string; Okta and Entra write `scp`. */
function scopeOf(jwt: JwtClaims): readonly string[] | undefined {
  const scope = jwt['scope'] ?? jwt['scp']
  if (typeof scope === 'string') return parseScope(scope)
  return Array.isArray(scope) && scope.every((each) => typeof each === 'string') ? parseScope(scope.join(' ')) : undefined
}

function audienceOf({ aud }: JwtClaims): readonly string[] | undefined {
  const all: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  const texts = all.filter((each) => typeof each === 'string' && each !== '') as string[]
  return texts.length === 0 ? undefined : texts
}
