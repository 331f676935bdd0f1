// What the grants share: a server's metadata, configurations to ask it with, and the reading of its token answers.

import type * as openid from 'openid-client'
import type { Clock, TokenResponse } from '../core/ports.ts'
import type { Profile } from '../core/profile.ts'
import { redact } from '../core/redacted.ts'
import { parseScope } from '../core/session/scope.ts'
import type { Identity, Target } from '../core/session/session.ts'
import type { OAuthRequest } from './http/request.ts'
import { identityOf, unverifiedClaims } from './identity.ts'

/** What the grants need of the server. */
export interface Connection {
  readonly profile: Profile
  readonly clock: Clock
  readonly metadata: openid.ServerMetadata
  readonly openid: typeof openid
  /** A configuration whose requests are traced by the exchange that comes with it. */
  configure(signal: AbortSignal, options?: { readonly dropIdToken?: boolean }): Promise<Configured>
}

export interface Configured {
  readonly configuration: openid.Configuration
  readonly exchange: OAuthRequest
}

export const defaultTarget = ({ resource, audience }: Profile): Target => ({
  ...(resource === undefined ? {} : { resource }),
  ...(audience === undefined ? {} : { audience }),
})

export const targetParameters = ({ scope, resource, audience }: Target): Record<string, string> => ({
  ...(scope === undefined || scope.length === 0 ? {} : { scope: scope.join(' ') }),
  ...(resource === undefined ? {} : { resource }),
  ...(audience === undefined ? {} : { audience }),
})

export function tokenResponse(
  answer: openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers,
  exchange: OAuthRequest,
): TokenResponse {
  const claims = answer.claims()
  const identity: Identity | undefined = claims === undefined ? undefined : identityOf(claims)
  const { expires_in: expiresIn, scope, refresh_token: refreshToken } = answer
  // Not the exchange's trace: the last request may have been the one for the keys.
  const { receivedAt, tokenType, refreshTokenExpiresIn, idToken } = exchange.answer ?? unreachable()
  return {
    accessToken: redact(answer.access_token),
    tokenType,
    receivedAt,
    ...(expiresIn === undefined ? {} : { expiresIn }),
    ...(scope === undefined ? {} : { scope: parseScope(scope) }),
    ...(refreshToken === undefined ? {} : { refreshToken: redact(refreshToken) }),
    ...(refreshTokenExpiresIn === undefined ? {} : { refreshTokenExpiresIn }),
    ...(identity === undefined ? {} : { identity }),
    // One that nobody can read is of no use to a tool either.
    ...(idToken === undefined || unverifiedClaims(idToken) === undefined ? {} : { idToken }),
  }
}

function unreachable(): never {
  throw new Error('a token answer that was not seen')
}
