// The one lock across processes and hosts: a lease file that its holder keeps touching, and in front of it, if the caller gives one,
// the kernel's lock, which is dropped at once when its holder dies. Ages are differences of two times of one clock, the file
// server's; this machine's clock is never compared with them (L10). Used by store/files/locks.ts and config/edit.ts.

import { randomBytes } from 'node:crypto'
import { constants, readFileSync } from 'node:fs'
import { type FileHandle, link, open, rename, rm, stat, unlink } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { Failure } from '../../core/failures.ts'
import type { HeldLock, TryLocalLock } from '../../core/ports.ts'
import { defined } from '../../core/util/defined.ts'
import { object, optional, string } from '../../core/util/json-decoder.ts'
import { diskFailure } from './disk.ts'
import { openOwnFile } from './own-file.ts'

export interface FileLockOptions {
  /** The lease file. */
  readonly path: string
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  /** With `localPath`: the kernel's lock, taken first. */
  readonly tryLocalLock?: TryLocalLock
  readonly localPath?: string
  /** Called once if the lock is lost while it is held. */
  readonly onLost?: (text: string) => void
}

/** A holder touches its lease every `heartbeatMs`; a lease that was not touched for `staleMs` belongs to a dead holder. */
const staleMs = 10_000
const heartbeatMs = 2_500
const minWaitMs = 5
const maxLeaseBytes = 4_096
const maxWaitMs = 250
/** How often a waiter looks at the age of a lease: each look creates a file. */
const ageCheckMs = 1_000

/** Fails with lock_timeout, cancelled, storage_failed. */
export async function acquireFileLock(options: FileLockOptions): Promise<HeldLock> {
  const deadline = performance.now() + options.timeoutMs
  const dropLocal = await acquireLocal(options, deadline)
  try {
    const lease = await acquireLease(options, deadline)
    return {
      isHeld: () => lease.isHeld(),
      release: once(async () => {
        await lease.release()
        dropLocal()
      }),
    }
  } catch (error) {
    dropLocal()
    throw diskFailure(error, `${options.path} cannot be locked`)
  }
}

async function acquireLocal(options: FileLockOptions, deadline: number): Promise<() => void> {
  const { tryLocalLock, localPath, signal } = options
  if (tryLocalLock === undefined || localPath === undefined) return () => {}
  try {
    return await waitFor(deadline, signal, async () => tryLocalLock(localPath))
  } catch (error) {
    throw diskFailure(error, `${localPath} cannot be locked`)
  }
}

async function acquireLease({ path, signal, tryLocalLock, onLost }: FileLockOptions, deadline: number): Promise<Lease> {
  let nextAgeCheck = 0
  return waitFor(deadline, signal, async () => {
    const created = await createLease(path)
    if (created !== undefined) return new Lease(path, created, onLost)
    const other = await readLease(path)
    if (other === undefined) return undefined
    // Only one process of this machine has the kernel's lock: the holder of a lease from this machine is dead.
    const isDeadHere = tryLocalLock !== undefined && other.machine !== undefined && other.machine === machineId()
    const isDue = performance.now() >= nextAgeCheck
    if (isDue) nextAgeCheck = performance.now() + ageCheckMs
    if (isDeadHere || (isDue && (await ageOf(path).catch(() => 0)) >= staleMs)) await removeLease(path, other.id)
    return undefined
  })
}

class Lease {
  readonly #path: string
  readonly #id: string
  readonly #onLost: ((text: string) => void) | undefined
  readonly #timer: NodeJS.Timeout
  #isEnded = false

  constructor(path: string, id: string, onLost?: (text: string) => void) {
    this.#path = path
    this.#id = id
    this.#onLost = onLost
    this.#timer = setInterval(() => void this.isHeld(), heartbeatMs)
    this.#timer.unref()
  }

