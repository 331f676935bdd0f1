// What waiting callers get when a refresh brings no token.

import { expect, test } from 'vitest'
import { Waiters } from '../../../../src/agent/sessions/waiters.ts'
import { planRetry } from '../../../../src/core/session/retry-plan.ts'
import type { LiveSession } from '../../../../src/core/session/session.ts'
import { minute, record, refusal, start } from '../../core/session/fixtures.ts'

test('R7 a live token is served although its refresh failed, also if the retry is due by the time of the answer', async () => {
  let now = start + 30 * minute
  const { failure } = refusal('busy')
  const session: LiveSession = { kind: 'backing_off', record: record(), plan: planRetry(record(), failure, 1, now) }
  const waiters = new Waiters({
    profile: 'work',
    clock: { now: () => now, after: () => () => {} },
    session: () => session,
  })
  const early = waiters.add({}, 50 * minute)
  // Writing took longer than the pause.
  now += 10_000
  waiters.answer({}, failure)
  expect((await early).value.reveal()).toBe('access-1')
  now = start + 60 * minute
  const late = waiters.add({}, undefined)
  waiters.answer({}, failure)
  await expect(late).rejects.toBe(failure)
})
