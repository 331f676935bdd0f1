import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TimerHeap } from '../../../../src/core/util/timer-heap.ts'

const steps = fc.array(
  fc.oneof(fc.record({ item: fc.nat(9), at: fc.option(fc.nat(100), { nil: undefined }) }), fc.record({ now: fc.nat(100) })),
  { maxLength: 400 },
)

test('whatever is planned, planned otherwise or taken out: the earliest is the earliest, and each is due once', () => {
  const items = Array.from({ length: 10 }, (_, name) => ({ name }))
  fc.assert(
    fc.property(steps, (all) => {
      const wakes = new TimerHeap<{ readonly name: number }>()
      const plain = new Map<number, number>()
      for (const step of all) {
        if ('item' in step) {
          wakes.plan(items[step.item] ?? { name: -1 }, step.at)
          if (step.at === undefined) plain.delete(step.item)
          else plain.set(step.item, step.at)
        } else {
          const due = [...wakes.due(step.now)].map(({ name }) => name)
          const expected = [...plain].filter(([, at]) => at <= step.now)
          expect(new Set(due)).toEqual(new Set(expected.map(([name]) => name)))
          expect(due.length).toBe(expected.length)
          expect(due.map((name) => plain.get(name))).toEqual(expected.map(([, at]) => at).sort((a, b) => a - b))
          for (const name of due) plain.delete(name)
        }
        expect(wakes.next()).toBe(plain.size === 0 ? undefined : Math.min(...plain.values()))
      }
    }),
  )
})
