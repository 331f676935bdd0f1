// L15: budgets over all shares. What one holder has no right to costs the others nothing.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FairRate, Quota, RateBudget } from '../../../../src/core/access/budget.ts'

test('S9 a quota: each has its limit, and all together theirs', () => {
  const quota = new Quota({ total: 5, each: 3 })
  expect([quota.take('a', 3), quota.take('a'), quota.exceeded('a')]).toEqual([true, false, 'own'])
  expect([quota.take('b', 2), quota.take('b'), quota.exceeded('b')]).toEqual([true, false, 'total'])
  expect(quota.holders()).toEqual(['a', 'b'])
  quota.release('a')
  expect([quota.take('b'), quota.held('a'), quota.held('b')]).toEqual([true, 2, 3])
  quota.release('a', 2)
  expect([quota.holders(), quota.held('a')]).toEqual([['b'], 0])
  expect(() => quota.release('a')).toThrow('gives back more than it has')
})

test('S9 whatever is taken and given back, no limit is exceeded, and nothing is lost', () => {
  const step = fc.record({ holder: fc.constantFrom('a', 'b', 'c'), amount: fc.integer({ min: 1, max: 4 }), takes: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const quota = new Quota({ total: 8, each: 5 })
      const model = new Map<string, number>()
      const sum = (): number => [...model.values()].reduce((a, b) => a + b, 0)
      for (const { holder, amount, takes } of steps) {
        const held = model.get(holder) ?? 0
        if (!takes) {
          if (held < amount) continue
          quota.release(holder, amount)
          model.set(holder, held - amount)
        } else {
          const fits = held + amount <= 5 && sum() + amount <= 8
          expect(quota.take(holder, amount)).toBe(fits)
          if (fits) model.set(holder, held + amount)
        }
        for (const [each, count] of model) expect(quota.held(each)).toBe(count)
      }
    }),
  )
})

test('S9 a rate: a burst for each and for all, then so many a second', () => {
  const rate = new RateBudget({ total: { burst: 5, perSecond: 1 }, each: { burst: 3, perSecond: 1 }, now: 0 })
  const take = (holder: string, count: number, now: number): number =>
    Array.from({ length: count }, () => rate.take(holder, now)).filter(Boolean).length
  expect([take('a', 100, 0), take('b', 100, 0), take('c', 100, 0)]).toEqual([3, 2, 0])
  expect([take('c', 10, 1_000), take('a', 10, 1_000)]).toEqual([1, 0])
})

test('S9 a fair rate: a burst for each, the rate in equal parts for those who use it up, and no waiting for who asks seldom', () => {
  const rate = new FairRate({ burst: 10, perSecond: 20 })
  const served = { greedy: 0, other: 0, seldom: 0 }
  for (let now = 0; now < 60_000; now += 5) {
    for (const name of ['greedy', 'other'] as const) if (rate.take(name, now)) served[name] += 1
    if (now % 1_000 === 0 && rate.take('seldom', now)) served.seldom += 1
  }
  expect(served.seldom).toBe(60)
  // 10 at once, and then half of 20 a second; who asks seldom counts as a third for a moment.
  for (const name of ['greedy', 'other'] as const) {
    expect(served[name]).toBeGreaterThan(10 + 60 * 8)
    expect(served[name]).toBeLessThanOrEqual(10 + 60 * 10)
  }
})

test('S9 a fair rate: all of it for one who is alone, also after a clock that was set back', () => {
  const rate = new FairRate({ burst: 2, perSecond: 10 })
  const take = (now: number): boolean => rate.take('a', now)
  expect([take(100_000), take(100_000), take(100_000)]).toEqual([true, true, false])
  expect([take(100_100), take(100_100)]).toEqual([true, false])
  expect([take(50_000), take(50_100), take(50_100)]).toEqual([false, true, false])
})
