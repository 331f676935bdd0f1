// Which access token answers which request: the only place that decides whether a caller is served, waits or gets a failure.

import { Failure } from '../failures.ts'
import type { TokenResponse } from '../ports.ts'
import { authorizationScheme } from '../util/authorization-scheme.ts'
import { defined } from '../util/defined.ts'
import { isRetryDue } from './login-required.ts'
import { refusedTarget } from './refused-targets.ts'
import { isAging, isFromTheFuture, isRenewable, isServable, remaining, requiredLifeMs } from './schedule.ts'
import { normalScope, sameScope, sameTarget } from './scope.ts'
import type { AccessToken, EpochMs, LiveSession, LoginReason, SessionRecord, Target } from './session.ts'

export type Decision =
  | { readonly kind: 'serve'; readonly token: AccessToken; readonly refreshAhead: boolean }
  /** A refresh is needed, and none is under way. */
  | { readonly kind: 'refresh' }
  /** A refresh is under way. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'fail'; readonly failure: Failure }

/** P13: a token answers requests for the same resource and audience, and for the scope that was requested or granted. */
const answers = (token: AccessToken, target: Target): boolean =>
  token.target.resource === target.resource &&
  token.target.audience === target.audience &&
  (sameScope(token.target.scope, target.scope) || (target.scope !== undefined && sameScope(token.scope, target.scope)))

export const findToken = (record: SessionRecord, target: Target): AccessToken | undefined =>
  record.accessTokens.find((token) => answers(token, target))

/** Records of one login are ordered by generation. After a logout the generation starts again. */
const isSameLogin = (a: SessionRecord, b: SessionRecord): boolean => a.loggedInAt === b.loggedInAt && a.issuer === b.issuer

/** The record that counts under the lock: the stored one (another agent may have refreshed, or logged in), unless an older generation was recovered (R10). */
export const latest = (held: SessionRecord, stored: SessionRecord): SessionRecord =>
  isSameLogin(held, stored) && stored.generation <= held.generation ? held : stored

export function loginRequired(profile: string, { text, refusals }: LoginReason): Failure {
  const hint =
    refusals === undefined ? undefined : '`authsock login {profile}`, or `authsock retry {profile}` if the cause has passed'
  return new Failure('login_required', `profile '${profile}' needs a login: ${text}`, { profile, ...defined({ hint }) })
}

const fail = (failure: Failure): Decision => ({ kind: 'fail', failure })

/** `minTtl` in milliseconds. */
export function decide(
  session: LiveSession,
  profile: string,
  target: Target,
  minTtl: number | undefined,
  now: EpochMs,
): Decision {
  if (session.kind === 'absent') return fail(loginRequired(profile, session.reason))
  const { record } = session
  const token = findToken(record, target)
  const isLive = token !== undefined && isServable(token, now)
  // After the clock was set back, the remaining lifetime is not known.
  const isLifeKnown = token !== undefined && !isFromTheFuture(token.obtainedAt, now)
  if (isLive && isLifeKnown && remaining(token, now) >= requiredLifeMs(token, minTtl)) {
    const mayRefresh = session.kind === 'active' && isRenewable(record) && record.intent === undefined
    return { kind: 'serve', token, refreshAhead: mayRefresh && isAging(token, now) }
  }
  // If no other token can be had now, one with less lifetime than required is better than none (R7).
  const lessOr = (otherwise: Failure): Decision => (isLive ? { kind: 'serve', token, refreshAhead: false } : fail(otherwise))
  const refused = session.kind === 'login_required' ? undefined : refusedTarget(record, target, now)
  if (refused !== undefined) return lessOr(refused)
  switch (session.kind) {
    case 'active':
      if (!isRenewable(record)) return lessOr(loginRequired(profile, withoutRefreshToken(now)))
      // The refresh token may have been spent: the live token comes first (R4).
      return record.intent !== undefined && isLive && isLifeKnown
        ? { kind: 'serve', token, refreshAhead: false }
        : { kind: 'refresh' }
    case 'backing_off': {
      const { plan } = session
      const mayReplay = plan.replayUntil !== undefined && now < plan.replayUntil
      if (plan.ambiguous && !mayReplay && isLive && isLifeKnown) return lessOr(plan.failure)
      if (now >= plan.notBefore || isFromTheFuture(plan.failedAt, now)) return { kind: 'refresh' }
      return lessOr(retryLater(plan.failure, plan.notBefore, now).of(profile))
    }
    case 'refreshing':
      return { kind: 'wait' }
    case 'unsaved':
      return lessOr(retryLater(session.failure, session.retryAt, now).of(profile))
    case 'login_required':
      return isRetryDue(session, now) ? { kind: 'refresh' } : lessOr(loginRequired(profile, session.reason))
  }
}

