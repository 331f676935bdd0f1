// `GET /v1/token`: the request that is answered most, at once if the token is cached.

import { thenSync } from '../../core/util/then-sync.ts'
import type { AccessToken } from '../../core/session/session.ts'
import type { TokenAnswer } from '../../wire/messages.ts'
import { decodeTokenRequest } from '../../wire/requests.ts'
import type { Operations } from '../operations.ts'
import type { Issued } from '../sessions/sessions.ts'
import type { Answer, RouteRequest } from './handler.ts'

export function getToken(agent: Operations, { query, acceptsText, context }: RouteRequest): Answer | Promise<Answer> {
  const { profile, target, minTtl } = decodeTokenRequest(query)
  const answer = ({ profile, token }: Issued): Answer =>
    acceptsText
      ? { status: 200, type: 'text/plain; charset=utf-8', body: token.value.reveal() }
      : { status: 200, type: 'application/json', body: tokenJson(profile, token, agent.now()) }
  return thenSync(agent.token(context('token'), profile, target, minTtl), answer)
}

/** `expires_in` changes once a second, and nothing else of it does. */
const jsonOfToken = new WeakMap<AccessToken, { readonly expiresIn: number; readonly body: string }>()

function tokenJson(profile: string, token: AccessToken, now: number): string {
  const expiresIn = Math.floor(((token.expiresAt ?? now) - now) / 1000)
  const known = jsonOfToken.get(token)
  if (known?.expiresIn === expiresIn) return known.body
  const body = JSON.stringify(tokenAnswer(profile, token, now))
  jsonOfToken.set(token, { expiresIn, body })
  return body
}

function tokenAnswer(profile: string, token: AccessToken, now: number): TokenAnswer {
  const { resource, audience } = token.target
  return {
    profile,
    access_token: token.value.reveal(),
    token_type: token.tokenType,
    ...(token.expiresAt === undefined
      ? {}
      : { expires_at: Math.floor(token.expiresAt / 1000), expires_in: Math.max(0, Math.floor((token.expiresAt - now) / 1000)) }),
    scope: token.scope.join(' '),
    ...(resource === undefined ? {} : { resource }),
    ...(audience === undefined ? {} : { audience }),
    ...(token.audience === undefined ? {} : { aud: token.audience }),
  }
}
