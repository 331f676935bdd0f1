import { describe, expect, test } from 'vitest'
import { Failure } from '../../../../src/core/failures.ts'
import { redact } from '../../../../src/core/redacted.ts'
import type { LiveSession, SessionRecord, Target } from '../../../../src/core/session/session.ts'
import type { Effect, Event } from '../../../../src/core/session/steps.ts'
import { resume } from '../../../../src/core/session/resume.ts'
import { transition } from '../../../../src/core/session/transitions.ts'
import { minute, primary, record, refusal, response, start, token } from './fixtures.ts'

const later = start + 61 * minute
const stale = record({ accessTokens: [token({ expiresAt: start + minute })] })

/** Feeds events one after the other; gives the last state and all effects, by step. */
function play(session: LiveSession, events: readonly Event[], now = later): { session: LiveSession; effects: Effect[][] } {
  const effects: Effect[][] = []
  let state = session
  for (const event of events) {
    const step = transition(state, event, now)
    state = step.session
    effects.push([...step.effects])
  }
  return { session: state, effects }
}

const active = (kept: SessionRecord = stale): LiveSession => ({ kind: 'active', record: kept })
const request: Event = { type: 'refresh', replayGrace: 0, target: primary }
const lockedIn = (stored: SessionRecord | undefined = stale): Event => ({ type: 'lock_acquired', stored, digest: 'digest-1' })
const saved: Event = { type: 'saved' }
const noDisk = new Failure('storage_failed', 'the disk is full')
const toPost = [request, lockedIn(), saved]
const types = (effects: readonly Effect[]): string[] => effects.map(({ type }) => type)

function answered(effects: readonly Effect[]): string {
  const effect = effects.find((each) => each.type === 'answer')
  if (effect?.type !== 'answer') return 'nobody'
  return effect.outcome instanceof Failure ? effect.outcome.code : effect.outcome.value.reveal()
}

describe('a refresh that goes well', () => {
  test('R2 R3 takes the lock, journals, posts, stores and only then answers', () => {
    const { session, effects } = play(active(), [...toPost, { type: 'tokens', response: response(later) }, saved])
    expect(effects.map(types)).toEqual([['acquire_lock'], ['save'], ['post'], ['save'], ['answer', 'release_lock', 'notify']])
    expect(session).toMatchObject({ kind: 'active', record: { generation: 9 } })
    expect(answered(effects[4] ?? [])).toBe('access-2')
  })

  test('R3 the intent holds digest and time, a generation of its own, and the token that it is about', () => {
    const { effects } = play(active(), [request, lockedIn()])
    const effect = effects[1]?.[0]
    expect(effect).toMatchObject({ type: 'save', record: { generation: 8, intent: { digest: 'digest-1', at: later } } })
    expect(effect?.type === 'save' && effect.record.refreshToken?.reveal()).toBe('refresh-1')
  })

  test('the stored record has no intent and the new tokens', () => {
    const { session } = play(active(), [...toPost, { type: 'tokens', response: response(later) }, saved])
    if (session.kind !== 'active') throw new Error(session.kind)
    expect(session.record.intent).toBeUndefined()
    expect(session.record.refreshToken?.reveal()).toBe('refresh-2')
    expect(session.record.accessTokens.map(({ value }) => value.reveal())).toEqual(['access-2'])
  })

  test('R6 an answer without a refresh token keeps the old one', () => {
    const { accessToken, tokenType, receivedAt } = response(later)
    const { session } = play(active(), [...toPost, { type: 'tokens', response: { accessToken, tokenType, receivedAt } }, saved])
    expect(session.kind === 'active' && session.record.refreshToken?.reveal()).toBe('refresh-1')
  })

  test('client credentials have no refresh token to journal', () => {
    const { refreshToken: _none, ...kept } = record({ grant: 'client_credentials' })
    const { effects } = play(active(kept), [request, { type: 'lock_acquired', stored: kept, digest: undefined }])
    expect(effects.map(types)).toEqual([['acquire_lock'], ['post']])
  })

  test('P14 the scope recorded is the one granted', () => {
    const { session } = play(active(), [...toPost, { type: 'tokens', response: response(later, { scope: ['read'] }) }, saved])
    expect(session.kind === 'active' && session.record.scope).toEqual(['read'])
    expect(session.kind === 'active' && session.record.accessTokens[0]?.scope).toEqual(['read'])
  })

  test('P13 a token for another resource stands beside the first and does not change the scope of the session', () => {
    const target: Target = { resource: 'https://api.example', scope: ['read'] }
    const answer: Event = { type: 'tokens', response: response(later, { scope: ['read'] }) }
    const { session } = play(
      active(record()),
      [{ type: 'refresh', replayGrace: 0, target }, lockedIn(record()), saved, answer, saved],
      start + minute,
    )
    if (session.kind !== 'active') throw new Error(session.kind)
    expect(session.record.scope).toEqual(['read', 'write'])
    expect(session.record.accessTokens.map((each) => [each.value.reveal(), each.target.resource])).toEqual([
      ['access-1', undefined],
      ['access-2', 'https://api.example'],
    ])
  })
})

