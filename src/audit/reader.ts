// The audit's files as they lie there: read, searched and verified by whoever may read them, whether an agent runs or not, and
// while it writes and rotates them.

import { hash } from 'node:crypto'
import { type FileHandle, open, readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type AuditRecord, firstHash, parseAuditLine } from './record.ts'

/** Files that are kept, without the current one. */
export const keptFiles = 9
const chunk = 64 * 1024
const newline = 0x0a

/** Of a line without its end. */
export const hashOf = (line: string | Uint8Array): string => hash('sha256', line, 'hex')

interface AuditFile {
  readonly path: string
  readonly number: number
  readonly handle: FileHandle
  /** Of this making of the file: the number of one that is gone may be another's. */
  readonly id: string
  readonly ino: number
  readonly size: number
}

/** Opens them all, the oldest first. To be closed. */
async function openAll(path: string): Promise<readonly AuditFile[]> {
  const names = await readdir(dirname(path)).catch(() => [])
  const own = `${basename(path)}.`
  const numbers = names.map((name) =>
    name.startsWith(own) && /^[1-9]\d*$/.test(name.slice(own.length)) ? name.slice(own.length) : 0,
  )
  const files = new Map<string, AuditFile>()
  // Rotation moves a file to the next number: opened in this order it may be met twice, and is never missed.
  for (let number = 0; number <= Math.max(0, ...numbers.map(Number)) + 2; number++) {
    const name = number === 0 ? path : join(dirname(path), `${own}${number}`)
    const handle = await open(name, 'r').catch(ignoreAbsent)
    if (handle === undefined) continue
    const { ino, birthtimeNs, size } = await handle.stat({ bigint: true })
    const id = `${ino}-${birthtimeNs}`
    await files.get(id)?.handle.close()
    files.delete(id)
    files.set(id, { path: name, number, handle, id, ino: Number(ino), size: Number(size) })
  }
  return [...files.values()].toReversed()
}

const ignoreAbsent = (error: NodeJS.ErrnoException): undefined => {
  if (error.code !== 'ENOENT') throw error
}

async function withFiles<T>(path: string, work: (files: readonly AuditFile[]) => Promise<T>): Promise<T> {
  const files = await openAll(path)
  try {
    return await work(files)
  } finally {
    await Promise.all(files.map(({ handle }) => handle.close()))
  }
}

interface LastLine {
  readonly bytes: Uint8Array
  readonly isCut: boolean
  /** Of the last one that is a record. */
  readonly seq: number | undefined
}

/** Of the newest file that has one; and the numbers of the files. */
export function lastLine(path: string): Promise<{ readonly last: LastLine | undefined; readonly inodes: ReadonlySet<number> }> {
  return withFiles(path, async (files) => {
    const inodes = new Set(files.map(({ ino }) => ino))
    for (const { handle, size } of files.toReversed()) if (size > 0) return { last: await lastOf(handle, size), inodes }
    return { last: undefined, inodes }
  })
}

/** Reads backwards until there is a whole record, and nothing of the line before it. */
async function lastOf(handle: FileHandle, size: number): Promise<LastLine> {
  for (let length = Math.min(size, chunk); ; length = Math.min(size, length * 4)) {
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length)
    const isCut = buffer.at(-1) !== newline
    const lines = split(isCut ? buffer : buffer.subarray(0, -1))
    // The first of them may have begun before.
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

interface Line {
  readonly bytes: Buffer
  /** Of the file, behind it. */
  readonly end: number
  /** Without a line's end: cut, or not all of it written yet. */
  readonly isCut: boolean
}

/** A line ends where its newline is, and nowhere else. */
async function* linesOf({ handle }: AuditFile, from = 0): AsyncGenerator<Line> {
  const buffer = Buffer.alloc(chunk)
  let rest: Buffer[] = []
  let [position, tries] = [from, 0]
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, chunk, position)
    if (bytesRead === 0) {
      if (rest.length === 0) return
      // Its writer may be at it.
      if (tries++ < 5) {
        await pause(20)
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

/** Every line in its place and bound to the one before; the first that is kept is believed, where others were rotated away. */
export function verifyAudit(path: string, kept = keptFiles): Promise<AuditCheck> {
  return withFiles(path, async (files) => {
    const problems: AuditProblem[] = []
    let lines = 0
    let head = firstHash
    let seq: number | undefined
    for (const file of files) {
      let number = 0
      for await (const { bytes } of linesOf(file)) {
        number += 1
        lines += 1
        const say = (what: string): void => void problems.push({ file: file.path, line: number, text: what })
        const record = parseAuditLine(bytes.toString())
        if (record === undefined) say('is not a record: cut, or written by somebody else')
        else if (lines > 1) {
          if (record.prev !== head)
            say('does not follow the line before: that one was changed, or lines were taken out or put in')
          else if (seq !== undefined && record.seq !== seq + 1) say(`has number ${record.seq} in place of ${seq + 1}`)
        } else if (record.seq !== 1 && file.number < kept)
          say(`is the first and has number ${record.seq}: what stood before it is gone`)
        seq = record?.seq ?? seq
        head = hashOf(bytes)
      }
    }
    return { lines, head, problems }
  })
}

/** `places`: up to where each file was read; given again, only what is new is read. */
export async function* readAudit(
  path: string,
  places = new Map<string, number>(),
): AsyncGenerator<AuditRecord & { readonly text: string }> {
  const files = await openAll(path)
  try {
    for (const id of places.keys()) if (!files.some((file) => file.id === id)) places.delete(id)
    for (const file of files) {
      const known = places.get(file.id) ?? 0
      if (known === file.size) continue
      for await (const { bytes, end, isCut } of linesOf(file, known > file.size ? 0 : known)) {
        if (isCut) continue
        places.set(file.id, end)
        const text = bytes.toString()
        const record = parseAuditLine(text)
        if (record !== undefined) yield { ...record, text }
      }
    }
  } finally {
    await Promise.all(files.map(({ handle }) => handle.close()))
  }
}
