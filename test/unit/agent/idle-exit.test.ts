// When an agent that nobody uses ends, and what keeps it.

import { setImmediate as turn } from 'node:timers/promises'
import { beforeEach, expect, test } from 'vitest'
import { IdleExit } from '../../../src/agent/idle-exit.ts'
import { emptyConfig } from '../../../src/config/config.ts'

let now: number
let timers: { readonly at: number; readonly work: () => void }[]
let isNeeded: boolean
let next: number | undefined
let hasTimer: boolean
let woken: number[]
let exits: string[]
let idle: IdleExit

beforeEach(async () => {
  now = 0
  timers = []
  isNeeded = false
  next = undefined
  hasTimer = true
  woken = []
  exits = []
  idle = new IdleExit({
    clock: {
      now: () => now,
      after: (ms, work) => {
        const timer = { at: now + ms, work }
        timers.push(timer)
        return () => void (timers = timers.filter((each) => each !== timer))
      },
    },
    config: async () => ({ ...emptyConfig, exitAfter: 60 }),
    isNeeded: () => isNeeded,
    nextWake: () => next,
    wakeAt: async (at) => {
      if (hasTimer) woken.push(at)
      return hasTimer
    },
    exit: (why) => exits.push(why),
    onWarning: (text) => exits.push(`warning: ${text}`),
  })
  await idle.service().start()
  await turn()
})

/** Runs what is due up to this time. */
async function until(seconds: number): Promise<void> {
  for (;;) {
    const due = timers.filter(({ at }) => at <= seconds * 1000).sort((a, b) => a.at - b.at)[0]
    if (due === undefined) break
    timers = timers.filter((each) => each !== due)
    now = Math.max(now, due.at)
    due.work()
    await turn()
  }
  now = seconds * 1000
}

test('it ends after the time without a request, and a request begins the time anew', async () => {
  await until(50)
  idle.touch()
  await until(109)
  expect(exits).toEqual([])
  await until(110)
  expect(exits).toEqual(['no request for 60 s'])
})

test('what is needed keeps it, and it ends soon after that is over', async () => {
  isNeeded = true
  await until(1_000)
  expect(exits).toEqual([])
  isNeeded = false
  await until(1_031)
  expect(exits).toHaveLength(1)
})

test('what is due later is left to a timer of the system', async () => {
  next = 3_600_000
  await until(60)
  expect([woken, exits.length]).toEqual([[3_600_000], 1])
})

test('what is due soon keeps it', async () => {
  next = 100_000
  await until(99)
  expect([woken, exits]).toEqual([[], []])
  next = undefined
  await until(200)
  expect(exits).toHaveLength(1)
})

test('without a timer of the system it stays while something is due', async () => {
  hasTimer = false
  next = 36_000_000
  await until(10_000)
  expect(exits).toEqual([])
})
