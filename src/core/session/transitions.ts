// The refresh engine: `(session, event, now) -> session + effects`. The order that matters stands here and nowhere else:
// take the lock, journal the intent, POST, make the result durable, only then answer. The agent carries the effects out
// in the order given and feeds what comes of them back as events; an event that the session is not waiting for is dropped.

import { Failure } from '../failures.ts'
import { renewedBy } from '../grant.ts'
import type { TokenResponse } from '../ports.ts'
import type { TokenRefusal } from './token-refusal.ts'
import { backOff, isFromTheFuture, isRenewable, primaryToken, remaining, requiredLife } from './schedule.ts'
import { normalScope, sameTarget } from './scope.ts'
import type {
  AccessToken,
  EpochMs,
  Intent,
  LiveSession,
  LoginReason,
  Refreshing,
  SessionRecord,
  Target,
  Trouble,
  Unsaved,
} from './session.ts'
import { accessToken, findToken, latest, loginRequired, retryLater, withToken } from './tokens.ts'
import { carriedOver, conclude, loginNeeded, recordOutcome, troubled } from './outcomes.ts'
import type { Effect, Event, Step } from './steps.ts'
import { ambiguousTrouble, definiteTrouble, servedUntil } from './retry.ts'

const stay = (session: LiveSession): Step => ({ session, effects: [] })

export function transition(session: LiveSession, event: Event, now: EpochMs): Step {
  switch (session.kind) {
    case 'active':
      return event.type === 'refresh' ? begin(session.record, event, 0, now) : stay(session)
    case 'troubled':
      return event.type === 'refresh' ? retry(session.record, session.trouble, event, now) : stay(session)
    case 'refreshing':
      return refreshing(session, event, now)
    case 'unsaved':
      return unsaved(session, event, now)
    case 'absent':
    case 'login_required':
      return stay(session)
  }
}

/** The state that a stored record speaks of; an intent left behind means that its refresh token may have been spent. */
export function resume(record: SessionRecord, now: EpochMs, replayGrace: number): LiveSession {
  if (record.loginRequired !== undefined) return { kind: 'login_required', record, reason: record.loginRequired }
  if (record.intent === undefined) return { kind: 'active', record }
  const failure = new Failure('server_timeout', 'the agent stopped while a refresh was under way; its answer is not known', {
    profile: record.profile,
  })
  return { kind: 'troubled', record, trouble: ambiguousTrouble(record, failure, 0, now, replayGrace) }
}

type Wish = Extract<Event, { type: 'refresh' }>

/** What was planned for a grace period that is over, or by another clock, is planned anew: the live token comes first (R4). */
function retry(record: SessionRecord, trouble: Trouble, wish: Wish, now: EpochMs): Step {
  const mayReplay = trouble.replayUntil !== undefined && now < trouble.replayUntil
  if (trouble.ambiguous && !mayReplay && now < servedUntil(record, now)) {
    return stay({ kind: 'troubled', record, trouble: ambiguousTrouble(record, trouble.failure, trouble.attempts, now, 0) })
  }
  return begin(record, wish, trouble.attempts, now)
}

function begin(record: SessionRecord, { target, replayGrace }: Wish, attempts: number, now: EpochMs): Step {
  if (!isRenewable(record)) return stay({ kind: 'active', record })
  return {
    session: { kind: 'refreshing', step: 'lock', record, target, startedAt: now, attempts, replayGrace },
    effects: [{ type: 'acquire_lock' }],
  }
}

function refreshing(session: Refreshing, event: Event, now: EpochMs): Step {
  switch (session.step) {
    case 'lock':
      if (event.type === 'lock_acquired') return locked(session, event.stored, event.digest, now)
      if (event.type === 'lock_failed') return notStarted(session, event.failure, [], now)
      return stay(session)
    case 'journal':
      // The refresh token was written down before: that attempt may have spent it.
      if (event.type === 'saved')
        return post(session, session.next, session.record.intent?.digest === session.next.intent?.digest)
      if (event.type === 'save_failed') return notStarted(session, event.failure, [{ type: 'release_lock' }], now)
      return stay(session)
    case 'post':
      if (event.type === 'tokens') return store(session, event.response, now)
      if (event.type === 'refused') return refused(session, session.mayBeSpent, event.refusal, now)
      return stay(session)
    case 'check':
      return event.type === 'checked' ? checked(session, session, event, now) : stay(session)
    case 'store':
      if (event.type === 'saved') return stored(session.next, session.target)
      if (event.type === 'save_failed') return notSaved(session, session.next, session.target, event.failure, 1, now)
      return stay(session)
    case 'superseded':
      return event.type === 'checked' ? superseded(session, event.stored, now) : stay(session)
    case 'conclude':
      // Where the note cannot be written the ending holds all the same; the older record is the more careful one.
      if (event.type === 'saved') return conclude(session, session.next, session.ending)
      if (event.type === 'save_failed') return conclude(session, session.record, session.ending)
      return stay(session)
  }
}

