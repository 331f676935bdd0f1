// The audit's files: audit.log, and the ones before it. Lines that come together are written together; a chain goes on over
// rotation and restarts. Whoever can write to the folder can also write a chain anew: the log tells what happened to its user, and
// that nobody has touched it since its last hash was noted.

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { type AuditEntry, auditLine, type AuditRecord, firstHash, parseAuditLine } from '../core/audit.ts'
import { Failure } from '../core/failures.ts'

export interface AuditOptions {
  readonly path: string
  /** Bytes after which the next file is begun. */
  readonly largest?: number
  /** Files kept, without the current one. */
  readonly kept?: number
}

const hashOf = (line: string): string => createHash('sha256').update(line).digest('hex')
const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error)

export class AuditLog {
  readonly #path: string
  readonly #largest: number
  readonly #kept: number
  #waiting: { readonly entry: AuditEntry; readonly resolve: () => void; readonly reject: (failure: Failure) => void }[] = []
  #writing: Promise<void> | undefined
  #file: FileHandle | undefined
  #size = 0
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

  async close(): Promise<void> {
    await this.#writing
    await this.#file?.close()
    this.#file = undefined
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
        await this.#file?.close().catch(() => {})
        this.#file = undefined
        const failure = new Failure('storage_failed', `the audit log ${this.#path} cannot be written: ${codeOf(error)}`, {
          cause: error,
        })
        for (const { reject } of batch) reject(failure)
      }
    }
  }

  async #writeBatch(entries: readonly AuditEntry[]): Promise<void> {
    const file = await this.#open()
    let [seq, hash] = [this.#seq, this.#hash]
    const lines = entries.map((entry) => {
      seq += 1
      const line = auditLine(entry, seq, hash)
      hash = hashOf(line)
      return `${line}\n`
    })
    const text = Buffer.from(lines.join(''))
    await file.write(text)
    // Only what is written counts: a write that failed is not part of the chain.
    this.#seq = seq
    this.#hash = hash
    this.#size += text.length
    if (this.#size >= this.#largest) await this.#rotate()
  }

  async #open(): Promise<FileHandle> {
    if (this.#file !== undefined) return this.#file
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
    const last = await lastLine(await auditFiles(this.#path))
    this.#seq = last?.seq ?? this.#seq
    this.#hash = last === undefined ? firstHash : hashOf(last.text)
    const file = await open(this.#path, 'a', 0o600)
    this.#size = (await file.stat()).size
    // A crash, or a full disk, has cut the last line: it stays, and is reported by `verify`.
    if (last?.isCut === true) await file.write('\n')
    this.#file = file
    return file
  }

  async #rotate(): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
    for (let number = this.#kept; number >= 1; number--) {
      const from = number === 1 ? this.#path : `${this.#path}.${number - 1}`
      await rename(from, `${this.#path}.${number}`).catch((error: unknown) => {
        if (codeOf(error) !== 'ENOENT') throw error
      })
    }
    await rm(`${this.#path}.${this.#kept + 1}`, { force: true })
  }
}

/** The oldest first. */
export async function auditFiles(path: string): Promise<readonly string[]> {
  const names = await readdir(dirname(path)).catch(() => [])
  const own = basename(path)
  const numbered = names.flatMap((name) => {
    const number = name === own ? 0 : name.startsWith(`${own}.`) ? Number(name.slice(own.length + 1)) : Number.NaN
    return Number.isInteger(number) ? [{ number, path: join(dirname(path), name) }] : []
  })
  return numbered.sort((a, b) => b.number - a.number).map((each) => each.path)
}

interface LastLine {
  readonly text: string
  readonly isCut: boolean
  /** Of the last one that is a record. */
  readonly seq: number | undefined
}

async function lastLine(files: readonly string[]): Promise<LastLine | undefined> {
  for (const path of files.toReversed()) {
    const { size } = await stat(path)
    if (size === 0) continue
    const file = await open(path, 'r')
    try {
      const length = Math.min(size, 64 * 1024)
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length)
      const isCut = buffer.at(-1) !== 0x0a
      const lines = buffer.toString().replace(/\n$/, '').split('\n')
      const seq = lines.map((line) => parseAuditLine(line)?.seq).findLast((number) => number !== undefined)
      return { text: lines.at(-1) ?? '', isCut, seq }
    } finally {
      await file.close()
    }
  }
  return undefined
}

export interface AuditProblem {
  readonly file: string
  readonly line: number
  readonly text: string
}

export interface AuditCheck {
  readonly lines: number
  readonly head: string
  readonly problems: readonly AuditProblem[]
}

/** Every line in its place and bound to the one before; the first that is kept is believed. */
export async function verifyAudit(path: string): Promise<AuditCheck> {
  const problems: AuditProblem[] = []
  let lines = 0
  let head = firstHash
  let seq: number | undefined
  for (const file of await auditFiles(path)) {
    let number = 0
    for await (const text of linesOf(file)) {
      number += 1
      lines += 1
      const say = (what: string): void => void problems.push({ file, line: number, text: what })
      const record = parseAuditLine(text)
      if (record === undefined) say('is not a record: cut, or written by somebody else')
      else if (seq !== undefined || head !== firstHash) {
        if (record.prev !== head) say('does not follow the line before: that one was changed, or lines were taken out or put in')
        else if (seq !== undefined && record.seq !== seq + 1) say(`has number ${record.seq} in place of ${seq + 1}`)
      }
      seq = record?.seq ?? seq
      head = hashOf(text)
    }
  }
  return { lines, head, problems }
}

export async function* readAudit(path: string): AsyncGenerator<AuditRecord & { readonly text: string }> {
  for (const file of await auditFiles(path)) {
    for await (const text of linesOf(file)) {
      const record = parseAuditLine(text)
      if (record !== undefined) yield { ...record, text }
    }
  }
}

const linesOf = (file: string): AsyncIterable<string> => createInterface({ input: createReadStream(file), crlfDelay: Infinity })
