// Writes the audit log. Lines that arrive together are written together; the chain goes on over rotation, restarts, and the agents
// that share a home. Who can write to the folder can also write a whole chain anew: the log shows what happened to its user, and
// that no other program has touched it since its last hash was noted.

import { constants } from 'node:fs'
import { lstat, mkdir, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Failure } from '../core/failures.ts'
import { diskFailure } from '../platform/fs/disk.ts'
import { openOwnFile } from '../platform/fs/own-file.ts'
import { type AuditFile, defaultKeptFiles, defaultMaxBytes, openAuditFile, pathOf } from './files.ts'
import { hashOf, type LastLine, lastLineOf, linesOf } from './lines.ts'
import { type AuditEntry, auditLine, firstHash, type FirstKept, parseAuditLine } from './record.ts'

export interface AuditLogOptions {
  readonly path: string
  /** A file of this size is rotated. */
  readonly maxBytes?: number
  /** Files kept, without the current one. */
  readonly keptFiles?: number
  /** How long a line that no one waits for may wait for others. */
  readonly delayMs?: number
  /** Taken around each write, among all agents that write to the log. Gives its release. */
  readonly lock?: () => Promise<() => Promise<void>>
}

interface Pending {
  readonly entry: AuditEntry
  readonly isUrgent: boolean
  readonly resolve: () => void
  readonly reject: (failure: Failure) => void
}

/** Entries that may wait while the disk hangs. */
const maxPending = 10_000
/** How long the lock is kept while urgent lines keep arriving. */
const maxTurnMs = 100
/** How long `close` waits for a disk or a lock that hangs. */
const closeTimeoutMs = 5_000

/** The end of the chain, and the file as this process left it; undefined if there was none. */
interface ChainEnd {
  readonly seq: number
  readonly hash: string
  readonly file: { readonly ino: number; readonly size: number } | undefined
}

export class AuditLog {
  readonly #path: string
  readonly #maxBytes: number
  readonly #keptFiles: number
  readonly #delayMs: number
  readonly #lock: AuditLogOptions['lock']
  #pending: Pending[] = []
  #writing: Promise<void> | undefined
  #endDelay = (): void => {}
  #isClosing = false
  #end: ChainEnd = { seq: 0, hash: firstHash, file: undefined }
  /** `#end` is what the files end with, unless another process has written since. */
  #isEndKnown = false

  constructor({ path, maxBytes = defaultMaxBytes, keptFiles = defaultKeptFiles, delayMs = 0, lock }: AuditLogOptions) {
    this.#path = path
    this.#maxBytes = maxBytes
    this.#keptFiles = keptFiles
    this.#delayMs = delayMs
    this.#lock = lock
  }

  /** The hash of the last line. */
  get head(): string {
    return this.#end.hash
  }

