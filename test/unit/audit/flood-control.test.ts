// What the audit keeps of a share's flood: so many lines, then counts of what is alike, of few kinds, and nothing is lost of the
// numbers. Where each token must be written, a share gets no more than is written.

import { expect, test } from 'vitest'
import { AuditFloods } from '../../../src/audit/flood-control.ts'
import type { AuditEntry } from '../../../src/audit/record.ts'
import type { Clock } from '../../../src/core/ports.ts'

function begin() {
  let now = 0
  const timers: { at: number; callback: () => void }[] = []
  const clock: Clock = {
    now: () => now,
    after: (delay, callback) => {
      const timer = { at: now + delay, callback }
      timers.push(timer)
      return () => void (timers.includes(timer) && timers.splice(timers.indexOf(timer), 1))
    },
  }
  const written: AuditEntry[] = []
  const floods = new AuditFloods(clock, (entry) => written.push(entry))
  const pass = (span: number): void => {
    now += span
    for (const timer of timers.filter(({ at }) => at <= now)) {
      timers.splice(timers.indexOf(timer), 1)
      timer.callback()
    }
  }
  const come = (share: string, over: Partial<AuditEntry> = {}): boolean =>
    floods.passes(share, { at: now, event: 'refused', profile: 'work', ...over })
  return { floods, written, pass, come, timers }
}

const times = (count: number, work: (at: number) => boolean): number =>
  Array.from({ length: count }, (_, at) => work(at)).filter(Boolean).length

test('L6 a burst is written as it comes; then a minute is a line, and each share has its own', () => {
  const { come, pass, written } = begin()
  expect(times(5_000, () => come('a'))).toBe(200)
  expect(come('b')).toBe(true)
  expect(written).toEqual([])
  pass(60_000)
  expect(written).toEqual([{ at: 0, since: 0, event: 'refused', profile: 'work', count: 4_800 }])
  // Six lines have grown back, and what comes then begins a new minute.
  expect(times(10, () => come('a'))).toBe(6)
  pass(60_000)
  expect(written.slice(1)).toEqual([{ at: 60_000, since: 60_000, event: 'refused', profile: 'work', count: 4 }])
})

test('L6 however many things are asked for, few kinds of lines come of it, and the counts are right', () => {
  const { come, pass, written } = begin()
  const issued = times(3_000, (at) => come('a', { event: 'issued', target: { scope: [`s${at}`] } }))
  const refused = times(3_000, (at) => come('a', { reason: `r${at}` }))
  pass(60_000)
  expect(written.length).toBeLessThanOrEqual(6)
  const count = (event: string): number =>
    written.filter((each) => each.event === event).reduce((sum, each) => sum + (each.count ?? 0), 0)
  expect([issued + count('issued'), refused + count('refused')]).toEqual([3_000, 3_000])
})

test('L6 what was counted when the agent stops is written, and no timer stays', () => {
  const { come, floods, written, timers } = begin()
  times(300, () => come('a'))
  floods.close()
  expect([written.map(({ count }) => count), timers]).toEqual([[100], []])
})

test('L6 where each must be written: a burst, and then one a second', () => {
  const { floods, pass } = begin()
  expect(times(1_000, () => floods.hasRoom('a'))).toBe(200)
  expect(floods.hasRoom('b')).toBe(true)
  pass(10_000)
  expect(times(1_000, () => floods.hasRoom('a'))).toBe(10)
})

test('L6 a process that executes another program has a count for each', () => {
  const { come, pass, written } = begin()
  const by = (executable: string) =>
    ({ event: 'issued', caller: { executable, pid: 7, parents: [], container: { kind: 'none' } } }) as const
  times(200, () => come('7', by('/bin/a')))
  times(30, () => come('7', by('/bin/a')))
  times(40, () => come('7', by('/bin/b')))
  pass(60_000)
  expect(written.map(({ caller, count }) => [caller?.executable, count])).toEqual([
    ['/bin/a', 30],
    ['/bin/b', 40],
  ])
})
