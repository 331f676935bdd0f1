// From a stored record to a state: at the start of the agent, and whenever another agent's record replaces ours.

import { Failure } from '../failures.ts'
import { loginRequiredState } from './login-required.ts'
import { planAmbiguousRetry } from './retry-plan.ts'
import type { EpochMs, LiveSession, SessionRecord } from './session.ts'

/** The state that a stored record describes; an intent left behind means that its refresh token may have been spent. */
export function resume(record: SessionRecord, now: EpochMs, replayGrace: number): LiveSession {
  if (record.loginRequired !== undefined) return loginRequiredState(record, record.loginRequired, now)
  // After a refused target the refresh token may be spent, but that attempt was answered: callers are served as usual.
  if (record.intent === undefined || record.intent.targetRefused === true) return { kind: 'active', record }
  const failure = new Failure('server_timeout', 'the agent stopped during a refresh, and the answer was lost', {
    profile: record.profile,
  })
  return { kind: 'backing_off', record, plan: planAmbiguousRetry(record, failure, 0, now, replayGrace) }
}
