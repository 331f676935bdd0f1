// What the user is told, when, and how often.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { noticeFile } from '../../../../src/agent/notifications/notice-file.ts'
import { type LoginEnd, Notifier } from '../../../../src/agent/notifications/notifier.ts'

const hour = 3_600_000

let folder: string
let file: string
let now: number
let told: string[]
let ends: LoginEnd[]
let timers: { at: number; callback: () => void }[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'authsock-'))
  file = join(folder, 'state', 'notices.json')
  now = 1_000 * hour
  told = []
  ends = []
  timers = []
})

afterEach(() => rmSync(folder, { recursive: true }))

/** Another one over the same file is the agent after a restart. */
function start(): Notifier {
  timers = []
  const notifier = new Notifier({
    clock: {
      now: () => now,
      after: (delay, callback) => {
        const timer = { at: now + delay, callback }
        timers.push(timer)
        return () => void (timers = timers.filter((each) => each !== timer))
      },
    },
    ends: () => ends,
    tell: (title, text) => told.push(`${title} | ${text}`),
    ...noticeFile(file),
  })
  notifier.watch()
  return notifier
}

/** Hour by hour, with what falls due on the way. */
function advance(hours: number): void {
  const end = now + hours * hour
  for (;;) {
    const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
    if (next === undefined) break
    now = Math.max(now, next.at)
    timers = timers.filter((each) => each !== next)
    next.callback()
  }
  now = end
}

const login = (length: number): LoginEnd => ({ profile: 'work', at: now + length * hour, loggedInAt: now, refreshedAt: now })
const soon = expect.stringMatching(/^authsock: the login to 'work' ends soon \| it ends in .*: authsock login work$/)

test('a login of thirty days: a day before its end, once', () => {
  ends = [login(30 * 24)]
  start()
  advance(29 * 24 - 1)
  expect(told).toEqual([])
  advance(1)
  expect(told).toEqual([expect.stringContaining('it ends in 1 d: authsock login work')])
  advance(48)
  expect(told).toHaveLength(1)
})

test('a login of eight hours, whose end stands however often it is refreshed: for its last two', () => {
  ends = [login(8)]
  start()
  for (let passed = 0; passed < 6; passed++) {
    expect(told).toEqual([])
    advance(1)
    ends = ends.map((end) => ({ ...end, refreshedAt: now, at: end.at + (passed % 2 === 0 ? 900 : -900) }))
  }
  advance(1)
  expect(told).toEqual([soon])
  advance(1)
  expect(told).toHaveLength(1)
})

test('an end that moves with each refresh is spoken of only where a session is left alone', () => {
  ends = [login(24)]
  const notifier = start()
  for (let passed = 0; passed < 100; passed++) {
    advance(1)
    ends = ends.map((end) => ({ ...end, refreshedAt: now, at: now + 24 * hour }))
    notifier.hear({ type: 'refreshed', at: 0, profile: 'work' })
  }
  expect(told).toEqual([])
  advance(17)
  expect(told).toEqual([])
  advance(2)
  expect(told).toEqual([soon])
})

test('after a restart nothing is said again; after another login it is', () => {
  ends = [login(4)]
  start()
  advance(3.5)
  expect(told).toHaveLength(1)
  const again = start()
  advance(0.4)
  expect(told).toHaveLength(1)
  again.hear({ type: 'logged_in', at: 0, profile: 'work' })
  ends = [login(4)]
  advance(3.5)
  expect(told).toEqual([soon, soon])
})

test('a login is needed: once for each time, also over restarts; the text cannot be made to look otherwise', () => {
  const notifier = start()
  const needed = { type: 'login_required', at: 0, profile: 'work', reason: 'gone\n\u202e<b>' } as const
  notifier.hear(needed)
  notifier.hear(needed)
  start().hear(needed)
  expect(told).toEqual(["authsock: a login to 'work' is needed | gone\ufffd\ufffd<b>: authsock login work"])
  const third = start()
  third.hear({ type: 'logged_in', at: 0, profile: 'work' })
  third.hear(needed)
  third.hear({ ...needed, profile: 'home' })
  expect(told).toHaveLength(3)
})

test('what waits is spoken of once an hour, however often it asks', () => {
  const notifier = start()
  const approval = {
    id: '1',
    at: 0,
    text: 'make asks',
    credential: 'access_token' as const,
    profile: 'work',
    caller: 'make',
    executable: '/usr/bin/make',
    rule: 1,
  }
  for (let id = 0; id < 10; id++) notifier.waits({ ...approval, id: String(id), text: `make (pid ${id}) asks` })
  expect(told).toEqual(['authsock: your word is wanted | make (pid 0) asks: authsock approve 0'])
  notifier.waits({ ...approval, profile: 'home' })
  expect(told).toHaveLength(2)
  advance(1)
  notifier.waits(approval)
  expect(told).toHaveLength(3)
})

test('a file that cannot be read, or holds nonsense, is none', () => {
  ends = [login(1)]
  start()
  for (const nonsense of ['{', '[]', '{"work": 7}', '{"work": {"isNeeded": "no"}}', 'null']) {
    writeFileSync(file, nonsense)
    expect(() => start()).not.toThrow()
  }
})
