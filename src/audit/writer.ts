// The audit's files: audit.log, and the ones before it. Lines that come together are written together; a chain goes on over
// rotation and restarts, and over the agents that share a home. Whoever can write to the folder can also write a chain anew: the
// log tells what happened to its user, and that nobody has touched it since its last hash was noted.

import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type AuditEntry, auditLine, firstHash } from './record.ts'
import { Failure } from '../core/failures.ts'
import { hashOf, keptFiles, lastLine } from './reader.ts'
import { diskFailure } from '../platform/fs/disk.ts'

export interface AuditOptions {
  readonly path: string
  /** Bytes after which the next file is begun. */
  readonly largest?: number
  /** Files kept, without the current one. */
  readonly kept?: number
  /** ms that lines may wait for others, which are then written with them: whoever has just asked is about to end. */
  readonly lull?: number
  /** Among all who write there; gives what ends it. */
  readonly lock?: () => Promise<() => Promise<void>>
}

interface Waiting {
  readonly entry: AuditEntry
  readonly isUrgent: boolean
  readonly resolve: () => void
  readonly reject: (failure: Failure) => void
}

/** Entries that a disk which hangs may keep waiting. */
const maxWaiting = 10_000
/** ms for which the lock is kept while more comes that somebody waits for. */
const maxTurn = 100

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code

export class AuditLog {
  readonly #path: string
  readonly #largest: number
  readonly #kept: number
  readonly #lull: number
  readonly #lock: AuditOptions['lock']
  #waiting: Waiting[] = []
  #writing: Promise<void> | undefined
  /** Ends the lull. */
  #hurry = (): void => {}
  #isClosing = false
  /** Seq and hash are those of the files' last line. */
  #isKnown = false
  /** The file as it was left; undefined: there was none. */
  #left: { readonly ino: number; readonly size: number } | undefined
  #seq = 0
  #hash = firstHash

  constructor({ path, largest = 8 * 1024 * 1024, kept = keptFiles, lull = 0, lock }: AuditOptions) {
    this.#path = path
    this.#largest = largest
    this.#kept = kept
    this.#lull = lull
    this.#lock = lock
  }

  /** The hash of the last line. */
  get head(): string {
    return this.#hash
  }

  /** Resolves when it is written (not synced). `isUrgent`: somebody waits for that. Fails with storage_failed. */
  append(entry: AuditEntry, isUrgent = true): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length >= maxWaiting) {
        reject(this.#failure(new Failure('storage_failed', 'what was to be written before still waits')))
        return
      }
      this.#waiting.push({ entry, isUrgent, resolve, reject })
      if (isUrgent) this.#hurry()
      this.#writing ??= this.#write()
    })
  }

  /** Resolves when all is written. */
  async close(): Promise<void> {
    this.#isClosing = true
    this.#hurry()
    await this.#writing
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#waitForOthers()
      let taken: readonly Waiting[] = []
      const take = (): readonly Waiting[] => {
        taken = this.#waiting
        this.#waiting = []
        return taken
      }
      try {
        await this.#writeInTurn(take)
      } catch (error) {
        // What of it has reached the file is looked at before the next line.
        this.#isKnown = false
        const failure = this.#failure(error)
        // Nobody's turn came: all who wait are told.
        for (const { reject } of taken.length > 0 ? taken : take()) reject(failure)
      }
    }
    // In the same turn as the last look: whoever comes next begins anew.
    this.#writing = undefined
  }

  async #waitForOthers(): Promise<void> {
    // Whoever comes in the same turn goes into the same write.
    await Promise.resolve()
    if (this.#lull === 0 || this.#isClosing || this.#isUrgent()) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#lull)
      this.#hurry = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#hurry = () => {}
  }

  #isUrgent(): boolean {
    return this.#waiting.some(({ isUrgent }) => isUrgent)
  }

  async #writeInTurn(take: () => readonly Waiting[]): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
    const release = await this.#lock?.()
    const until = performance.now() + maxTurn
    try {
      let isCut = await this.#lookAgain()
      do {
        const batch = take()
        await this.#writeBatch(
          batch.map(({ entry }) => entry),
          isCut,
        )
        isCut = false
        for (const { resolve } of batch) resolve()
      } while (this.#isUrgent() && performance.now() < until)
    } finally {
      await release?.()
    }
  }

  /** The file is not kept open: a folder that is to be unmounted is nobody's to hold. */
  async #writeBatch(entries: readonly AuditEntry[], isCut: boolean): Promise<void> {
    let [seq, hash] = [this.#seq, this.#hash]
    const lines = entries.map((entry) => {
      seq += 1
      const line = auditLine(entry, seq, hash)
      hash = hashOf(line)
      return `${line}\n`
    })
    const file = await open(this.#path, 'a', 0o600)
    try {
      const { size: before } = await file.stat()
      try {
        // A crash has cut the last line: it stays, and is reported by `verify`.
        await file.appendFile((isCut ? '\n' : '') + lines.join(''))
      } catch (error) {
        // What a full disk has taken of it was never answered.
        await file.truncate(before).catch(() => {})
        throw error
      }
      const { size, ino } = await file.stat()
      this.#left = { size, ino }
    } finally {
      await file.close()
    }
    // Only what is written counts: a write that failed is not part of the chain.
    this.#seq = seq
    this.#hash = hash
    if (this.#left.size >= this.#largest) await this.#rotate()
  }

  /**
   * Another agent may have written since: the chain goes on from where it has ended. From a file that was cut or taken away
   * meanwhile it does not, so that this shows. Whether the last line was cut.
   */
  async #lookAgain(): Promise<boolean> {
    const now = await stat(this.#path).catch(() => undefined)
    const left = this.#left
    if (this.#isKnown && now?.ino === left?.ino && now?.size === left?.size) return false
    const { last, inodes } = await lastLine(this.#path)
    const hasGoneOn = left === undefined || (now?.ino === left.ino ? now.size >= left.size : inodes.has(left.ino))
    if (this.#seq === 0 || (hasGoneOn && last !== undefined)) {
      this.#seq = last?.seq ?? this.#seq
      this.#hash = last === undefined ? firstHash : hashOf(last.bytes)
    }
    this.#isKnown = true
    return last?.isCut === true
  }

  async #rotate(): Promise<void> {
    for (let number = this.#kept; number >= 1; number--) {
      const from = number === 1 ? this.#path : `${this.#path}.${number - 1}`
      await rename(from, `${this.#path}.${number}`).catch((error: unknown) => {
        if (codeOf(error) !== 'ENOENT') throw error
      })
    }
    await rm(`${this.#path}.${this.#kept + 1}`, { force: true })
    this.#left = undefined
  }

  #failure(error: unknown): Failure {
    const what = `the audit log ${this.#path} cannot be written`
    return error instanceof Failure
      ? new Failure('storage_failed', `${what}: ${error.message}`, { cause: error })
      : diskFailure(error, what)
  }
}