  /** Resolves when the line is written (not synced). `isUrgent`: the caller waits for it. Fails with storage_failed. */
  append(entry: AuditEntry, isUrgent = true): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#pending.length >= maxPending) {
        reject(this.#failure(new Failure('storage_failed', `${maxPending} earlier lines are still waiting`)))
        return
      }
      this.#pending.push({ entry, isUrgent, resolve, reject })
      if (isUrgent) this.#endDelay()
      this.#writing ??= this.#write()
    })
  }

  /** Resolves when all lines are written, or after five seconds: a stop does not wait for a disk that hangs (S8). */
  async close(timeoutMs = closeTimeoutMs): Promise<void> {
    this.#isClosing = true
    this.#endDelay()
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs)
    })
    await Promise.race([this.#writing, timeout])
    clearTimeout(timer)
    for (const { reject } of this.#take()) reject(this.#failure(new Failure('storage_failed', 'the agent is stopping')))
  }

  async #write(): Promise<void> {
    while (this.#pending.length > 0) {
      await this.#delay()
      let taken: readonly Pending[] = []
      const take = (): readonly Pending[] => (taken = this.#take())
      try {
        await this.#writeInTurn(take)
      } catch (error) {
        // How much of it has reached the file is checked before the next line.
        this.#isEndKnown = false
        const failure = this.#failure(error)
        // If the turn was never reached, all that wait are told.
        for (const { reject } of taken.length > 0 ? taken : take()) reject(failure)
      }
    }
    // In the same turn of the event loop as the last check of the queue: the next line starts a new write.
    this.#writing = undefined
  }

  #take(): readonly Pending[] {
    const taken = this.#pending
    this.#pending = []
    return taken
  }

  async #delay(): Promise<void> {
    // Lines of the same turn of the event loop are written together.
    await Promise.resolve()
    if (this.#delayMs === 0 || this.#isClosing || this.#hasUrgent()) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#delayMs)
      this.#endDelay = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#endDelay = () => {}
  }

  #hasUrgent(): boolean {
    return this.#pending.some(({ isUrgent }) => isUrgent)
  }

  async #writeInTurn(take: () => readonly Pending[]): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
    const release = await this.#lock?.()
    const deadline = performance.now() + maxTurnMs
    try {
      let isCut = await this.#findEnd()
      do {
        const batch = take()
        await this.#writeLines(
          batch.map(({ entry }) => entry),
          isCut,
        )
        isCut = false
        for (const { resolve } of batch) resolve()
        if ((this.#end.file?.size ?? 0) >= this.#maxBytes) await this.#rotate(batch.at(-1)?.entry.at ?? 0)
      } while (this.#hasUrgent() && performance.now() < deadline)
    } finally {
      await release?.()
    }
  }

  /** The file is not kept open, so that its file system can be unmounted. */
  async #writeLines(entries: readonly AuditEntry[], isCut: boolean): Promise<void> {
    let { seq, hash } = this.#end
    const lines = entries.map((entry) => {
      seq += 1
      const line = auditLine(entry, seq, hash)
      hash = hashOf(line)
      return `${line}\n`
    })
    const file = await openOwnFile(this.#path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT)
    try {
      const { size: before } = await file.stat()
      try {
        // A line that a crash has cut stays, and `verify` reports it.
        await file.appendFile((isCut ? '\n' : '') + lines.join(''))
      } catch (error) {
        // What a full disk has taken of it was not acknowledged.
        await file.truncate(before).catch(() => {})
        throw error
      }
      const { size, ino } = await file.stat()
      // Only what is written counts: a write that failed is not part of the chain.
      this.#end = { seq, hash, file: { size, ino } }
    } finally {
      await file.close()
    }
  }

  /**
   * Another agent may have written since: the chain continues from where it ended. If the file was cut or removed meanwhile it
   * does not, so that this shows. Gives whether the last line is cut.
   */
  async #findEnd(): Promise<boolean> {
    const { seq, file: left } = this.#end
    const now = await lstat(this.#path).catch(() => undefined)
    if (this.#isEndKnown && now?.ino === left?.ino && now?.size === left?.size) return false
    const { last, inodes } = await this.#lastLine()
    const continues = left === undefined || (now?.ino === left.ino ? now.size >= left.size : inodes.has(left.ino))
    const file = now === undefined ? undefined : { ino: now.ino, size: now.size }
    if (seq === 0 || (continues && last !== undefined)) {
      this.#end = { seq: last?.seq ?? seq, hash: last === undefined ? firstHash : hashOf(last.bytes), file }
    } else this.#end = { ...this.#end, file: left }
    this.#isEndKnown = true
    return last?.isCut === true
  }

  /** Of the newest file that has one; and the inodes of all files. */
  async #lastLine(): Promise<{ readonly last: LastLine | undefined; readonly inodes: ReadonlySet<number> }> {
    const inodes = new Set<number>()
    let last: LastLine | undefined
    for (let number = 0; number <= this.#keptFiles + 1; number++) {
      const path = pathOf(this.#path, number)
      const stats = await lstat(path).catch(() => undefined)
      // An older file that is not one of ours is skipped: the chain shows that it is missing. audit.log itself is refused.
      if (stats === undefined || (number > 0 && !stats.isFile())) continue
      inodes.add(stats.ino)
      if (last !== undefined || stats.size === 0) continue
      const read = withFile(path, number, lastLineOfFile)
      last = await (number === 0 ? read : read.catch(() => undefined))
    }
    return { last, inodes }
  }

  /** Names the first line that stays, then moves each file to the next number; the oldest goes. */
  async #rotate(at: number): Promise<void> {
    const first = await this.#firstKept()
    if (first !== undefined && first.seq !== 1) await this.#writeLines([{ at, event: 'rotated', first }], false)
    for (let number = this.#keptFiles; number >= 1; number--) {
      await rename(pathOf(this.#path, number - 1), pathOf(this.#path, number)).catch(ignoreMissing)
    }
    this.#end = { ...this.#end, file: undefined }
  }

  /** The first line of the file that will be the oldest. */
  async #firstKept(): Promise<FirstKept | undefined> {
    for (let number = this.#keptFiles - 1; number >= 0; number--) {
      const first = await withFile(pathOf(this.#path, number), number, firstLineOfFile).catch(() => undefined)
      if (first !== undefined) return first
    }
    return undefined
  }

  #failure(error: unknown): Failure {
    const what = `the audit log ${this.#path} cannot be written`
    return error instanceof Failure
      ? new Failure('storage_failed', `${what}: ${error.message}`, { cause: error })
      : diskFailure(error, what)
  }
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
}

async function withFile<T>(path: string, number: number, work: (file: AuditFile) => Promise<T>): Promise<T | undefined> {
  const file = await openAuditFile(path, number)
  if (file === undefined) return undefined
  try {
    return await work(file)
  } finally {
    await file.handle.close()
  }
}

const lastLineOfFile = ({ handle, size }: AuditFile): Promise<LastLine> => lastLineOf(handle, size)

async function firstLineOfFile({ handle }: AuditFile): Promise<FirstKept | undefined> {
  for await (const { bytes } of linesOf(handle)) {
    const record = parseAuditLine(bytes.toString())
    return record && { seq: record.seq, prev: record.prev }
  }
  return undefined
}
