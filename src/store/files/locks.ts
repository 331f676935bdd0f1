// The lock over one record across agents and hosts (R9): proper-lockfile's folder, which goes stale when its holder dies,
// and where the kernel has one, a lock in front of it that is dropped at once. Whoever holds the kernel's lock knows that
// a holder noted for this machine is dead, and need not wait for it to go stale.

import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Failure } from '../../core/failures.ts'
import type { HeldLock, SessionLock, TryLocalLock } from '../../core/ports.ts'
import { diskFailure } from '../../platform/fs/disk.ts'

interface LockOptions {
  /** The folder of the locks. */
  readonly directory: string
  readonly tryLocalLock?: TryLocalLock
  readonly onWarning: (text: string) => void
}

/** ms. A holder touches its lock every `update`; one not touched for `stale` has died on another host. */
const stale = 10_000
const update = 2_500
const shortestWait = 5
const maxWait = 250

type Release = () => Promise<void>

export function sessionLocks(options: LockOptions): SessionLock {
  const queues = new Map<string, Promise<unknown>>()

  return {
    async acquire(id, timeout, signal) {
      const deadline = performance.now() + timeout
      const before = queues.get(id) ?? Promise.resolve()
      let leave: () => void = () => {}
      const turn = new Promise<void>((resolve) => {
        leave = resolve
      })
      const place = before.then(() => turn)
      queues.set(id, place)
      void place.then(() => {
        if (queues.get(id) === place) queues.delete(id)
      })
      try {
        await inTime(before, deadline, signal)
        const held = await acquireAcross(options, id, deadline, signal)
        const release = once(async () => {
          await held.release()
          leave()
        })
        return { isHeld: () => held.isHeld(), release }
      } catch (error) {
        leave()
        throw error
      }
    },
  }
}

async function acquireAcross(options: LockOptions, id: string, deadline: number, signal: AbortSignal): Promise<HeldLock> {
  const { directory, tryLocalLock, onWarning } = options
  await attempt(() => mkdir(directory, { recursive: true, mode: 0o700 }))
  const dropLocal = await waitFor(
    deadline,
    signal,
    async () => tryLocalLock?.(join(directory, `${id}.local`)) ?? notAsked(tryLocalLock),
  )
  try {
    const owner = join(directory, `${id}.owner`)
    const lockFolder = join(directory, `${id}.lock`)
    const name = machine()
    if (tryLocalLock !== undefined && name !== undefined && (await isOf(name, owner, lockFolder))) {
      await rm(lockFolder, { recursive: true, force: true })
    }
    const unlock = await waitFor(deadline, signal, () => tryLock(lockFolder, onWarning))
    const mine = await instanceOf(lockFolder)
    // Without it, as on a full disk, a lock of ours would have to go stale if we died.
    if (name !== undefined && mine !== undefined) await writeFile(owner, `${name} ${mine.id}`, { mode: 0o600 }).catch(() => {})
    return {
      isHeld: async () => {
        const now = await instanceOf(lockFolder)
        return now !== undefined && now.id === mine?.id && Date.now() - now.touchedAt < stale
      },
      release: async () => {
        // What is another's by now is left to it.
        if ((await instanceOf(lockFolder))?.id === mine?.id) {
          await rm(owner, { force: true }).catch(() => {})
          await unlock()
        }
        dropLocal()
      },
    }
  } catch (error) {
    dropLocal()
    throw error
  }
}

/** One making of the lock's folder: another has another id. Undefined where there is none. */
async function instanceOf(lockFolder: string): Promise<{ readonly id: string; readonly touchedAt: number } | undefined> {
  const stats = await stat(lockFolder, { bigint: true }).catch(() => undefined)
  return stats === undefined ? undefined : { id: `${stats.ino}-${stats.birthtimeNs}`, touchedAt: Number(stats.mtimeMs) }
}

/** Whether the lock that is there was taken on this machine: whoever holds the kernel's lock then knows that its holder is dead. */
async function isOf(name: string, owner: string, lockFolder: string): Promise<boolean> {
  const instance = await instanceOf(lockFolder)
  // Without a time of birth another's folder can have the number of one that is gone.
  return instance !== undefined && !instance.id.endsWith('-0') && (await ownerOf(owner)) === `${name} ${instance.id}`
}

/** A second release does nothing: the descriptor may be somebody else's by then. */
function once(release: Release): Release {
  let released: Promise<void> | undefined
  return () => (released ??= release())
}

/** The turn of those before in this process; it does not wait longer than the caller does. */
async function inTime(before: Promise<unknown>, deadline: number, signal: AbortSignal): Promise<void> {
  let isOver = false
  const over = before.then(() => {
    isOver = true
  })
  await Promise.race([over, waitFor(deadline, signal, async () => (isOver ? true : undefined))])
}

const notAsked = (tryLocalLock: TryLocalLock | undefined): (() => void) | undefined =>
  tryLocalLock === undefined ? () => {} : undefined

/** Undefined while another host holds it. */
async function tryLock(lockFolder: string, onWarning: (text: string) => void): Promise<Release | undefined> {
  const { default: lockfile } = await import('proper-lockfile')
  try {
    const unlock = await lockfile.lock(lockFolder, {
      realpath: false,
      lockfilePath: lockFolder,
      stale,
      update,
      onCompromised: (error) => onWarning(`a lock was lost while it was held: ${error.message}`),
    })
    return () => unlock().catch(() => {})
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOCKED') return undefined
    throw diskFailure(error, `${lockFolder} cannot be locked`)
  }
}

/** Tries again and again, ever more slowly; `deadline` by the clock that nobody sets. Fails with lock_timeout or cancelled. */
async function waitFor<T>(deadline: number, signal: AbortSignal, tryOnce: () => Promise<T | undefined>): Promise<T> {
  for (let wait = shortestWait; ; wait = Math.min(wait * 2, maxWait)) {
    if (signal.aborted) throw new Failure('cancelled', 'the wait for another agent was cancelled')
    const got = await attempt(tryOnce)
    if (got !== undefined) return got
    if (performance.now() >= deadline) throw new Failure('lock_timeout', 'another agent has held this session for too long')
    await pause(wait, undefined, { signal }).catch(() => {})
  }
}

let bootId: string | undefined

/** This machine since it was last started. Undefined where that has no name: a host name is not one, since two may share it. */
function machine(): string | undefined {
  try {
    bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    // A dead holder's lock then goes stale by time.
  }
  return bootId
}

async function ownerOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined)
}

async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw diskFailure(error, 'a lock cannot be taken')
  }
}