  /**
   * Touches the lease. False if another holder has replaced it, if this machine slept so long that one may do so at any time, or
   * if the file system does not answer.
   */
  async isHeld(): Promise<boolean> {
    if (this.#isEnded) return false
    const gap = await this.#touch()
    if (gap !== 'lost' && gap !== 'unknown' && gap < staleMs) return true
    if (gap === 'unknown' || this.#isEnded) return false
    this.#end()
    this.#onLost?.(`the lock ${this.#path} was lost while it was held`)
    await removeLease(this.#path, this.#id)
    return false
  }

  async release(): Promise<void> {
    if (this.#isEnded) return
    this.#end()
    await removeLease(this.#path, this.#id)
  }

  #end(): void {
    this.#isEnded = true
    clearInterval(this.#timer)
  }

  /** Milliseconds between the last touch and this one, by the file server's clock. */
  async #touch(): Promise<number | 'lost' | 'unknown'> {
    try {
      const file = await openOwnFile(this.#path, constants.O_RDWR)
      try {
        const { mtimeMs } = await file.stat()
        const { id, content } = await contentOf(file)
        if (id !== this.#id) return 'lost'
        await file.write(content, 0)
        return (await file.stat()).mtimeMs - mtimeMs
      } finally {
        await file.close()
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'lost'
      // A full disk may refuse the touch; the lease is valid until it goes stale.
      return ageOf(this.#path).catch(() => 'unknown' as const)
    }
  }
}

/** Its id; undefined if there is one already. */
async function createLease(path: string): Promise<string | undefined> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)
  let file: FileHandle
  try {
    file = await open(path, flags, 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined
    throw error
  }
  try {
    const lease = { nonce: randomBytes(16).toString('hex'), ...defined({ machine: machineId() }) }
    // A full disk may have room for the name only: the lease is then told from others by its inode.
    await file.write(`${JSON.stringify(lease)}\n`, 0).catch(() => {})
    return (await contentOf(file)).id
  } finally {
    await file.close()
  }
}

/** The id tells this lease from every other: inode and time of birth (which some file systems lack), and the content with its nonce. */
async function contentOf(file: FileHandle): Promise<{ readonly id: string; readonly content: string }> {
  const { ino, birthtimeNs } = await file.stat({ bigint: true })
  const { buffer, bytesRead } = await file.read(Buffer.alloc(maxLeaseBytes), 0, maxLeaseBytes, 0)
  const content = buffer.toString('utf8', 0, bytesRead)
  return { id: `${ino}:${birthtimeNs}:${content}`, content }
}

async function readLease(path: string): Promise<{ readonly id: string; readonly machine?: string } | undefined> {
  let file: FileHandle
  try {
    file = await openOwnFile(path, constants.O_RDONLY)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const { id, content } = await contentOf(file)
    return { id, ...machineOf(content) }
  } finally {
    await file.close()
  }
}

function machineOf(content: string): { readonly machine?: string } {
  try {
    return optional('machine', object(JSON.parse(content), 'lease')['machine'], string)
  } catch {
    return {}
  }
}

/** Milliseconds since the lease was touched: the file server dates a file that is created now, and the difference is taken. */
async function ageOf(path: string): Promise<number> {
  const touched = await stat(path)
  const probe = `${path}.${randomBytes(8).toString('hex')}.tmp`
  try {
    await (await open(probe, 'wx', 0o600)).close()
    return (await stat(probe)).mtimeMs - touched.mtimeMs
  } finally {
    await rm(probe, { force: true })
  }
}

/** Removes the lease of this id. One that has replaced it meanwhile is put back. Never throws. */
async function removeLease(path: string, id: string): Promise<void> {
  const aside = `${path}.${randomBytes(8).toString('hex')}.tmp`
  try {
    if ((await readLease(path))?.id !== id) return
    await rename(path, aside)
    if ((await readLease(aside))?.id !== id) await link(aside, path).catch(() => {})
    await unlink(aside)
  } catch {
    // It goes stale.
  }
}

let bootId: string | undefined

/** Identifies this machine since its last start. Undefined if it has no such id: host names are not unique. */
function machineId(): string | undefined {
  try {
    bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    // The lease of a dead holder then goes stale by time.
  }
  return bootId
}

/** A second release does nothing: the descriptor may belong to another lock by then. */
function once(release: () => Promise<void>): () => Promise<void> {
  let released: Promise<void> | undefined
  return () => (released ??= release())
}

/** Calls `tryOnce` until it gives a result, at growing intervals. `deadline` is in performance.now() time. Fails with lock_timeout, cancelled. */
export async function waitFor<T>(
  deadline: number,
  signal: AbortSignal | undefined,
  tryOnce: () => Promise<T | undefined>,
): Promise<T> {
  for (let waitMs = minWaitMs; ; waitMs = Math.min(waitMs * 2, maxWaitMs)) {
    if (signal?.aborted === true) throw new Failure('cancelled', 'the wait for another agent was cancelled')
    const result = await tryOnce()
    if (result !== undefined) return result
    if (performance.now() >= deadline) throw new Failure('lock_timeout', 'another agent has held this lock for too long')
    await pause(waitMs, undefined, signal === undefined ? {} : { signal }).catch(() => {})
  }
}