describe('R1 one in flight', () => {
  test.each(['lock', 'journal', 'post', 'store'])('a second request at step %s changes nothing', (step) => {
    const upTo = { lock: 1, journal: 2, post: 3, store: 4 }[step] ?? 0
    const { session } = play(active(), [...toPost, { type: 'tokens', response: response(later) } as const].slice(0, upTo))
    expect(session).toMatchObject({ kind: 'refreshing', step })
    expect(transition(session, request, later)).toEqual({ session, effects: [] })
  })

  test('an event that the step does not wait for is dropped', () => {
    const { session } = play(active(), toPost)
    for (const event of [
      saved,
      lockedIn(),
      { type: 'wake' },
      { type: 'checked', stored: undefined, digest: undefined },
    ] as const) {
      expect(transition(session, event, later)).toEqual({ session, effects: [] })
    }
  })
})

describe('R9 another agent over the same home', () => {
  const theirs = record({
    generation: 9,
    refreshToken: redact('refresh-theirs'),
    accessTokens: [token({ value: redact('access-theirs'), obtainedAt: later - 1000, expiresAt: later + 59 * minute })],
  })

  test('R9 has refreshed: its token is taken and nothing is sent', () => {
    const { session, effects } = play(active(), [request, lockedIn(theirs)])
    expect(session).toMatchObject({ kind: 'active', record: { generation: 9 } })
    expect(types(effects[1] ?? [])).toEqual(['release_lock', 'answer'])
    expect(answered(effects[1] ?? [])).toBe('access-theirs')
  })

  test('R9 has refreshed long ago: its refresh token is the one sent', () => {
    const older = record({ generation: 9, refreshToken: redact('refresh-theirs'), accessTokens: stale.accessTokens })
    const { effects } = play(active(), [request, lockedIn(older), saved])
    const post = effects[2]?.[0]
    expect(post?.type === 'post' && post.record.refreshToken?.reveal()).toBe('refresh-theirs')
    expect(post?.type === 'post' && post.record.generation).toBe(10)
  })

  test('R9 has logged out: there is no session any more', () => {
    const { session, effects } = play(active(), [request, { type: 'lock_acquired', stored: undefined, digest: undefined }])
    expect(session.kind).toBe('absent')
    expect(answered(effects[1] ?? [])).toBe('login_required')
  })

  test('R5 invalid_grant while the generation moved on: the newer token is used', () => {
    const { session, effects } = play(active(), [
      ...toPost,
      { type: 'refused', refusal: refusal('invalid_grant') },
      { type: 'checked', stored: theirs, digest: 'theirs' },
    ])
    expect(types(effects[3] ?? [])).toEqual(['read'])
    expect(answered(effects[4] ?? [])).toBe('access-theirs')
    expect(session.kind).toBe('active')
  })
})

