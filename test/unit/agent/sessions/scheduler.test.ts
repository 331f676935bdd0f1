// R8: many things and one timer, over clocks that are set and machines that sleep.

import { describe, expect, test } from 'vitest'
import { Scheduler } from '../../../../src/agent/sessions/scheduler.ts'

interface Thing {
  readonly name: string
  at: number | undefined
}

const start = 1_000_000_000
const minute = 60_000

function world(things: readonly Thing[]) {
  let now = start
  let timer: { readonly at: number; readonly run: () => void } | undefined
  const called: string[] = []
  const looks = { count: 0 }
  const scheduler = new Scheduler<Thing>({
    clock: {
      now: () => now,
      after: (delay, run) => {
        const own = { at: now + delay, run }
        timer = own
        return () => {
          if (timer === own) timer = undefined
        }
      },
    },
    all: () => things,
    wakeAt: ({ at }) => {
      looks.count += 1
      return at
    },
    onDue: (thing) => {
      called.push(thing.name)
      thing.at = undefined
    },
  })
  return {
    scheduler,
    called,
    looks,
    timer: () => (timer === undefined ? undefined : timer.at - now),
    /** The timer fires, late by so many ms on the wall clock. */
    fire: async (late = 0) => {
      const due = timer
      timer = undefined
      now = (due?.at ?? now) + late
      due?.run()
      await Promise.resolve()
    },
    set: (to: number) => {
      now = to
    },
  }
}

describe('one timer', () => {
  test('each is called when it is due; without a due item no timer is set', async () => {
    const [a, b]: Thing[] = [
      { name: 'a', at: start + 2_000 },
      { name: 'b', at: start + 1_000 },
    ]
    const { scheduler, called, timer, fire } = world([a as Thing, b as Thing])
    scheduler.start()
    await Promise.resolve()
    expect(timer()).toBe(1_000)
    await fire()
    expect([called, timer()]).toEqual([['b'], 1_000])
    await fire()
    expect([called, timer()]).toEqual([['b', 'a'], undefined])
  })

  test('a change of one is a look at one, not at all', async () => {
    const things = Array.from({ length: 1_000 }, (_, n): Thing => ({ name: `${n}`, at: start + minute + n }))
    const { scheduler, looks, timer } = world(things)
    scheduler.start()
    await Promise.resolve()
    looks.count = 0
    const [first] = things as [Thing]
    first.at = start + 10
    scheduler.changed(first)
    await Promise.resolve()
    expect([looks.count, timer()]).toEqual([1, 10])
  })

  test('a machine that slept: what was due meanwhile rings, and everything is looked at anew', async () => {
    const a: Thing = { name: 'a', at: start + 2 * minute }
    const b: Thing = { name: 'b', at: start + 60 * minute }
    const { scheduler, called, fire, looks } = world([a, b])
    scheduler.start()
    await Promise.resolve()
    looks.count = 0
    await fire(2 * 60 * minute)
    expect(called).toEqual(['a', 'b'])
    expect(looks.count).toBeGreaterThanOrEqual(2)
  })

  test('a clock that is set back: what is planned is asked for anew, at the next change or after five minutes', async () => {
    const a: Thing = { name: 'a', at: start + 60 * minute }
    const { scheduler, called, timer, fire, set } = world([a])
    scheduler.start()
    await Promise.resolve()
    expect(timer()).toBe(5 * minute)
    // Its owner now says otherwise, for it was made in what is the future now.
    set(start - 120 * minute)
    a.at = start - 120 * minute
    await fire(-120 * minute)
    await fire()
    expect(called).toEqual(['a'])
  })

  test('stopped, nothing rings; started again, everything counts', async () => {
    const a: Thing = { name: 'a', at: start + 1_000 }
    const { scheduler, called, timer, fire } = world([a])
    scheduler.start()
    await Promise.resolve()
    scheduler.stop()
    scheduler.changed(a)
    await Promise.resolve()
    expect(timer()).toBeUndefined()
    scheduler.start()
    await Promise.resolve()
    await fire()
    expect(called).toEqual(['a'])
  })
})