// ---- before the POST

/** Under the lock the store has the last word: another agent may have refreshed, logged in or logged out (R9). */
function locked(session: Refreshing, stored: SessionRecord | undefined, digest: string | undefined, now: EpochMs): Step {
  if (stored === undefined) return loggedOutMeanwhile(session, now)
  const record = latest(session.record, stored)
  const settled = record === session.record ? undefined : adopt(session, record, now)
  return settled ?? leaveAlone(session, record, digest, now) ?? journal(session, record, digest, now)
}

/** Another agent's newer record, where it settles the matter. */
function adopt({ record, target, replayGrace }: Refreshing, newer: SessionRecord, now: EpochMs): Step | undefined {
  const resumed = resume(newer, now, replayGrace)
  const settle = (outcome: AccessToken | Failure): Step => ({
    session: resumed,
    effects: [{ type: 'release_lock' }, { type: 'answer', target, outcome }],
  })
  if (resumed.kind === 'login_required') return settle(loginRequired(newer.profile, resumed.reason))
  const token = findToken(newer, target)
  const isLive = token !== undefined && !isFromTheFuture(token.obtainedAt, now) && remaining(token, now) > 0
  if (!isLive || remaining(token, now) < requiredLife(token, undefined)) return undefined
  const held = newer.loggedInAt === record.loggedInAt ? findToken(record, target) : undefined
  return token.obtainedAt > (held?.obtainedAt ?? -Infinity) ? settle(token) : undefined
}

/** A refresh that is in mayBeSpent is not repeated while an access token lives, whoever has sent it (R4). */
function leaveAlone(session: Refreshing, record: SessionRecord, digest: string | undefined, now: EpochMs): Step | undefined {
  if (record.intent === undefined || record.intent.digest !== digest) return undefined
  const resumed = resume(record, now, session.replayGrace)
  if (resumed.kind !== 'troubled' || now >= resumed.trouble.notBefore) return undefined
  const { failure, notBefore } = resumed.trouble
  const token = findToken(record, session.target)
  const outcome = token !== undefined && remaining(token, now) > 0 ? token : retryLater(failure, notBefore, now)
  return { session: resumed, effects: [{ type: 'release_lock' }, { type: 'answer', target: session.target, outcome }] }
}

