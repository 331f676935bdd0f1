// How a refresh without tokens ends: recorded if the decision must outlive the agent, then answered and published.

import { defined } from '../util/defined.ts'
import { loginRequiredState } from './login-required.ts'
import type { EpochMs, LiveSession, LoginReason, Outcome, Refreshing, RetryPlan, SessionRecord } from './session.ts'
import type { Effect, Step } from './steps.ts'
import { loginRequired } from './tokens.ts'

/** The fields that stay the same from step to step. */
export const carriedOver = ({ target, startedAt, attempts, replayGrace, forced }: Refreshing) =>
  ({ kind: 'refreshing', target, startedAt, attempts, replayGrace, forced }) as const

export const loginNeeded = (record: SessionRecord, reason: LoginReason): Outcome => ({
  kind: 'login_required',
  reason,
  failure: loginRequired(record.profile, reason),
})

export const backingOff = (plan: RetryPlan): Outcome => ({ kind: 'backing_off', plan, failure: plan.failure })

/** Removes the intent, since the refresh token was not spent, records what was decided, then concludes. */
export function recordOutcome(session: Refreshing, outcome: Outcome, now: EpochMs): Step {
  const { record } = session
  if (record.intent === undefined && outcome.kind !== 'login_required') return conclude(session, record, outcome, now)
  const { intent: _answered, loginRequired: before, ...kept } = record
  const loginRequired = outcome.kind === 'login_required' ? outcome.reason : before
  return recordAs(session, { ...kept, generation: record.generation + 1, ...defined({ loginRequired }) }, outcome)
}

/** Makes `next` durable, then concludes. */
export const recordAs = (session: Refreshing, next: SessionRecord, outcome: Outcome): Step => ({
  session: { ...carriedOver(session), step: 'conclude', record: session.record, next, outcome },
  effects: [{ type: 'save', record: next }],
})

export function conclude(session: Refreshing, record: SessionRecord, outcome: Outcome, now: EpochMs): Step {
  const { target } = session
  const effects: Effect[] = [{ type: 'release_lock' }, { type: 'answer', target, outcome: outcome.failure }]
  // A retry of a refused refresh token was refused again, or came to nothing: that is not news.
  if (session.record.loginRequired === undefined) effects.push(...noticeOf(outcome))
  return { session: stateAfter(record, outcome, now), effects }
}

function noticeOf(outcome: Outcome): readonly Effect[] {
  switch (outcome.kind) {
    case 'active':
      return []
    case 'backing_off': {
      const { failure, retryAt } = outcome.plan
      return [{ type: 'notify', notice: { type: 'refresh_failed', failure, retryAt } }]
    }
    case 'login_required':
      return [{ type: 'notify', notice: { type: 'login_required', reason: outcome.reason } }]
  }
}

/** A session that needs a login still needs it after a retry without a verdict. */
function stateAfter(record: SessionRecord, outcome: Outcome, now: EpochMs): LiveSession {
  if (outcome.kind === 'login_required') return loginRequiredState(record, outcome.reason, now)
  const notBefore = outcome.kind === 'backing_off' ? outcome.plan.retryAt : now
  if (record.loginRequired !== undefined) return loginRequiredState(record, record.loginRequired, now, notBefore)
  return outcome.kind === 'active' ? { kind: 'active', record } : { kind: 'backing_off', record, plan: outcome.plan }
}
