// The audit's files: audit.log, and the ones before it. Lines that come together are written together; a chain goes on over
// rotation and restarts. Whoever can write to the folder can also write a chain anew: the log tells what happened to its user, and
// that nobody has touched it since its last hash was noted.

import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type AuditEntry, auditLine, firstHash } from '../core/audit.ts'
import { Failure } from '../core/failures.ts'
import { auditFiles, hashOf, lastLine } from '../platform/audit-files.ts'

export interface AuditOptions {
  readonly path: string
  /** Bytes after which the next file is begun. */
  readonly largest?: number
  /** Files kept, without the current one. */
  readonly kept?: number
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error)

export class AuditLog {
  readonly #path: string
  readonly #largest: number
  readonly #kept: number
  #waiting: { readonly entry: AuditEntry; readonly resolve: () => void; readonly reject: (failure: Failure) => void }[] = []
  #writing: Promise<void> | undefined
  /** Seq and hash are those of the files' last line. */
  #isKnown = false
  #seq = 0
  #hash = firstHash

  constructor({ path, largest = 8 * 1024 * 1024, kept = 9 }: AuditOptions) {
    this.#path = path
    this.#largest = largest
    this.#kept = kept
  }

  /** The hash of the last line. */
  get head(): string {
    return this.#hash
  }

  /** Resolves when it is written (not synced). Fails with storage_failed. */
  append(entry: AuditEntry): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject })
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined
      })
    })
  }

  /** Resolves when all is written. */
  async close(): Promise<void> {
    await this.#writing
  }

  async #write(): Promise<void> {
    // Whoever comes in the same turn goes into the same write.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      try {
        await this.#writeBatch(batch.map(({ entry }) => entry))
        for (const { resolve } of batch) resolve()
      } catch (error) {
        // What of it has reached the file is looked at before the next line.
        this.#isKnown = false
        const failure = new Failure('storage_failed', `the audit log ${this.#path} cannot be written: ${codeOf(error)}`, {
          cause: error,
        })
        for (const { reject } of batch) reject(failure)
      }
    }
  }

  /** The file is not kept open: a folder that is to be unmounted is nobody's to hold. */
  async #writeBatch(entries: readonly AuditEntry[]): Promise<void> {
    const isCut = this.#isKnown ? false : await this.#goOn()
    let [seq, hash] = [this.#seq, this.#hash]
    const lines = entries.map((entry) => {
      seq += 1
      const line = auditLine(entry, seq, hash)
      hash = hashOf(line)
      return `${line}\n`
    })
    const file = await open(this.#path, 'a', 0o600)
    let size: number
    try {
      // A crash, or a full disk, has cut the last line: it stays, and is reported by `verify`.
      await file.write(Buffer.from((isCut ? '\n' : '') + lines.join('')))
      size = (await file.stat()).size
    } finally {
      await file.close()
    }
    // Only what is written counts: a write that failed is not part of the chain.
    this.#seq = seq
    this.#hash = hash
    if (size >= this.#largest) await this.#rotate()
  }

  /** From where the files end; whether their last line was cut. */
  async #goOn(): Promise<boolean> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
    const last = await lastLine(await auditFiles(this.#path))
    this.#seq = last?.seq ?? this.#seq
    this.#hash = last === undefined ? firstHash : hashOf(last.text)
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
  }
}
