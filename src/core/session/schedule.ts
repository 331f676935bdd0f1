// When a token is refreshed, a retry is due and a timer is set. Pure functions of the record and the wall clock.

import { renewedBy } from '../grant.ts'
import { stableFraction } from '../util/stable-jitter.ts'
import type { AccessToken, EpochMs, LiveSession, SessionRecord } from './session.ts'

const second = 1000
const minute = 60 * second

/** Tokens with a shorter lifetime are refreshed on demand only: refreshing ahead would send requests without a pause. */
const minScheduledLifetime = 10 * second
/** If the server does not say how long a token lives, it is served until it is replaced, and replaced after this time. */
const assumedLifetime = 60 * minute

/** A refresh token with a shorter life is not kept alive. */
const minKeptAlive = 30 * second
const maxKeepAliveLead = 24 * 60 * minute

const clamp = (low: number, value: number, high: number): number => Math.min(Math.max(low, value), high)

const lifetime = (token: AccessToken): number => (token.expiresAt ?? token.obtainedAt + assumedLifetime) - token.obtainedAt

/** How long before its expiry a token is replaced: a tenth of its lifetime, at least two seconds, at most five minutes. */
const lead = (token: AccessToken): number => clamp(2 * second, lifetime(token) / 10, 5 * minute)

/** Milliseconds left; Infinity if the server does not say. */
export const remaining = (token: AccessToken, now: EpochMs): number => (token.expiresAt ?? Infinity) - now

/** A token is not served in its last two seconds: servers count whole seconds, and the request takes time (R24). */
const maxExpiryMarginMs = 2 * second

/** When a token is no longer served; undefined if the server does not say when it expires. */
export const servableUntil = (token: AccessToken): EpochMs | undefined =>
  token.expiresAt === undefined ? undefined : token.expiresAt - Math.min(maxExpiryMarginMs, lifetime(token) / 2)

export const isServable = (token: AccessToken, now: EpochMs): boolean => now < (servableUntil(token) ?? Infinity)

/** Clock steps up to this size are ignored. */
const clockSlackMs = 10 * second

/** The clock was set back since `at`: a plan made then is not valid now (R8). */
export const isFromTheFuture = (at: EpochMs, now: EpochMs): boolean => now < at - clockSlackMs

/** Late enough in a token's lifetime that serving it also starts its replacement. */
export const isAging = (token: AccessToken, now: EpochMs): boolean =>
  now >= (token.expiresAt ?? token.obtainedAt + assumedLifetime) - lead(token)

/**
 * How many ms of remaining lifetime a caller may require. At most nine tenths of the token's lifetime: a fresh token cannot have
 * more, and each further refresh would be wasted. Default: 30 seconds, or a tenth of the lifetime if that is less.
 */
export const requiredLifeMs = (token: AccessToken, minTtl: number | undefined): number =>
  minTtl === undefined ? Math.min(30 * second, lifetime(token) / 10) : Math.min(minTtl, lifetime(token) * 0.9)

/** The token of the login, kept first: the one refreshed ahead and shown in the status. */
export const primaryToken = (record: SessionRecord): AccessToken | undefined => record.accessTokens[0]

export const isRenewable = (record: SessionRecord): boolean =>
  renewedBy(record.grant) === 'grant' || record.refreshToken !== undefined

/** When a session's token is replaced ahead of its expiry (R7); jitter spreads many sessions over time. */
export function refreshDueAt(record: SessionRecord): EpochMs | undefined {
  const token = primaryToken(record)
  if (token === undefined || !isRenewable(record)) return undefined
  if (record.intent !== undefined) return servableUntil(token) // R4: the live token comes first.
  const jitter = 1 + stableFraction(`${record.profile}:${record.generation}`) / 2
  const dueAt = lifetime(token) < minScheduledLifetime ? Infinity : token.obtainedAt + lifetime(token) - lead(token) * jitter
  const earliest = Math.min(dueAt, keepAliveAt(record) ?? Infinity)
  return earliest === Infinity ? undefined : earliest
}

/**
 * When the refresh token is used so that the server's idle limit does not end the session: before the last tenth of its life,
 * at most a day before its end. Each refresh starts a new life; if the server's end is fixed, the tenths become short, and soon
 * no refresh is sent for them.
 */
function keepAliveAt({ refreshedAt, loggedInAt, refreshTokenExpiresAt, refreshToken }: SessionRecord): EpochMs | undefined {
  if (refreshToken === undefined || refreshTokenExpiresAt === undefined) return undefined
  const life = refreshTokenExpiresAt - (refreshedAt ?? loggedInAt)
  return life < minKeptAlive ? undefined : refreshTokenExpiresAt - Math.min(life / 10, maxKeepAliveLead)
}

/** ms: 1, 2, 4 ... seconds, at most five minutes, plus up to a quarter of jitter. `attempts` counts from one. */
export function backOff(attempts: number, seed: string): number {
  const base = Math.min(2 ** Math.min(attempts - 1, 20) * second, 5 * minute)
  return base * (1 + stableFraction(`${seed}:${attempts}`) / 4)
}

/** When a session next has work to do, whether or not a caller asks. */
export function wakeAt(session: LiveSession, refreshesAhead: boolean, now: EpochMs): EpochMs | undefined {
  const planned = (madeAt: EpochMs, at: EpochMs | undefined): EpochMs | undefined =>
    at !== undefined && isFromTheFuture(madeAt, now) ? now : at
  switch (session.kind) {
    case 'active':
      return planned(
        primaryToken(session.record)?.obtainedAt ?? now,
        refreshesAhead ? refreshDueAt(session.record) : keepAliveAt(session.record),
      )
    case 'backing_off':
      // A grace period must be used before it ends, also by a session that is refreshed on demand.
      return refreshesAhead || session.plan.replayUntil !== undefined
        ? planned(session.plan.failedAt, session.plan.retryAt)
        : undefined
    case 'unsaved':
      return session.saving ? undefined : planned(session.failedAt, session.retryAt)
    case 'login_required':
      return refreshesAhead ? planned(session.since, session.retryAt) : undefined
    case 'absent':
    case 'refreshing':
      return undefined
  }
}

/** A timer does not advance while the machine sleeps, so none is set for longer than this (R8). */
const maxTimerMs = 5 * minute

/** Milliseconds for a timer; undefined if nothing is due. */
export const nextWake = (earliest: EpochMs | undefined, now: EpochMs): number | undefined =>
  earliest === undefined ? undefined : clamp(0, earliest - now, maxTimerMs)
