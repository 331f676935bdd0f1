// The lines of one file of the audit log, forwards and from its end. A line ends at its newline, and nowhere else.

import { hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { parseAuditLine } from './record.ts'

const chunkBytes = 64 * 1024
const newline = 0x0a
/** A reader waits this often, and so long each time, for the rest of a line that is being written. */
const unfinishedTries = 5
const unfinishedWaitMs = 20

/** Of a line without its newline. */
export const hashOf = (line: string | Uint8Array): string => hash('sha256', line, 'hex')

export interface Line {
  readonly bytes: Buffer
  /** Where the next line begins in the file. */
  readonly end: number
  /** It has no newline: cut by a crash, or not written to its end yet. */
  readonly isCut: boolean
}

export async function* linesOf(handle: FileHandle, from = 0): AsyncGenerator<Line> {
  const buffer = Buffer.alloc(chunkBytes)
  let rest: Buffer[] = []
  let [position, tries] = [from, 0]
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, chunkBytes, position)
    if (bytesRead === 0) {
      if (rest.length === 0) return
      if (tries++ < unfinishedTries) {
        await pause(unfinishedWaitMs)
        continue
      }
      yield { bytes: Buffer.concat(rest), end: position, isCut: true }
      return
    }
    const [first = Buffer.alloc(0), ...more] = split(Buffer.from(buffer.subarray(0, bytesRead)))
    rest.push(first)
    let end = position + first.length
    position += bytesRead
    for (const next of more) {
      end += 1
      yield { bytes: Buffer.concat(rest), end, isCut: false }
      rest = [next]
      end += next.length
    }
    if (rest.every(({ length }) => length === 0)) rest = []
  }
}

export interface LastLine {
  readonly bytes: Uint8Array
  readonly isCut: boolean
  /** Of the last line that is a record. */
  readonly seq: number | undefined
}

/** Reads backwards until it has a whole record, and nothing of the line before it. */
export async function lastLineOf(handle: FileHandle, size: number): Promise<LastLine> {
  for (let length = Math.min(size, chunkBytes); ; length = Math.min(size, length * 4)) {
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length)
    const isCut = buffer.at(-1) !== newline
    const lines = split(isCut ? buffer : buffer.subarray(0, -1))
    // The first of them may have begun earlier.
    const whole = length === size ? lines : lines.slice(1)
    const seq = whole.map((line) => parseAuditLine(line.toString())?.seq).findLast((number) => number !== undefined)
    if (length === size || seq !== undefined) return { bytes: lines.at(-1) ?? Buffer.alloc(0), isCut, seq }
  }
}

function split(bytes: Buffer): readonly Buffer[] {
  const lines: Buffer[] = []
  let from = 0
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, from)) {
    lines.push(bytes.subarray(from, at))
    from = at + 1
  }
  return [...lines, bytes.subarray(from)]
}
