// The first half of a refresh: take the lock, read the store under it, journal the intent, POST. Only transitions.ts (and
// finish-refresh.ts, when a newer record is found) calls it.

import type { Failure } from '../failures.ts'
import { renewedBy } from '../grant.ts'
import { carriedOver, conclude } from './outcomes.ts'
import { isRetryDue, loginRequiredState } from './login-required.ts'
import { refusedTarget } from './refused-targets.ts'
import { resume } from './resume.ts'
import { planAmbiguousRetry, planRetry, servedUntil } from './retry-plan.ts'
import { isFromTheFuture, isRenewable, isServable, primaryToken, remaining, requiredLifeMs } from './schedule.ts'
import type {
  AccessToken,
  EarlierAttempt,
  EpochMs,
  Intent,
  LoginReason,
  LoginRequired,
  Refreshing,
  RetryPlan,
  SessionRecord,
} from './session.ts'
import { type Effect, type RefreshRequested, stay, type Step } from './steps.ts'
import { findToken, latest, loginRequired, retryLater } from './tokens.ts'

export function begin(
  record: SessionRecord,
  { target, replayGrace, forced = false }: RefreshRequested,
  attempts: number,
  now: EpochMs,
): Step {
  if (!isRenewable(record)) return stay({ kind: 'active', record })
  return {
    session: { kind: 'refreshing', step: 'lock', record, target, startedAt: now, attempts, replayGrace, forced },
    effects: [{ type: 'acquire_lock' }],
  }
}

/** A plan for a grace period that is over, or made by another clock, is made anew: the live token comes first (R4). */
export function retry(record: SessionRecord, plan: RetryPlan, request: RefreshRequested, now: EpochMs): Step {
  const mayReplay = plan.replayUntil !== undefined && now < plan.replayUntil
  if (plan.ambiguous && !mayReplay && request.forced !== true && now < servedUntil(record, now)) {
    return stay({ kind: 'backing_off', record, plan: planAmbiguousRetry(record, plan.failure, plan.attempts, now, 0) })
  }
  return begin(record, request, plan.attempts, now)
}

/** A refused refresh token is tried for the session's own target, whatever a caller asked for: that says most about it (R18). */
export function retryRefused(session: LoginRequired, request: RefreshRequested, now: EpochMs): Step {
  if (request.forced !== true && !isRetryDue(session, now)) return stay(session)
  if (!isRenewable(session.record)) return stay(session)
  return begin(session.record, { ...request, target: primaryToken(session.record)?.target ?? {} }, 0, now)
}

/** Under the lock the stored record counts: another agent may have refreshed, logged in or logged out (R9). */
export function locked(session: Refreshing, stored: SessionRecord | undefined, digest: string | undefined, now: EpochMs): Step {
  if (stored === undefined) return loggedOutMeanwhile(session, now)
  const record = latest(session.record, stored)
  const settled = record === session.record ? undefined : adopt(session, record, now)
  return (
    settled ??
    knownRefusal(session, record, now) ??
    deferAmbiguous(session, record, digest, now) ??
    journal(session, record, digest, now)
  )
}

/** Another agent was refused this target (R17). */
function knownRefusal({ target, forced, replayGrace }: Refreshing, record: SessionRecord, now: EpochMs): Step | undefined {
  const outcome = forced ? undefined : refusedTarget(record, target, now)
  if (outcome === undefined) return undefined
  return {
    session: resume(record, now, replayGrace),
    effects: [{ type: 'release_lock' }, { type: 'answer', target, outcome }],
  }
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
  if (token === undefined || isFromTheFuture(token.obtainedAt, now) || !isServable(token, now)) return undefined
  if (remaining(token, now) < requiredLifeMs(token, undefined)) return undefined
  const held = newer.loggedInAt === record.loggedInAt ? findToken(record, target) : undefined
  return token.obtainedAt > (held?.obtainedAt ?? -Infinity) ? settle(token) : undefined
}

