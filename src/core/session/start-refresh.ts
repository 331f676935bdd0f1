// The first half of a refresh: take the lock, read the store under it, journal the intent, POST. Only transitions.ts (and
// finish-refresh.ts, when a newer record is found) calls it.

import type { Failure } from '../failures.ts'
import { renewedBy } from '../grant.ts'
import { carriedOver, conclude } from './outcomes.ts'
import { resume } from './resume.ts'
import { planAmbiguousRetry, planRetry, servedUntil } from './retry-plan.ts'
import { isFromTheFuture, isRenewable, remaining, requiredLifeMs } from './schedule.ts'
import type { AccessToken, EpochMs, Intent, LoginReason, Refreshing, RetryPlan, SessionRecord } from './session.ts'
import { type Effect, type RefreshRequested, stay, type Step } from './steps.ts'
import { findToken, latest, loginRequired, retryLater } from './tokens.ts'

export function begin(record: SessionRecord, { target, replayGrace }: RefreshRequested, attempts: number, now: EpochMs): Step {
  if (!isRenewable(record)) return stay({ kind: 'active', record })
  return {
    session: { kind: 'refreshing', step: 'lock', record, target, startedAt: now, attempts, replayGrace },
    effects: [{ type: 'acquire_lock' }],
  }
}

/** A plan for a grace period that is over, or made by another clock, is made anew: the live token comes first (R4). */
export function retry(record: SessionRecord, plan: RetryPlan, request: RefreshRequested, now: EpochMs): Step {
  const mayReplay = plan.replayUntil !== undefined && now < plan.replayUntil
  if (plan.ambiguous && !mayReplay && now < servedUntil(record, now)) {
    return stay({ kind: 'backing_off', record, plan: planAmbiguousRetry(record, plan.failure, plan.attempts, now, 0) })
  }
  return begin(record, request, plan.attempts, now)
}

/** Under the lock the stored record counts: another agent may have refreshed, logged in or logged out (R9). */
export function locked(session: Refreshing, stored: SessionRecord | undefined, digest: string | undefined, now: EpochMs): Step {
  if (stored === undefined) return loggedOutMeanwhile(session, now)
  const record = latest(session.record, stored)
  const settled = record === session.record ? undefined : adopt(session, record, now)
  return settled ?? deferAmbiguous(session, record, digest, now) ?? journal(session, record, digest, now)
}

/** Takes over another agent's newer record if it answers the request: its token is fresh, or it says that a login is needed. */
function adopt({ record, target, replayGrace }: Refreshing, newer: SessionRecord, now: EpochMs): Step | undefined {
  const resumed = resume(newer, now, replayGrace)
  const settle = (outcome: AccessToken | Failure): Step => ({
    session: resumed,
    effects: [{ type: 'release_lock' }, { type: 'answer', target, outcome }],
  })
  if (resumed.kind === 'login_required') return settle(loginRequired(newer.profile, resumed.reason))
  const token = findToken(newer, target)
  const isLive = token !== undefined && !isFromTheFuture(token.obtainedAt, now) && remaining(token, now) > 0
  if (!isLive || remaining(token, now) < requiredLifeMs(token, undefined)) return undefined
  const held = newer.loggedInAt === record.loggedInAt ? findToken(record, target) : undefined
  return token.obtainedAt > (held?.obtainedAt ?? -Infinity) ? settle(token) : undefined
}

/** An ambiguous refresh, of whichever agent, is not repeated while an access token lives (R4). */
function deferAmbiguous(session: Refreshing, record: SessionRecord, digest: string | undefined, now: EpochMs): Step | undefined {
  if (record.intent === undefined || record.intent.digest !== digest) return undefined
  const resumed = resume(record, now, session.replayGrace)
  if (resumed.kind !== 'backing_off' || now >= resumed.plan.notBefore) return undefined
  const { failure, notBefore } = resumed.plan
  const token = findToken(record, session.target)
  const outcome = token !== undefined && remaining(token, now) > 0 ? token : retryLater(failure, notBefore, now)
  return { session: resumed, effects: [{ type: 'release_lock' }, { type: 'answer', target: session.target, outcome }] }
}

export function loggedOutMeanwhile(session: Refreshing, now: EpochMs): Step {
  const reason: LoginReason = { code: 'logged_out', text: 'it was logged out', at: now }
  return {
    session: { kind: 'absent', reason },
    effects: [
      { type: 'release_lock' },
      { type: 'answer', target: session.target, outcome: loginRequired(session.record.profile, reason) },
    ],
  }
}

/**
 * A session that is renewed by its grant has no refresh token to spend. An intent that the record already has is written again with its time, since
 * a record that could be read is not necessarily durable.
 */
function journal(session: Refreshing, record: SessionRecord, digest: string | undefined, now: EpochMs): Step {
  if (!isRenewable(record)) return conclude(session, record, { kind: 'active', failure: noRefreshToken(record) })
  if (renewedBy(record.grant) === 'grant' || digest === undefined) return post(session, record, false)
  const intent = isKept(record.intent, digest, now) ? record.intent : { digest, at: now }
  const next: SessionRecord = { ...record, generation: record.generation + 1, intent }
  return { session: { ...carriedOver(session), step: 'journal', record, next }, effects: [{ type: 'save', record: next }] }
}

/** A time from before the clock was set back is replaced: the grace period would otherwise never begin. */
const isKept = (intent: Intent | undefined, digest: string, now: EpochMs): intent is Intent =>
  intent?.digest === digest && !isFromTheFuture(intent.at, now)

const noRefreshToken = (record: SessionRecord): Failure =>
  loginRequired(record.profile, { code: 'no_refresh_token', text: 'the session has no refresh token', at: record.loggedInAt })

export function post(session: Refreshing, record: SessionRecord, mayBeSpent: boolean): Step {
  return {
    session: { ...carriedOver(session), step: 'post', record, mayBeSpent },
    effects: [{ type: 'post', record, target: session.target }],
  }
}

/** Nothing was sent, because the lock could not be taken or the intent not be written (R11). */
export function notStarted(session: Refreshing, failure: Failure, effects: readonly Effect[], now: EpochMs): Step {
  const { record, target, attempts, replayGrace } = session
  const plan =
    resume(record, now, replayGrace).kind === 'backing_off'
      ? planAmbiguousRetry(record, failure, attempts + 1, now, replayGrace)
      : planRetry(record, failure, attempts + 1, now)
  return {
    session: { kind: 'backing_off', record, plan },
    effects: [
      ...effects,
      { type: 'answer', target, outcome: failure.of(record.profile) },
      { type: 'notify', notice: { type: 'refresh_failed', failure, retryAt: plan.retryAt } },
    ],
  }
}
