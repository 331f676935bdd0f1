// The second half of a refresh: make the answer durable and only then serve it, or decide what a refusal means. Only
// transitions.ts calls it.

import { Failure } from '../failures.ts'
import type { TokenResponse } from '../ports.ts'
import { defined } from '../util/defined.ts'
import { backingOff, carriedOver, conclude, loginNeeded, recordAs, recordOutcome } from './outcomes.ts'
import { withoutRefusedTarget, withRefusedTarget } from './refused-targets.ts'
import { resume } from './resume.ts'
import { planAmbiguousRetry, planRetry } from './retry-plan.ts'
import { backOff, isServable, primaryToken } from './schedule.ts'
import { sameTarget } from './scope.ts'
import type { EarlierAttempt, EpochMs, LoginReason, Refreshing, SessionRecord, Target, Unsaved } from './session.ts'
import { isNarrower, scopeAfter } from './session-scope.ts'
import { locked, loggedOutMeanwhile } from './start-refresh.ts'
import { type Event, type Narrowed, stay, type Step, type StoreChecked } from './steps.ts'
import type { TokenRefusal } from './token-refusal.ts'
import { accessToken, findToken, latest, withToken } from './tokens.ts'

const maxSavePauseMs = 15_000

// ---- tokens

export function store(session: Refreshing, response: TokenResponse, now: EpochMs): Step {
  const { record, target } = session
  const token = accessToken(response, target, record.scope)
  const { profile, issuer, clientId, grant, loggedInAt, identity } = record
  const refreshToken = response.refreshToken ?? record.refreshToken // R6
  const next: SessionRecord = {
    profile,
    issuer,
    clientId,
    grant,
    loggedInAt,
    generation: record.generation + 1,
    refreshedAt: response.receivedAt,
    accessTokens: withToken(record.accessTokens, token, now),
    ...scopeAfter(record, target, response),
    ...defined({
      identity,
      refreshToken,
      refreshTokenExpiresAt: refreshTokenExpiry(record, response),
      refusedTargets: withoutRefusedTarget(record, target),
      rotates: refreshToken === undefined ? undefined : isRotated(record, response),
    }),
  }
  return { session: { ...carriedOver(session), step: 'store', record, next }, effects: [{ type: 'save', record: next }] }
}

const isRotated = (record: SessionRecord, { refreshToken }: TokenResponse): boolean =>
  refreshToken !== undefined && refreshToken.reveal() !== record.refreshToken?.reveal()

/** A new refresh token without a lifetime has no known end; one that was kept keeps its end. */
function refreshTokenExpiry(record: SessionRecord, response: TokenResponse): EpochMs | undefined {
  if (response.refreshTokenExpiresIn !== undefined) return response.receivedAt + response.refreshTokenExpiresIn * 1000
  return response.refreshToken === undefined ? record.refreshTokenExpiresAt : undefined
}