/** What may have been spent, by whichever agent, is not sent again while an access token lives (R4). */
function deferAmbiguous(session: Refreshing, record: SessionRecord, digest: string | undefined, now: EpochMs): Step | undefined {
  if (session.forced || record.intent === undefined || record.intent.digest !== digest) return undefined
  const { target } = session
  const token = findToken(record, target)
  const live = token !== undefined && isServable(token, now) && !isFromTheFuture(token.obtainedAt, now) ? token : undefined
  const resumed = resume(record, now, session.replayGrace)
  const settle = (outcome: AccessToken | Failure): Step => ({
    session: resumed,
    effects: [{ type: 'release_lock' }, { type: 'answer', target, outcome }],
  })
  switch (resumed.kind) {
    case 'active':
      // After a refused target, other targets are requested as usual (R17).
      return live === undefined ? undefined : settle(live)
    case 'backing_off':
      if (now >= resumed.plan.notBefore) return undefined
      return settle(live ?? retryLater(resumed.plan.failure, resumed.plan.notBefore, now))
    default:
      return undefined
  }
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
 * A session that is renewed by its grant has no refresh token to spend. An intent that the record already has is written again
 * with its time, since a record that could be read is not necessarily durable.
 */
function journal(session: Refreshing, record: SessionRecord, digest: string | undefined, now: EpochMs): Step {
  if (!isRenewable(record)) return conclude(session, record, { kind: 'active', failure: noRefreshToken(record) }, now)
  if (renewedBy(record.grant) === 'grant' || digest === undefined) return post(session, record, 'none')
  const intent = isKept(record.intent, digest, now) ? record.intent : { digest, at: now }
  const next: SessionRecord = { ...record, generation: record.generation + 1, intent }
  return { session: { ...carriedOver(session), step: 'journal', record, next }, effects: [{ type: 'save', record: next }] }
}

/** A time from before the clock was set back is replaced: the grace period would otherwise never begin. */
const isKept = (intent: Intent | undefined, digest: string, now: EpochMs): intent is Intent =>
  intent?.digest === digest && intent.targetRefused !== true && !isFromTheFuture(intent.at, now)

const noRefreshToken = (record: SessionRecord): Failure =>
  loginRequired(record.profile, { code: 'no_refresh_token', text: 'the session has no refresh token', at: record.loggedInAt })

/** If the same refresh token was journalled before, that attempt may have spent it. */
export function earlierAttempt({ intent }: SessionRecord, next: SessionRecord): EarlierAttempt {
  if (intent === undefined || intent.digest !== next.intent?.digest) return 'none'
  return intent.targetRefused === true ? 'target_refused' : 'unanswered'
}

export function post(session: Refreshing, record: SessionRecord, earlier: EarlierAttempt): Step {
  return {
    session: { ...carriedOver(session), step: 'post', record, earlier },
    effects: [{ type: 'post', record, target: session.target }],
  }
}

/** Nothing was sent, because the lock could not be taken or the intent not be written (R11). */
export function notStarted(session: Refreshing, failure: Failure, effects: readonly Effect[], now: EpochMs): Step {
  const { record, target, attempts, replayGrace } = session
  const isAmbiguous = record.intent !== undefined && record.intent.targetRefused !== true
  const plan = isAmbiguous
    ? planAmbiguousRetry(record, failure, attempts + 1, now, replayGrace)
    : planRetry(record, failure, attempts + 1, now)
  const answer = { type: 'answer', target, outcome: failure.of(record.profile) } as const
  if (record.loginRequired !== undefined) {
    const state = loginRequiredState(record, record.loginRequired, now, plan.retryAt)
    return { session: state, effects: [...effects, answer] }
  }
  const notice = { type: 'refresh_failed', failure, retryAt: plan.retryAt } as const
  return { session: { kind: 'backing_off', record, plan }, effects: [...effects, answer, { type: 'notify', notice }] }
}
