// Which token answers which request: the one place that decides whether a caller is served, waits or is refused.

import { Failure } from '../failures.ts'
import { isAging, isFromTheFuture, isRenewable, remaining, requiredLife } from './schedule.ts'
import { authorizationScheme } from '../util/authorization-scheme.ts'
import { normalScope, sameScope, sameTarget } from './scope.ts'
import type { TokenResponse } from '../ports.ts'
import type { AccessToken, EpochMs, LiveSession, LoginReason, SessionRecord, Target } from './session.ts'

export type Decision =
  | { readonly kind: 'serve'; readonly token: AccessToken; readonly refreshAhead: boolean }
  /** A refresh has to be made, and none is under way. */
  | { readonly kind: 'refresh' }
  /** One is under way. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'fail'; readonly failure: Failure }

/** P13: a token answers for the resource it was asked for, and for the scope that was asked for or granted. */
const answers = (token: AccessToken, target: Target): boolean =>
  token.target.resource === target.resource &&
  token.target.audience === target.audience &&
  (sameScope(token.target.scope, target.scope) || (target.scope !== undefined && sameScope(token.scope, target.scope)))

export const findToken = (record: SessionRecord, target: Target): AccessToken | undefined =>
  record.accessTokens.find((token) => answers(token, target))

/** Of one login: then the generation says which is newer. After a logout it starts anew. */
const isSameLogin = (a: SessionRecord, b: SessionRecord): boolean => a.loggedInAt === b.loggedInAt && a.issuer === b.issuer

/** What counts under the lock: the store's word (another agent may have refreshed, or logged in), unless it has fallen behind (R10). */
export const latest = (held: SessionRecord, stored: SessionRecord): SessionRecord =>
  isSameLogin(held, stored) && stored.generation <= held.generation ? held : stored

export const loginRequired = (profile: string, reason: LoginReason): Failure =>
  new Failure('login_required', `profile '${profile}' needs a login: ${reason.text}`, { profile })

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
  const left = token === undefined ? 0 : remaining(token, now)
  // Of a token from the future nobody knows what is left.
  const isSure = token !== undefined && !isFromTheFuture(token.obtainedAt, now)
  if (isSure && left > 0 && left >= requiredLife(token, minTtl)) {
    return { kind: 'serve', token, refreshAhead: session.kind === 'active' && isRenewable(record) && isAging(token, now) }
  }
  // A token with less life than was asked for is better than none when no other can be had now (R7).
  const orLess = (otherwise: Failure): Decision =>
    token !== undefined && left > 0 ? { kind: 'serve', token, refreshAhead: false } : fail(otherwise)
  switch (session.kind) {
    case 'active':
      if (isRenewable(record)) return { kind: 'refresh' }
      return orLess(loginRequired(profile, withoutRefreshToken(now)))
    case 'troubled': {
      const { trouble } = session
      const mayReplay = trouble.replayUntil !== undefined && now < trouble.replayUntil
      if (trouble.ambiguous && !mayReplay && isSure && left > 0) return orLess(trouble.failure)
      if (now >= trouble.notBefore || isFromTheFuture(trouble.at, now)) return { kind: 'refresh' }
      return orLess(retryLater(trouble.failure, trouble.notBefore, now).of(profile))
    }
    case 'refreshing':
      return { kind: 'wait' }
    case 'unsaved':
      return orLess(retryLater(session.failure, session.retryAt, now).of(profile))
    case 'login_required':
      return fail(loginRequired(profile, session.reason))
  }
}

const withoutRefreshToken = (now: EpochMs): LoginReason => ({
  code: 'no_refresh_token',
  text: 'the access token has expired and the server gave no refresh token',
  at: now,
})

export const retryLater = (failure: Failure, at: EpochMs, now: EpochMs): Failure =>
  new Failure(failure.code, failure.message, { ...failure.details, retryAfter: Math.max(1, Math.ceil((at - now) / 1000)) })

/** Asking for all that the session has is asking for no scope in particular: both share one token and one refresh. */
export function canonicalTarget(record: SessionRecord, target: Target): Target {
  if (target.scope === undefined) return target
  const { scope, ...rest } = target
  return scope === undefined || sameScope(scope, record.scope) ? rest : { ...rest, scope }
}

/** The scope granted: the server's word, else what was asked for, else what the session has (RFC 6749 section 5.1, P14). */
export function accessToken(response: TokenResponse, target: Target, sessionScope: readonly string[]): AccessToken {
  return {
    value: response.accessToken,
    tokenType: authorizationScheme(response.tokenType),
    target,
    scope: response.scope === undefined ? (target.scope ?? sessionScope) : normalScope(response.scope),
    obtainedAt: response.receivedAt,
    ...(response.expiresIn === undefined ? {} : { expiresAt: response.receivedAt + response.expiresIn * 1000 }),
    ...(response.idToken === undefined ? {} : { idToken: response.idToken }),
  }
}

/** A resource server has refused this access token: it has expired, whatever its server said, and is served no more. */
export function withRefused(record: SessionRecord, value: string, now: EpochMs): SessionRecord {
  const index = record.accessTokens.findIndex((token) => token.value.reveal() === value)
  const token = record.accessTokens[index]
  // Without a way to another one it is better than none: a server may have refused something else about the request.
  if (token === undefined || remaining(token, now) <= 0 || !isRenewable(record)) return record
  return { ...record, accessTokens: record.accessTokens.with(index, { ...token, expiresAt: now }) }
}

/** A record does not grow without end: tokens for more targets than this push out the oldest but the first. */
const maxTokens = 64

/** Puts a token in the place of the one it replaces, and drops the others that have expired. */
export function withToken(tokens: readonly AccessToken[], fresh: AccessToken, now: EpochMs): readonly AccessToken[] {
  const index = tokens.findIndex((token) => sameTarget(token.target, fresh.target))
  const replaced = index < 0 ? [...tokens, fresh] : tokens.with(index, fresh)
  const kept = replaced.filter((token, at) => at === 0 || token === fresh || remaining(token, now) > 0)
  return kept.length <= maxTokens ? kept : kept.toSpliced(1, kept.length - maxTokens)
}
