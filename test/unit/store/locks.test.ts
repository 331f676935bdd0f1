// The lock across processes: one holder at a time, and a holder that is killed keeps nobody waiting.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { asFailure } from '../../../src/core/failures.ts'
import { tryLocalLock } from '../../../src/platform/fs/local-lock.ts'
import { sessionLocks } from '../../../src/store/files/locks.ts'

let folder: string
const never = new AbortController().signal

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'authsock-locks-'))
})

afterEach(() => {
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true, force: true })
})

const locks = (local = true) => sessionLocks({ directory: folder, onWarning: () => {}, ...(local ? { tryLocalLock } : {}) })

const root = fileURLToPath(new URL('../../../src/', import.meta.url))

/** A process that takes the lock, says so, and does what `then` says. */
function holder(then: string): ReturnType<typeof spawn> {
  const code = `
    const { sessionLocks } = await import(${JSON.stringify(`${root}store/files/locks.ts`)})
    const { tryLocalLock } = await import(${JSON.stringify(`${root}platform/fs/local-lock.ts`)})
    const { systemClock } = await import(${JSON.stringify(`${root}platform/clock.ts`)})
    const { appendFileSync } = await import('node:fs')
    const locks = sessionLocks({ directory: ${JSON.stringify(folder)}, tryLocalLock, onWarning: () => {} })
    const release = await locks.acquire('session.a', 60000, new AbortController().signal)
    ${then}`
  return spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
}

test('R9 ten processes that each take it five times never hold it together', async () => {
  const log = join(folder, 'log')
  const critical = `
    for (let round = 0; ; round++) {
      appendFileSync(${JSON.stringify(log)}, 'in\\n')
      await new Promise((resolve) => setTimeout(resolve, 5))
      appendFileSync(${JSON.stringify(log)}, 'out\\n')
      await held.release()
      if (round === 4) break
      held = await locks.acquire('session.a', 60000, new AbortController().signal)
    }`
  const children = Array.from({ length: 10 }, () => holder(`let held = release; ${critical}`))
  await Promise.all(children.map((child) => once(child, 'exit')))
  expect(readFileSync(log, 'utf8')).toBe('in\nout\n'.repeat(50))
})

test('R14 a holder that was killed is succeeded at once, not after its lock has gone stale', async () => {
  const child = holder(`console.log('held'); setInterval(() => {}, 1000)`)
  if (child.stdout !== null) await once(child.stdout, 'data')
  const refused = await locks()
    .acquire('session.a', 300, never)
    .catch((error: unknown) => asFailure(error).code)
  expect(refused).toBe('lock_timeout')
  child.kill('SIGKILL')
  await once(child, 'exit')
  const started = performance.now()
  const held = await locks().acquire('session.a', 60_000, never)
  const taken = performance.now() - started
  await held.release()
  // Without the kernel's lock it takes the ten seconds after which a lease is stale.
  const other = holder(`console.log('held'); setInterval(() => {}, 1000)`)
  if (other.stdout !== null) await once(other.stdout, 'data')
  other.kill('SIGKILL')
  await once(other, 'exit')
  const again = performance.now()
  await (await locks(false).acquire('session.a', 60_000, never)).release()
  expect(taken * 5).toBeLessThan(performance.now() - again)
})

test('a wait that is cancelled ends, and lets the next one in', async () => {
  const both = locks()
  const held = await both.acquire('session.a', 1000, never)
  const cancel = new AbortController()
  const waiting = locks()
    .acquire('session.a', 60_000, cancel.signal)
    .catch((error: unknown) => asFailure(error).code)
  cancel.abort()
  expect(await waiting).toBe('cancelled')
  await held.release()
  await (await locks().acquire('session.a', 1000, never)).release()
  appendFileSync(join(folder, 'done'), '')
})

test('R9 a lock that another host took for a dead one is no longer held, and its release harms nobody', async () => {
  // Without the kernel's lock, as between two hosts. The first one sleeps: it does not touch its lock for long.
  const asleep = await locks(false).acquire('session.a', 1000, never)
  expect(await asleep.isHeld()).toBe(true)
  const longAgo = new Date(Date.now() - 60_000)
  utimesSync(join(folder, 'session.a.lease'), longAgo, longAgo)
  expect(await asleep.isHeld()).toBe(false)
  const other = await locks(false).acquire('session.a', 10_000, never)
  expect([await asleep.isHeld(), await other.isHeld()]).toEqual([false, true])
  await asleep.release()
  expect(await other.isHeld()).toBe(true)
  const refused = await locks(false)
    .acquire('session.a', 100, never)
    .catch((error: unknown) => asFailure(error).code)
  expect(refused).toBe('lock_timeout')
  await other.release()
})

test.each([15_000, -15_000, 365 * 86_400_000])(
  "L10 this machine's clock is %i ms away from the file server's: a lock is taken, held, and not taken over",
  async (offset) => {
    const now = Date.now.bind(Date)
    vi.spyOn(Date, 'now').mockImplementation(() => now() + offset)
    const held = await locks(false).acquire('session.a', 1000, never)
    expect(await held.isHeld()).toBe(true)
    const refused = await locks(false)
      .acquire('session.a', 1_500, never)
      .catch((error: unknown) => asFailure(error).code)
    expect(refused).toBe('lock_timeout')
    expect(await held.isHeld()).toBe(true)
    await held.release()
    await (await locks(false).acquire('session.a', 1000, never)).release()
  },
)

test('L10 a clock that jumps while a lock is held changes nothing', async () => {
  const now = Date.now.bind(Date)
  const held = await locks(false).acquire('session.a', 1000, never)
  for (const offset of [3_600_000, -3_600_000]) {
    vi.spyOn(Date, 'now').mockImplementation(() => now() + offset)
    expect(await held.isHeld()).toBe(true)
  }
  await held.release()
})

test('R9 a lease that another holder has replaced is not removed by the first', async () => {
  const first = await locks(false).acquire('session.a', 1000, never)
  rmSync(join(folder, 'session.a.lease'))
  const second = await locks(false).acquire('session.a', 1000, never)
  expect([await first.isHeld(), await second.isHeld()]).toEqual([false, true])
  await first.release()
  expect(await second.isHeld()).toBe(true)
  await second.release()
})

test('S8 L17 a lease that is a link or a pipe is refused, and nothing waits for it', async () => {
  const path = join(folder, 'session.a.lease')
  const target = join(folder, 'precious')
  writeFileSync(target, 'precious')
  symlinkSync(target, path)
  const failure = (): Promise<string> =>
    locks(false)
      .acquire('session.a', 1000, never)
      .then(
        () => 'taken',
        (error: unknown) => asFailure(error).message,
      )
  expect(await failure()).toContain('it is a symbolic link')
  expect(readFileSync(target, 'utf8')).toBe('precious')
  rmSync(path)
  if (process.platform === 'win32') return
  execFileSync('mkfifo', [path])
  expect(await failure()).toContain('not a regular file')
})
