// When a refused token is replaced, and when another one could not help.

import { expect, test } from 'vitest'
import { RefusalGuard, refusalPauseMs } from '../../../../src/agent/credentials/refusal-guard.ts'

const second = 1000

test('H11 two new tokens refused in a row: no other one for a while, then one more try', () => {
  const guard = new RefusalGuard()
  const refuse = (token: string, issuedAt: number, now: number) => guard.refused('git.example.com', token, issuedAt, now)
  // A token that has served for long may be revoked: it is replaced.
  expect(refuse('old', 0, 3600 * second)).toBe('replace')
  const now = 3600 * second
  expect(refuse('first', now, now + 1)).toBe('replace')
  expect(refuse('second', now + 2, now + 3)).toBe('pause')
  expect(refuse('second', now + 2, now + 4)).toBe('ignore')
  expect(refuse('second', now + 2, now + 3 + refusalPauseMs - 1)).toBe('ignore')
  expect(refuse('second', now + 2, now + 3 + refusalPauseMs)).toBe('replace')
})

test('parallel tools that report the same token count once, and another host counts for itself', () => {
  const guard = new RefusalGuard()
  for (let n = 0; n < 10; n++) expect(guard.refused('a', 'same', 0, n)).toBe('replace')
  expect(guard.refused('b', 'other', 0, 11)).toBe('replace')
  expect(guard.refused('a', 'next', 10, 12)).toBe('pause')
})

test('a token that was accepted in between starts the count anew', () => {
  const guard = new RefusalGuard()
  for (let n = 0; n < 5; n++) {
    expect(guard.refused('a', `token ${n}`, n, n + 1)).toBe('replace')
    guard.accepted('a')
  }
})

test('a clock that is set back does not extend the pause', () => {
  const guard = new RefusalGuard()
  const now = 10 * refusalPauseMs
  guard.refused('a', 'first', now, now)
  expect(guard.refused('a', 'second', now, now)).toBe('pause')
  expect(guard.refused('a', 'second', now, 0)).toBe('replace')
})