function loggedOutMeanwhile(session: Refreshing, now: EpochMs): Step {
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
 * Nothing is spent where there is no refresh token. An intent that is there already is written all the same, with its time:
 * that it could be read does not say that it is durable.
 */
function journal(session: Refreshing, record: SessionRecord, digest: string | undefined, now: EpochMs): Step {
  if (!isRenewable(record)) return conclude(session, record, { kind: 'active', failure: noRefreshToken(record) })
  if (renewedBy(record.grant) === 'grant' || digest === undefined) return post(session, record, false)
  const intent = isKept(record.intent, digest, now) ? record.intent : { digest, at: now }
  const next: SessionRecord = { ...record, generation: record.generation + 1, intent }
  return { session: { ...carriedOver(session), step: 'journal', record, next }, effects: [{ type: 'save', record: next }] }
}

/** What a clock said that was set back since dates nothing: the grace period would never begin, and the answer never be asked for. */
const isKept = (intent: Intent | undefined, digest: string, now: EpochMs): intent is Intent =>
  intent?.digest === digest && !isFromTheFuture(intent.at, now)

const noRefreshToken = (record: SessionRecord): Failure =>
  loginRequired(record.profile, { code: 'no_refresh_token', text: 'the session has no refresh token', at: record.loggedInAt })

function post(session: Refreshing, record: SessionRecord, mayBeSpent: boolean): Step {
  return {
    session: { ...carriedOver(session), step: 'post', record, mayBeSpent },
    effects: [{ type: 'post', record, target: session.target }],
  }
}

/** Nothing was sent: the lock or the disk stood in the way (R11). */
function notStarted(session: Refreshing, failure: Failure, effects: readonly Effect[], now: EpochMs): Step {
  const { record, target, attempts, replayGrace } = session
  const before = resume(record, now, replayGrace)
  const trouble =
    before.kind === 'troubled'
      ? ambiguousTrouble(record, failure, attempts + 1, now, replayGrace)
      : definiteTrouble(record, failure, attempts + 1, now)
  return {
    session: { kind: 'troubled', record, trouble },
    effects: [
      ...effects,
      { type: 'answer', target, outcome: failure.of(record.profile) },
      { type: 'notify', notice: { type: 'refresh_failed', failure, retryAt: trouble.retryAt } },
    ],
  }
}

// ---- after the POST

function store(session: Refreshing, response: TokenResponse, now: EpochMs): Step {
  const { record, target } = session
  const token = accessToken(response, target, record.scope)
  const { intent: _spent, refreshTokenExpiresAt: _former, ...kept } = record
  const refreshToken = response.refreshToken ?? record.refreshToken // R6
  const refreshTokenExpiresAt =
    response.refreshTokenExpiresIn === undefined
      ? response.refreshToken === undefined
        ? record.refreshTokenExpiresAt
        : undefined
      : response.receivedAt + response.refreshTokenExpiresIn * 1000
  const next: SessionRecord = {
    ...kept,
    generation: record.generation + 1,
    refreshedAt: response.receivedAt,
    scope: target.scope === undefined && response.scope !== undefined ? normalScope(response.scope) : record.scope,
    accessTokens: withToken(record.accessTokens, token, now),
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(refreshTokenExpiresAt === undefined ? {} : { refreshTokenExpiresAt }),
  }
  return { session: { ...carriedOver(session), step: 'store', record, next }, effects: [{ type: 'save', record: next }] }
}

/** Durable: now, and not before, may anybody see the token (R2). */
function stored(record: SessionRecord, target: Target): Step {
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

/** Another agent took the lock for a dead one's, and has written: its record is the newer one. */
function superseded(session: Refreshing, stored: SessionRecord | undefined, now: EpochMs): Step {
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

function notSaved(
  { record }: Refreshing | Unsaved,
  next: SessionRecord,
  target: Target,
  failure: Failure,
  attempts: number,
  now: EpochMs,
): Step {
  if (failure.code === 'record_superseded') {
    const since = { kind: 'refreshing', target, startedAt: now, attempts: 0, replayGrace: 0 } as const
    return { session: { ...since, step: 'superseded', record }, effects: [{ type: 'read' }] }
  }
  const retryAt = now + Math.min(backOff(attempts, record.profile), 15_000)
  return {
    session: { kind: 'unsaved', record, next, target, failure, attempts, failedAt: now, retryAt, saving: false },
    effects: [
      { type: 'answer', target, outcome: failure.of(record.profile) },
      ...(attempts === 1 ? [{ type: 'notify', notice: { type: 'refresh_failed', failure, retryAt } } as const] : []),
    ],
  }
}

function unsaved(session: Unsaved, event: Event, now: EpochMs): Step {
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

function refused(session: Refreshing, mayBeSpent: boolean, refusal: TokenRefusal, now: EpochMs): Step {
  const { record, replayGrace } = session
  const failure = refusal.failure.of(record.profile)
  const attempts = session.attempts + 1
  switch (refusal.kind) {
    case 'no_answer':
      return record.intent === undefined
        ? conclude(session, record, troubled(definiteTrouble(record, failure, attempts, now)))
        : conclude(session, record, troubled(ambiguousTrouble(record, failure, attempts, now, replayGrace)))
    case 'not_sent':
    case 'busy':
    case 'client_refused':
      // This answer says nothing about the attempt before.
      if (mayBeSpent) return conclude(session, record, troubled(ambiguousTrouble(record, failure, attempts, now, replayGrace)))
      return recordOutcome(session, troubled(definiteTrouble(record, failure, attempts, now)))
    case 'refused':
      // About this request. What the schedule asks for by itself is not asked for again at once.
      return isPrimary(record, session.target)
        ? recordOutcome(session, troubled(definiteTrouble(record, failure, attempts, now)))
        : recordOutcome(session, { kind: 'active', failure })
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

/** R5: the token was refused. If the store has moved on meanwhile, the refusal was about an older one. */
function checked(
  session: Refreshing,
  { mayBeSpent, refusal }: { readonly mayBeSpent: boolean; readonly refusal: TokenRefusal },
  { stored, digest }: Extract<Event, { type: 'checked' }>,
  now: EpochMs,
): Step {
  const { record } = session
  if (stored === undefined) return loggedOutMeanwhile(session, now)
  if (latest(record, stored) !== record) return locked({ ...carriedOver(session), step: 'lock', record }, stored, digest, now)
  const reason: LoginReason = mayBeSpent
    ? {
        code: 'refused_after_ambiguous',
        text: `an earlier refresh was sent and its answer lost; the server now refuses the refresh token (${refusal.failure.message})`,
        at: now,
      }
    : { code: 'refused', text: refusal.failure.message, at: now }
  return recordOutcome(session, loginNeeded(record, reason))
}