const withoutRefreshToken = (now: EpochMs): LoginReason => ({
  code: 'no_refresh_token',
  text: 'the access token has expired and the server gave no refresh token',
  at: now,
})

export const retryLater = (failure: Failure, at: EpochMs, now: EpochMs): Failure =>
  new Failure(failure.code, failure.message, { ...failure.details, retryAfter: Math.max(1, Math.ceil((at - now) / 1000)) })

/** A request for exactly the session's scope is the same as a request without scope: both share one token and one refresh. */
export function canonicalTarget(record: SessionRecord, target: Target): Target {
  if (target.scope === undefined) return target
  const { scope, ...rest } = target
  return scope === undefined || sameScope(scope, record.scope) ? rest : { ...rest, scope }
}

/** The scope granted: what the server reported, else what the token says, else what was requested, else the session's (RFC 6749 section 5.1, P14, R16). */
export function accessToken(response: TokenResponse, target: Target, sessionScope: readonly string[]): AccessToken {
  return {
    value: response.accessToken,
    tokenType: authorizationScheme(response.tokenType),
    target,
    scope: grantedScope(response, target.scope ?? sessionScope),
    obtainedAt: response.receivedAt,
    ...defined({
      expiresAt: response.expiresIn === undefined ? undefined : response.receivedAt + response.expiresIn * 1000,
      idToken: response.idToken,
      audience: response.tokenAudience,
    }),
  }
}

/** A token for an API does not repeat these; the server has granted them all the same. */
const identityScopes: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'address', 'phone', 'offline_access'])

function grantedScope({ scope, tokenScope }: TokenResponse, requested: readonly string[]): readonly string[] {
  if (scope !== undefined) return normalScope(scope)
  if (tokenScope === undefined) return requested
  return normalScope([...tokenScope, ...requested.filter((each) => identityScopes.has(each))])
}

/** A resource server has refused this access token: it is treated as expired. */
export function withRefused(record: SessionRecord, value: string, now: EpochMs): SessionRecord {
  const index = record.accessTokens.findIndex((token) => token.value.reveal() === value)
  const token = record.accessTokens[index]
  // If no other token can be had it is kept: the resource server may have refused the request for another reason.
  if (token === undefined || remaining(token, now) <= 0 || !isRenewable(record)) return record
  return { ...record, accessTokens: record.accessTokens.with(index, { ...token, expiresAt: now }) }
}

/** Bounds the size of a record. The first token (the login's) is always kept; beyond this number the oldest others are dropped. */
const maxTokens = 64

/** Replaces the token of the same target, and drops expired tokens of other targets. */
export function withToken(tokens: readonly AccessToken[], fresh: AccessToken, now: EpochMs): readonly AccessToken[] {
  const index = tokens.findIndex((token) => sameTarget(token.target, fresh.target))
  const replaced = index < 0 ? [...tokens, fresh] : tokens.with(index, fresh)
  const kept = replaced.filter((token, at) => at === 0 || token === fresh || remaining(token, now) > 0)
  return kept.length <= maxTokens ? kept : kept.toSpliced(1, kept.length - maxTokens)
}