/** The record is durable: from now on the token may be served (R2). */
export function stored(record: SessionRecord, target: Target, before: SessionRecord): Step {
  const token = record.accessTokens.find((token) => sameTarget(token.target, target))
  const narrowed: Narrowed | undefined = isNarrower(record, before)
    ? { type: 'narrowed', record, from: before.scope, afterNarrowRequest: before.refreshTokenIsNarrow === true }
    : undefined
  return {
    session: { kind: 'active', record },
    effects: [
      ...(token === undefined ? [] : [{ type: 'answer', target, outcome: token } as const]),
      { type: 'release_lock' },
      { type: 'notify', notice: { type: 'refreshed', record } },
      ...(narrowed === undefined ? [] : [{ type: 'notify', notice: narrowed } as const]),
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
    const refreshing = { kind: 'refreshing', target, startedAt: now, attempts: 0, replayGrace: 0, forced: false } as const
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
  if (event.type === 'saved' && saving) return stored(next, target, session.record)
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
  const outcome = token !== undefined && isServable(token, now) ? token : failure.of(stored.profile)
  return {
    session: resume(stored, now, replayGrace),
    effects: [{ type: 'release_lock' }, { type: 'answer', target, outcome }],
  }
}

// ---- refusals

export function refused(session: Refreshing, earlier: EarlierAttempt, refusal: TokenRefusal, now: EpochMs): Step {
  const { record, replayGrace } = session
  const failure = refusal.failure.of(record.profile)
  const attempts = session.attempts + 1
  const retry = () => backingOff(planRetry(record, failure, attempts, now))
  const retryAmbiguous = () => backingOff(planAmbiguousRetry(record, failure, attempts, now, replayGrace))
  switch (refusal.kind) {
    case 'no_answer':
      return conclude(session, record, record.intent === undefined ? retry() : retryAmbiguous(), now)
    case 'not_sent':
    case 'busy':
    case 'no_verdict':
    case 'client_refused':
      // This answer says nothing about an earlier attempt.
      if (earlier === 'unanswered') return conclude(session, record, retryAmbiguous(), now)
      if (earlier === 'target_refused') return recordAs(session, afterRefusedTarget(record), retry())
      return recordOutcome(session, retry(), now)
    case 'refused':
      return isPrimary(record, session.target)
        ? refusedPrimary(session, failure, now)
        : refusedOther(session, earlier, failure, now)
    case 'interaction_required':
      if (!isPrimary(record, session.target)) return refusedOther(session, earlier, failure, now)
      return check(session, earlier, refusal)
    case 'invalid_grant':
    case 'may_pass':
      return check(session, earlier, refusal)
    case 'identity_changed':
      return recordOutcome(
        session,
        loginNeeded(record, { code: 'identity_changed', text: refusal.failure.message, at: now }),
        now,
      )
  }
}

const isPrimary = (record: SessionRecord, target: Target): boolean => {
  const primary = primaryToken(record)
  return primary !== undefined && primary === findToken(record, target)
}

/** A server that rotates may have used up the refresh token before it looked at the target (L1). */
const maySpend = ({ intent, rotates }: SessionRecord): boolean => intent !== undefined && rotates !== false

/** The session's own target: without it there is nothing to serve once the live token has expired. */
function refusedPrimary(session: Refreshing, failure: Failure, now: EpochMs): Step {
  const { record, replayGrace } = session
  const attempts = session.attempts + 1
  if (!maySpend(record)) return recordOutcome(session, backingOff(planRetry(record, failure, attempts, now)), now)
  return conclude(session, record, backingOff(planAmbiguousRetry(record, failure, attempts, now, replayGrace)), now)
}

/** R17: only requests for this target fail, and it is not requested again at once. */
function refusedOther(session: Refreshing, earlier: EarlierAttempt, failure: Failure, now: EpochMs): Step {
  const { record, target, replayGrace } = session
  const refusedTargets = withRefusedTarget(record, target, failure, now)
  const next = { ...(maySpend(record) ? afterRefusedTarget(record) : answered(record)), refusedTargets }
  if (earlier !== 'unanswered') return recordAs(session, next, { kind: 'active', failure })
  // An earlier attempt is still unanswered, and this one says nothing about it.
  const kept = { ...record, generation: next.generation, refusedTargets }
  const plan = planAmbiguousRetry(record, failure, session.attempts + 1, now, replayGrace)
  return recordAs(session, kept, backingOff(plan))
}

/** The intent stays, as one that was answered. */
function afterRefusedTarget(record: SessionRecord): SessionRecord {
  const { intent } = record
  const generation = record.generation + 1
  return intent === undefined ? { ...record, generation } : { ...record, generation, intent: { ...intent, targetRefused: true } }
}

function answered({ intent: _answered, ...record }: SessionRecord): SessionRecord {
  return { ...record, generation: record.generation + 1 }
}

const check = (session: Refreshing, earlier: EarlierAttempt, refusal: TokenRefusal): Step => ({
  session: { ...carriedOver(session), step: 'check', record: session.record, earlier, refusal },
  effects: [{ type: 'read' }],
})

/** R5: the refresh token was refused. If the store has a newer one, the refusal was about an older one. */
export function checked(session: Refreshing & { readonly step: 'check' }, { stored, digest }: StoreChecked, now: EpochMs): Step {
  const { record } = session
  if (stored === undefined) return loggedOutMeanwhile(session, now)
  if (latest(record, stored) !== record) return locked({ ...carriedOver(session), step: 'lock', record }, stored, digest, now)
  return recordOutcome(session, loginNeeded(record, refusalReason(session, now)), now)
}

function refusalReason({ record, refusal, earlier }: Refreshing & { readonly step: 'check' }, at: EpochMs): LoginReason {
  const { message } = refusal.failure
  const refusals = (record.loginRequired?.refusals ?? 0) + 1
  const reason = { at, refusals, ...defined({ mayPass: refusal.kind === 'may_pass' ? true : undefined }) }
  switch (earlier) {
    case 'none':
      return { code: 'refused', text: message, ...reason }
    case 'unanswered': {
      const text = `the answer to an earlier refresh was lost, and the server now refuses the refresh token (${message})`
      return { code: 'refused_after_ambiguous', text, ...reason }
    }
    case 'target_refused': {
      const text = `the server refused a token for another target, and now refuses the refresh token (${message})`
      return { code: 'refused_after_ambiguous', text, ...reason }
    }
  }
}