describe('a refresh that fails', () => {
  const after = (...more: readonly Event[]) => play(active(), [...toPost, ...more])
  const journaled = record({ generation: 8, intent: { digest: 'digest-1', at: later }, accessTokens: stale.accessTokens })

  test('R5 invalid_grant: login_required with the reason, written down, nothing deleted', () => {
    const { session, effects } = after(
      { type: 'refused', refusal: refusal('invalid_grant') },
      { type: 'checked', stored: journaled, digest: 'digest-1' },
      saved,
    )
    expect(session).toMatchObject({ kind: 'login_required', reason: { code: 'refused', text: 'told: invalid_grant' } })
    expect(session.kind === 'login_required' && session.record.refreshToken?.reveal()).toBe('refresh-1')
    expect(session.kind === 'login_required' && session.record.loginRequired?.code).toBe('refused')
    expect(answered(effects[5] ?? [])).toBe('login_required')
    expect(types(effects.flat())).not.toContain('remove')
  })

  test.each(['not_sent', 'busy', 'client_refused'] as const)('R7 %s is never "logged out": it is tried again later', (kind) => {
    const { session, effects } = after({ type: 'refused', refusal: refusal(kind) }, saved)
    expect(session).toMatchObject({ kind: 'backing_off', plan: { ambiguous: false, attempts: 1 } })
    expect(session.kind === 'backing_off' && session.record.intent).toBeUndefined()
    expect(answered(effects[4] ?? [])).toBe(refusal(kind).failure.code)
  })

  test('R7 Retry-After is obeyed, by the timer and by callers', () => {
    const { session } = after({ type: 'refused', refusal: refusal('busy', 120) }, saved)
    expect(session).toMatchObject({ plan: { notBefore: later + 120_000 } })
    expect(session.kind === 'backing_off' && session.plan.retryAt).toBeGreaterThanOrEqual(later + 120_000)
  })

  test('R7 the back-off grows from attempt to attempt', () => {
    let session: LiveSession = active()
    const pauses: number[] = []
    for (let attempt = 0; attempt < 12; attempt++) {
      const { record: kept } = session as { record: SessionRecord }
      session = play(session, [request, lockedIn(kept), saved, { type: 'refused', refusal: refusal('not_sent') }, saved]).session
      if (session.kind !== 'backing_off') throw new Error(session.kind)
      pauses.push(session.plan.retryAt - later)
    }
    expect(pauses[0]).toBeLessThan(2000)
    expect(pauses[5]).toBeGreaterThan((pauses[2] ?? 0) * 4)
    expect(Math.max(...pauses)).toBeLessThan(10 * minute)
  })

  test('R4 no answer: the intent stays, and the session is in mayBeSpent', () => {
    const { session } = after({ type: 'refused', refusal: refusal('no_answer') })
    expect(session).toMatchObject({ kind: 'backing_off', plan: { ambiguous: true }, record: { intent: { digest: 'digest-1' } } })
  })

  test('R4 in mayBeSpent with a live token: not tried again before that one has expired', () => {
    const live = record({ accessTokens: [token({ expiresAt: later + 30 * minute })] })
    const { session } = play(active(live), [request, lockedIn(live), saved, { type: 'refused', refusal: refusal('no_answer') }])
    expect(session).toMatchObject({ plan: { retryAt: later + 30 * minute - 2_000, notBefore: later + 30 * minute - 2_000 } })
  })

  test('R4 refused after a mayBeSpent: the reason says so', () => {
    const { session: doubtful } = after({ type: 'refused', refusal: refusal('no_answer') })
    const { session } = play(doubtful, [
      request,
      lockedIn(journaled),
      saved,
      { type: 'refused', refusal: refusal('invalid_grant') },
      { type: 'checked', stored: journaled, digest: 'digest-1' },
      saved,
    ])
    expect(session).toMatchObject({ kind: 'login_required', reason: { code: 'refused_after_ambiguous' } })
  })

  test('R4 the mayBeSpent survives an attempt that was not sent', () => {
    const { session: doubtful } = after({ type: 'refused', refusal: refusal('no_answer') })
    const { session } = play(doubtful, [request, lockedIn(journaled), saved, { type: 'refused', refusal: refusal('not_sent') }])
    expect(session).toMatchObject({ kind: 'backing_off', plan: { ambiguous: true, attempts: 2 } })
  })

  test('R11 a disk that cannot take the intent: nothing is sent', () => {
    const { session, effects } = play(active(), [request, lockedIn(), { type: 'save_failed', failure: noDisk }])
    expect(types(effects.flat())).not.toContain('post')
    expect(answered(effects[2] ?? [])).toBe('storage_failed')
    expect(session).toMatchObject({ kind: 'backing_off', record: { generation: 7 } })
  })

  test('R2 a disk that cannot take the result: nobody sees the new token, and it is written again', () => {
    const { session, effects } = after({ type: 'tokens', response: response(later) }, { type: 'save_failed', failure: noDisk })
    expect(session).toMatchObject({ kind: 'unsaved', record: { generation: 8 }, next: { generation: 9 } })
    expect(answered(effects[4] ?? [])).toBe('storage_failed')
    expect(types(effects.flat())).not.toContain('release_lock')
    const again = play(session, [{ type: 'wake' }, saved])
    expect(again.effects.map(types)).toEqual([['save'], ['answer', 'release_lock', 'notify']])
    expect(again.session).toMatchObject({ kind: 'active', record: { generation: 9 } })
  })

  test('a refusal of one resource leaves the session as it was', () => {
    const target: Target = { resource: 'https://other.example' }
    const { session, effects } = play(active(), [
      { type: 'refresh', replayGrace: 0, target },
      lockedIn(),
      saved,
      { type: 'refused', refusal: refusal('refused') },
      saved,
    ])
    expect(session.kind).toBe('active')
    expect(answered(effects[4] ?? [])).toBe('server_refused')
  })

  test('P12 tokens for somebody else flag the session', () => {
    const { session } = after({ type: 'refused', refusal: refusal('identity_changed') }, saved)
    expect(session).toMatchObject({ kind: 'login_required', reason: { code: 'identity_changed' } })
  })
})

describe('a restart', () => {
  test('R3 an intent left behind: the token may have been spent', () => {
    const session = resume(record({ intent: { digest: 'digest-1', at: start } }), start + minute, 0)
    expect(session).toMatchObject({ kind: 'backing_off', plan: { ambiguous: true, notBefore: start + 60 * minute - 2_000 } })
  })

  test('R5 a refusal written down is not sent again', () => {
    const reason = { code: 'refused', text: 'no', at: start } as const
    const session = resume(record({ loginRequired: reason }), later, 0)
    expect(session).toMatchObject({ kind: 'login_required', reason })
    expect(transition(session, request, later).effects).toEqual([])
  })

  test('otherwise it is active', () => {
    expect(resume(record(), later, 0).kind).toBe('active')
  })
})
