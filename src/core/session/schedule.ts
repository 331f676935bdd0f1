// When things are due: tokens, retries, the next look at all sessions. Pure functions of the record and the wall clock.

import { renewedBy } from '../grant.ts'
import { stableFraction } from '../util/stable-jitter.ts'
import type { AccessToken, EpochMs, LiveSession, SessionRecord } from './session.ts'

const second = 1000
const minute = 60 * second

/** A server that gives tokens shorter than this is asked on demand only: refreshing ahead would never rest. */
const shortestScheduled = 10 * second
/** Where the server does not say how long a token lives. It is served until replaced, and replaced after this. */
const assumedLifetime = 60 * minute

const clamp = (low: number, value: number, high: number): number => Math.min(Math.max(low, value), high)

const lifetime = (token: AccessToken): number => (token.expiresAt ?? token.obtainedAt + assumedLifetime) - token.obtainedAt

/** How long before its expiry a token is replaced: a tenth of its life, at most five minutes. */
const lead = (token: AccessToken): number => clamp(2 * second, lifetime(token) / 10, 5 * minute)

/** Milliseconds left; Infinity where the server does not say. */
export const remaining = (token: AccessToken, now: EpochMs): number => (token.expiresAt ?? Infinity) - now

/** How far clocks may be moved without its mattering. */
const slack = 10 * second

/** The clock was set back: what was planned at `at` says nothing about now (R8). */
export const isFromTheFuture = (at: EpochMs, now: EpochMs): boolean => now < at - slack

/** Late enough in a token's life that a caller who takes it should also start its replacement. */
export const isAging = (token: AccessToken, now: EpochMs): boolean =>
  now >= (token.expiresAt ?? token.obtainedAt + assumedLifetime) - lead(token)

/**
 * How much life a caller may insist on. More than a fresh token has cannot be had, and asking again would only
 * spend refreshes: what a fresh token has, less a tenth, is the most. Without a wish: 30 seconds or a tenth.
 */
export const requiredLife = (token: AccessToken, minTtl: number | undefined): number =>
  minTtl === undefined ? Math.min(30 * second, lifetime(token) / 10) : Math.min(minTtl, lifetime(token) * 0.9)

/** The token of the login, kept first: the one refreshed ahead and shown in the status. */
export const primaryToken = (record: SessionRecord): AccessToken | undefined => record.accessTokens[0]

export const isRenewable = (record: SessionRecord): boolean =>
  renewedBy(record.grant) === 'grant' || record.refreshToken !== undefined

/** When a session's token is to be replaced ahead of its expiry (R7); jitter keeps many sessions apart. */
export function refreshDueAt(record: SessionRecord): EpochMs | undefined {
  const token = primaryToken(record)
  if (token === undefined || !isRenewable(record) || lifetime(token) < shortestScheduled) return undefined
  const jitter = 1 + stableFraction(`${record.profile}:${record.generation}`) / 2
  return token.obtainedAt + lifetime(token) - lead(token) * jitter
}

/** 1, 2, 4 ... seconds, at most five minutes, spread by up to a quarter. `attempts` counts from one. */
export function backOff(attempts: number, seed: string): number {
  const base = Math.min(2 ** Math.min(attempts - 1, 20) * second, 5 * minute)
  return base * (1 + stableFraction(`${seed}:${attempts}`) / 4)
}

/** When a session next needs looking at, whether or not anybody asks. */
export function wakeAt(session: LiveSession, refreshesAhead: boolean, now: EpochMs): EpochMs | undefined {
  const planned = (madeAt: EpochMs, at: EpochMs | undefined): EpochMs | undefined =>
    at !== undefined && isFromTheFuture(madeAt, now) ? now : at
  switch (session.kind) {
    case 'active':
      return refreshesAhead ? planned(primaryToken(session.record)?.obtainedAt ?? now, refreshDueAt(session.record)) : undefined
    case 'troubled':
      // A grace period is not waited out.
      return refreshesAhead || session.trouble.replayUntil !== undefined
        ? planned(session.trouble.at, session.trouble.retryAt)
        : undefined
    case 'unsaved':
      return session.saving ? undefined : planned(session.failedAt, session.retryAt)
    case 'absent':
    case 'refreshing':
    case 'login_required':
      return undefined
  }
}

/** A timer does not tick while the machine sleeps, so none is set for longer than this (R8). */
const maxSleep = 5 * minute

/** Milliseconds for a timer; undefined where nothing is due at all. */
export const nextWake = (earliest: EpochMs | undefined, now: EpochMs): number | undefined =>
  earliest === undefined ? undefined : clamp(0, earliest - now, maxSleep)
