// L15, S9: connections over all shares. Who is silent makes room, the largest share first; the main socket has descriptors of its own.

import { expect, test } from 'vitest'
import { ConnectionBudget, connectionLimits } from '../../../../src/agent/server/budget.ts'

/** A listener whose connections are all silent, or all busy. */
function listener(
  budget: ConnectionBudget,
  name: string,
  isSilent = true,
): { open: () => boolean; readonly count: () => number } {
  let count = 0
  budget.register(name, () => {
    if (!isSilent || count === 0) return false
    count -= 1
    budget.closed(name)
    return true
  })
  const open = (): boolean => {
    const hasRoom = budget.open(name)
    if (hasRoom) count += 1
    return hasRoom
  }
  return { open, count: () => count }
}

test('S9 a share at its own limit closes the connection of its own that was silent for longest', () => {
  const budget = new ConnectionBudget({ total: 100, each: 4 })
  const [a, b] = [listener(budget, 'a'), listener(budget, 'b')]
  expect(b.open()).toBe(true)
  for (let at = 0; at < 20; at++) expect(a.open()).toBe(true)
  expect([a.count(), b.count()]).toEqual([4, 1])
})

test('S9 when all together have what they may, the share that has most makes room', () => {
  const budget = new ConnectionBudget({ total: 10, each: 8 })
  const [large, small, late] = [listener(budget, 'large'), listener(budget, 'small'), listener(budget, 'late')]
  for (let at = 0; at < 8; at++) large.open()
  for (let at = 0; at < 2; at++) small.open()
  for (let at = 0; at < 3; at++) expect(late.open()).toBe(true)
  expect([large.count(), small.count(), late.count()]).toEqual([5, 2, 3])
})

test('S9 connections that are being answered are not closed for others', () => {
  const budget = new ConnectionBudget({ total: 4, each: 4 })
  const [busy, late] = [listener(budget, 'busy', false), listener(budget, 'late')]
  for (let at = 0; at < 4; at++) expect(busy.open()).toBe(true)
  expect([busy.open(), late.open()]).toEqual([false, false])
})

test.each([96, 128, 1024, 4096, 1_048_576])(
  'S9 of %i descriptors shares have a third at most, and the main socket the rest',
  (all) => {
    const { shares, main } = connectionLimits(all)
    expect(shares).toBeLessThanOrEqual(all / 3)
    expect(shares + main).toBeLessThanOrEqual(all)
    expect(main).toBeGreaterThanOrEqual(Math.min(16, all))
  },
)
