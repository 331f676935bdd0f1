// How a refresh without tokens ends: recorded if the decision must outlive the agent, then answered and published.

import { defined } from '../util/defined.ts'
import type { LoginReason, Outcome, Refreshing, RetryPlan, SessionRecord } from './session.ts'
import type { Effect, Step } from './steps.ts'
import { loginRequired } from './tokens.ts'

/** The fields that stay the same from step to step. */
export const carriedOver = ({ target, startedAt, attempts, replayGrace }: Refreshing) =>
  ({ kind: 'refreshing', target, startedAt, attempts, replayGrace }) as const

export const loginNeeded = (record: SessionRecord, reason: LoginReason): Outcome => ({
  kind: 'login_required',
  reason,
  failure: loginRequired(record.profile, reason),
})

export const backingOff = (plan: RetryPlan): Outcome => ({ kind: 'backing_off', plan, failure: plan.failure })

/** Removes the intent, since the refresh token was not spent, records what was decided, then concludes. */
export function recordOutcome(session: Refreshing, outcome: Outcome): Step {
  const { record } = session
  if (record.intent === undefined && outcome.kind !== 'login_required') return conclude(session, record, outcome)
  const { intent: _answered, ...kept } = record
  const next: SessionRecord = {
    ...kept,
    generation: record.generation + 1,
    ...defined({ loginRequired: outcome.kind === 'login_required' ? outcome.reason : undefined }),
  }
  return {
    session: { ...carriedOver(session), step: 'conclude', record, next, outcome },
    effects: [{ type: 'save', record: next }],
  }
}

export function conclude({ target }: Refreshing, record: SessionRecord, outcome: Outcome): Step {
  const effects: Effect[] = [{ type: 'release_lock' }, { type: 'answer', target, outcome: outcome.failure }]
  switch (outcome.kind) {
    case 'active':
      return { session: { kind: 'active', record }, effects }
    case 'backing_off': {
      const { plan } = outcome
      effects.push({ type: 'notify', notice: { type: 'refresh_failed', failure: plan.failure, retryAt: plan.retryAt } })
      return { session: { kind: 'backing_off', record, plan }, effects }
    }
    case 'login_required': {
      effects.push({ type: 'notify', notice: { type: 'login_required', reason: outcome.reason } })
      return { session: { kind: 'login_required', record, reason: outcome.reason }, effects }
    }
  }
}
