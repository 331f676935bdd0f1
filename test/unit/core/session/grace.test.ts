// R4 with a server that is known to take a refresh token again for a while, and records that another agent has overtaken.

import { describe, expect, test } from 'vitest'
import { Failure } from '../../../../src/core/failures.ts'
import { wakeAt } from '../../../../src/core/session/schedule.ts'
import type { LiveSession, RetryPlan } from '../../../../src/core/session/session.ts'
import { decide } from '../../../../src/core/session/tokens.ts'
import type { Event } from '../../../../src/core/session/steps.ts'
import { resume } from '../../../../src/core/session/resume.ts'
import { transition } from '../../../../src/core/session/transitions.ts'
import { minute, record, refusal, response, start, token } from './fixtures.ts'

const second = 1000
const grace = 30 * second
/** The token of the record expires after an hour; in its last two seconds it is not served (R24). */
const servedUntil = start + 60 * minute - 2 * second
const doubtful = record({ intent: { digest: 'digest-1', at: start } })
const brief = record({ ...doubtful, accessTokens: [token({ expiresAt: start + minute })] })
const request: Event = { type: 'refresh', target: {}, replayGrace: grace }

const planOf = (session: LiveSession): RetryPlan => {
  if (session.kind !== 'backing_off') throw new Error(session.kind)
  return session.plan
}

describe('R4 a known grace period', () => {
  test('the refresh token is sent again at once, though the access token lives', () => {
    const session = resume(doubtful, start + second, grace)
    expect(planOf(session)).toMatchObject({ ambiguous: true, retryAt: start + second, replayUntil: start + 25 * second })
    expect(wakeAt(session, false, start + second)).toBe(start + second)
    expect(transition(session, request, start + second).effects).toEqual([{ type: 'acquire_lock' }])
    // A caller whom the live token serves does not wait for it.
    expect(decide(session, 'work', {}, undefined, start + second)).toMatchObject({ kind: 'serve' })
    expect(decide(resume(brief, start + second, grace), 'work', {}, minute, start + 10 * second)).toEqual({ kind: 'refresh' })
  })

  test('none is known: the live token comes first', () => {
    const session = resume(doubtful, start + second, 0)
    expect(planOf(session)).toMatchObject({ ambiguous: true, retryAt: servedUntil })
    expect(decide(resume(brief, start + second, 0), 'work', {}, minute, start + 10 * second)).toMatchObject({ kind: 'serve' })
    expect(wakeAt(session, false, start)).toBeUndefined()
  })

  test('it has ended: as if none were known', () => {
    expect(planOf(resume(doubtful, start + 25 * second, grace))).toMatchObject({ retryAt: servedUntil })
  })

  test('a replay that was planned, and woken after the end, is not sent while a token lives', () => {
    const planned = resume(doubtful, start + second, grace)
    const woken = transition(planned, request, start + 26 * second)
    expect(woken.effects).toEqual([])
    expect(planOf(woken.session)).toMatchObject({ retryAt: servedUntil })
    expect(planOf(woken.session).replayUntil).toBeUndefined()
    expect(transition(planned, request, start + 61 * minute).effects).toEqual([{ type: 'acquire_lock' }])
  })

  test('attempts within it become no rarer than it allows: the last is just before its end', () => {
    let session: LiveSession = resume(doubtful, start, grace)
    const posts: number[] = []
    for (let now = start; now < start + 2 * minute; now = Math.max(now + 1, planOf(session).retryAt)) {
      const begun = transition(session, request, now)
      if (begun.effects.length === 0) break
      posts.push(now - start)
      const journaled = transition(begun.session, { type: 'lock_acquired', stored: doubtful, digest: 'digest-1' }, now)
      const posted = transition(journaled.session, { type: 'saved' }, now)
      session = transition(posted.session, { type: 'refused', refusal: refusal('no_answer') }, now).session
    }
    expect(posts.length).toBeGreaterThan(3)
    expect(posts.at(-1)).toBeLessThan(25 * second)
    expect(posts.at(-1)).toBeGreaterThanOrEqual(25 * second - 1)
  })

  test('the clock was set back over the intent: it counts from the next time that the refresh token is sent', () => {
    const ahead = start + 60 * minute
    const stored = record({
      intent: { digest: 'digest-1', at: ahead },
      accessTokens: [token({ obtainedAt: ahead - minute, expiresAt: ahead + minute })],
    })
    const begun = transition(resume(stored, start, grace), request, start).session
    const journaled = transition(begun, { type: 'lock_acquired', stored, digest: 'digest-1' }, start)
    const posted = transition(journaled.session, { type: 'saved' }, start)
    expect(posted.effects.map(({ type }) => type)).toEqual(['post'])
    const { session } = transition(posted.session, { type: 'refused', refusal: refusal('no_answer') }, start)
    expect(planOf(session)).toMatchObject({ ambiguous: true, replayUntil: start + 25 * second })
    expect(wakeAt(session, false, start)).toBeLessThan(start + 5 * second)
  })
})

describe('R9 the lock was lost while the answer was awaited', () => {
  const stored = record({ generation: 20, accessTokens: [token({ obtainedAt: start + minute })] })
  const superseded: Event = { type: 'save_failed', failure: new Failure('record_superseded', 'generation 20') }
  const posting = (): LiveSession => {
    const begun = transition({ kind: 'active', record: record() }, request, start).session
    const locked = transition(begun, { type: 'lock_acquired', stored: record(), digest: 'digest-1' }, start).session
    return transition(locked, { type: 'saved' }, start).session
  }

  test('the record of the agent that has written meanwhile counts, and ours goes', () => {
    const answered = transition(posting(), { type: 'tokens', response: response(start) }, start).session
    const read = transition(answered, superseded, start)
    expect(read.effects).toEqual([{ type: 'read' }])
    const done = transition(read.session, { type: 'checked', stored, digest: 'digest-20' }, start)
    expect(done.session).toMatchObject({ kind: 'active', record: { generation: 20 } })
    expect(done.effects.map(({ type }) => type)).toEqual(['release_lock', 'answer'])
  })

  test('also where it could not be saved at first', () => {
    const answered = transition(posting(), { type: 'tokens', response: response(start) }, start).session
    const full: Event = { type: 'save_failed', failure: new Failure('storage_failed', 'the disk is full') }
    const unsaved = transition(answered, full, start).session
    const saving = transition(unsaved, { type: 'wake' }, start + minute).session
    expect(transition(saving, superseded, start + minute).effects).toEqual([{ type: 'read' }])
  })

  test('the intent meets a newer record: nothing is sent', () => {
    const begun = transition({ kind: 'active', record: record() }, request, start).session
    const locked = transition(begun, { type: 'lock_acquired', stored: record(), digest: 'digest-1' }, start).session
    const { session, effects } = transition(locked, superseded, start)
    expect(session).toMatchObject({ kind: 'backing_off', plan: { ambiguous: false } })
    expect(effects.map(({ type }) => type)).not.toContain('post')
  })
})
