// The audit's files as they lie there: read, searched and verified by whoever may read them, whether an agent runs or not.

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { type AuditRecord, firstHash, parseAuditLine } from '../core/audit.ts'

export const hashOf = (line: string): string => createHash('sha256').update(line).digest('hex')

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

/** Of the newest file that has one. */
export async function lastLine(files: readonly string[]): Promise<LastLine | undefined> {
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

interface AuditProblem {
  readonly file: string
  readonly line: number
  readonly text: string
}

interface AuditCheck {
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
