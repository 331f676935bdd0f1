// The second half of a refresh: make the answer durable and only then serve it, or decide what a refusal means. Only
// transitions.ts calls it.

import { Failure } from '../failures.ts'
import type { TokenResponse } from '../ports.ts'
import { defined } from '../util/defined.ts'
import { backingOff, carriedOver, conclude, loginNeeded, recordOutcome } from './outcomes.ts'
import { resume } from './resume.ts'
import { planAmbiguousRetry, planRetry } from './retry-plan.ts'
import { backOff, primaryToken, remaining } from './schedule.ts'
import { normalScope, sameTarget } from './scope.ts'
import type { EpochMs, LoginReason, Refreshing, SessionRecord, Target, Unsaved } from './session.ts'
import { locked, loggedOutMeanwhile } from './start-refresh.ts'
import { type Event, stay, type Step, type StoreChecked } from './steps.ts'
import type { TokenRefusal } from './token-refusal.ts'
import { accessToken, findToken, latest, withToken } from './tokens.ts'

const maxSavePauseMs = 15_000

// ---- tokens

export function store(session: Refreshing, response: TokenResponse, now: EpochMs): Step {
  const { record, target } = session
  const token = accessToken(response, target, record.scope)
  const { intent: _spent, refreshTokenExpiresAt: _former, ...kept } = record
  const refreshToken = response.refreshToken ?? record.refreshToken // R6
  const next: SessionRecord = {
    ...kept,
    generation: record.generation + 1,
    refreshedAt: response.receivedAt,
    scope: target.scope === undefined && response.scope !== undefined ? normalScope(response.scope) : record.scope,
    accessTokens: withToken(record.accessTokens, token, now),
    ...defined({ refreshToken, refreshTokenExpiresAt: refreshTokenExpiry(record, response) }),
  }
  return { session: { ...carriedOver(session), step: 'store', record, next }, effects: [{ type: 'save', record: next }] }
}

/** A new refresh token without a lifetime has no known end; one that was kept keeps its end. */
function refreshTokenExpiry(record: SessionRecord, response: TokenResponse): EpochMs | undefined {
  if (response.refreshTokenExpiresIn !== undefined) return response.receivedAt + response.refreshTokenExpiresIn * 1000
  return response.refreshToken === undefined ? record.refreshTokenExpiresAt : undefined
}

/** The record is durable: from now on the token may be served (R2). */
export function stored(record: SessionRecord, target: Target): Step {
  const token = record.accessTokens.find((token) => sameTarget(token.target, target))
  return {
    session: { kind: 'active', record },
    effects: [
      ...(token === undefined ? [] : [{ type: 'answer', target, outcome: token } as const]),
      { type: 'release_lock' },
      { type: 'notify', notice: { type: 'refreshed', record } },
    ],
  }
}

export function notSaved(
  { record }: Refreshing | Unsaved,
  next: SessionRecord,
  target: Target,
  failure: Failure,
  attempts: number,
  now: EpochMs,
): Step {
  if (failure.code === 'record_superseded') {
    const refreshing = { kind: 'refreshing', target, startedAt: now, attempts: 0, replayGrace: 0 } as const
    return { session: { ...refreshing, step: 'superseded', record }, effects: [{ type: 'read' }] }
  }
  const retryAt = now + Math.min(backOff(attempts, record.profile), maxSavePauseMs)
  return {
    session: { kind: 'unsaved', record, next, target, failure, attempts, failedAt: now, retryAt, saving: false },
    effects: [
      { type: 'answer', target, outcome: failure.of(record.profile) },
      ...(attempts === 1 ? [{ type: 'notify', notice: { type: 'refresh_failed', failure, retryAt } } as const] : []),
    ],
  }
}

export function unsaved(session: Unsaved, event: Event, now: EpochMs): Step {
  const { next, target, saving } = session
  if (event.type === 'wake' && !saving) {
    return { session: { ...session, saving: true }, effects: [{ type: 'save', record: next }] }
  }
  if (event.type === 'saved' && saving) return stored(next, target)
  if (event.type === 'save_failed' && saving) {
    return notSaved(session, next, target, event.failure, session.attempts + 1, now)
  }
  return stay(session)
}

/** The lock had expired, and another agent has written meanwhile: its record is the newer one. */
export function superseded(session: Refreshing, stored: SessionRecord | undefined, now: EpochMs): Step {
  if (stored === undefined) return loggedOutMeanwhile(session, now)
  const { target, replayGrace } = session
  const token = findToken(stored, target)
  const failure = new Failure('record_superseded', 'another agent has refreshed this session meanwhile')
  const outcome = token !== undefined && remaining(token, now) > 0 ? token : failure.of(stored.profile)
  return {
    session: resume(stored, now, replayGrace),
    effects: [{ type: 'release_lock' }, { type: 'answer', target, outcome }],
  }
}

// ---- refusals

export function refused(session: Refreshing, mayBeSpent: boolean, refusal: TokenRefusal, now: EpochMs): Step {
  const { record, replayGrace } = session
  const failure = refusal.failure.of(record.profile)
  const attempts = session.attempts + 1
  const retry = () => backingOff(planRetry(record, failure, attempts, now))
  const retryAmbiguous = () => backingOff(planAmbiguousRetry(record, failure, attempts, now, replayGrace))
  switch (refusal.kind) {
    case 'no_answer':
      return conclude(session, record, record.intent === undefined ? retry() : retryAmbiguous())
    case 'not_sent':
    case 'busy':
    case 'client_refused':
      // This answer says nothing about an earlier, ambiguous attempt.
      return mayBeSpent ? conclude(session, record, retryAmbiguous()) : recordOutcome(session, retry())
    case 'refused':
      // About this request only. The schedule would repeat it at once, so it backs off.
      return recordOutcome(session, isPrimary(record, session.target) ? retry() : { kind: 'active', failure })
    case 'invalid_grant':
      return { session: { ...carriedOver(session), step: 'check', record, mayBeSpent, refusal }, effects: [{ type: 'read' }] }
    case 'identity_changed':
      return recordOutcome(session, loginNeeded(record, { code: 'identity_changed', text: refusal.failure.message, at: now }))
  }
}

const isPrimary = (record: SessionRecord, target: Target): boolean => {
  const primary = primaryToken(record)
  return primary !== undefined && primary === findToken(record, target)
}

/** R5: the refresh token was refused. If the store has a newer one, the refusal was about an older one. */
export function checked(session: Refreshing & { readonly step: 'check' }, { stored, digest }: StoreChecked, now: EpochMs): Step {
  const { record, mayBeSpent, refusal } = session
  if (stored === undefined) return loggedOutMeanwhile(session, now)
  if (latest(record, stored) !== record) return locked({ ...carriedOver(session), step: 'lock', record }, stored, digest, now)
  return recordOutcome(session, loginNeeded(record, refusalReason(refusal, mayBeSpent, now)))
}

function refusalReason({ failure: { message } }: TokenRefusal, mayBeSpent: boolean, at: EpochMs): LoginReason {
  if (!mayBeSpent) return { code: 'refused', text: message, at }
  const text = `the answer to an earlier refresh was lost, and the server now refuses the refresh token (${message})`
  return { code: 'refused_after_ambiguous', text, at }
}
