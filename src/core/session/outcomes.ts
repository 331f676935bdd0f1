// How a refresh ends that brought no token: written down where the decision must outlive the agent, then answered.

import { loginRequired } from './tokens.ts'
import type { Outcome, LoginReason, Refreshing, SessionRecord, Trouble } from './session.ts'
import type { Effect, Step } from './steps.ts'

/** What stays from step to step. */
export const carriedOver = ({ target, startedAt, attempts, replayGrace }: Refreshing) =>
  ({ kind: 'refreshing', target, startedAt, attempts, replayGrace }) as const

export const loginNeeded = (record: SessionRecord, reason: LoginReason): Outcome => ({
  kind: 'login_required',
  reason,
  failure: loginRequired(record.profile, reason),
})

export const troubled = (trouble: Trouble): Outcome => ({ kind: 'troubled', trouble, failure: trouble.failure })

/** Writes down that nothing is in mayBeSpent any more (and what the decision was), then concludes. */
export function recordOutcome(session: Refreshing, ending: Outcome): Step {
  const { record } = session
  if (record.intent === undefined && ending.kind !== 'login_required') return conclude(session, record, ending)
  const { intent: _answered, ...kept } = record
  const next: SessionRecord = {
    ...kept,
    generation: record.generation + 1,
    ...(ending.kind === 'login_required' ? { loginRequired: ending.reason } : {}),
  }
  return {
    session: { ...carriedOver(session), step: 'conclude', record, next, ending },
    effects: [{ type: 'save', record: next }],
  }
}

export function conclude({ target }: Refreshing, record: SessionRecord, ending: Outcome): Step {
  const effects: Effect[] = [{ type: 'release_lock' }, { type: 'answer', target, outcome: ending.failure }]
  switch (ending.kind) {
    case 'active':
      return { session: { kind: 'active', record }, effects }
    case 'troubled': {
      const { trouble } = ending
      effects.push({ type: 'notify', notice: { type: 'refresh_failed', failure: trouble.failure, retryAt: trouble.retryAt } })
      return { session: { kind: 'troubled', record, trouble }, effects }
    }
    case 'login_required': {
      effects.push({ type: 'notify', notice: { type: 'login_required', reason: ending.reason } })
      return { session: { kind: 'login_required', record, reason: ending.reason }, effects }
    }
  }
}
