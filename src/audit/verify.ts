// Verifies the audit log: each record is bound to the one before, and the first one is the first ever written or the one that the
// log itself names as the first that was kept (S12).

import { type AuditFile, defaultKeptFiles, defaultMaxBytes, withAuditFiles } from './files.ts'
import { hashOf, linesOf } from './lines.ts'
import { type AuditRecord, firstHash, type FirstKept, parseAuditLine } from './record.ts'

interface AuditProblem {
  readonly file: string
  /** From 1; 0: the file as a whole. */
  readonly line: number
  readonly text: string
}

export interface AuditCheck {
  readonly lines: number
  /** The hash of the last line. */
  readonly head: string
  readonly problems: readonly AuditProblem[]
}

export interface VerifyOptions {
  readonly keptFiles?: number
  readonly maxBytes?: number
}

export function verifyAudit(path: string, options: VerifyOptions = {}): Promise<AuditCheck> {
  return withAuditFiles(path, async ({ files, refused }) => {
    const problems: AuditProblem[] = refused.map(({ path: file, why }) => ({ file, line: 0, text: why }))
    let lines = 0
    let head = firstHash
    let first: { readonly file: AuditFile; readonly record: AuditRecord | undefined } | undefined
    let noted: FirstKept | undefined
    let seq: number | undefined
    for (const file of files) {
      let number = 0
      for await (const { bytes } of linesOf(file.handle)) {
        number += 1
        lines += 1
        const record = parseAuditLine(bytes.toString())
        const problem = lines === 1 ? undefined : problemOf(record, head, seq)
        if (record === undefined) problems.push({ file: file.path, line: number, text: notARecord })
        else if (problem !== undefined) problems.push({ file: file.path, line: number, text: problem })
        first ??= { file, record }
        noted = record?.first ?? noted
        seq = record?.seq ?? seq
        head = hashOf(bytes)
      }
    }
    if (first?.record !== undefined && !isRightStart(first.record, noted, files, options)) {
      const text = `is the first and has number ${first.record.seq}: what stood before it is gone`
      problems.unshift({ file: first.file.path, line: 1, text })
    }
    return { lines, head, problems }
  })
}

const notARecord = 'is not a record: cut, or written by another program'

function problemOf(record: AuditRecord | undefined, head: string, seq: number | undefined): string | undefined {
  if (record === undefined) return undefined
  if (record.prev !== head) {
    return 'does not follow the line before: that one was changed, or lines were taken out or put in'
  }
  return seq !== undefined && record.seq !== seq + 1 ? `has number ${record.seq} instead of ${seq + 1}` : undefined
}

function isRightStart(
  { seq, prev }: AuditRecord,
  noted: FirstKept | undefined,
  files: readonly AuditFile[],
  { keptFiles = defaultKeptFiles, maxBytes = defaultMaxBytes }: VerifyOptions,
): boolean {
  if (seq === 1) return prev === firstHash
  // Rotation names the first line that it keeps before it removes the others: older lines may still be there.
  if (noted !== undefined) return seq < noted.seq || (seq === noted.seq && prev === noted.prev)
  // Versions before that left no note. They kept so many files of full size, without a gap.
  const rotated = files.filter(({ number }) => number > 0)
  const isFull = rotated.length === keptFiles && rotated.every(({ number, size }) => number <= keptFiles && size >= maxBytes)
  return isFull
}
