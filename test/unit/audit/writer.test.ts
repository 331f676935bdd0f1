// The audit's chain: it goes on over restarts and rotation, and shows every change. Its writer loses nothing that it has answered.

import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AuditLog } from '../../../src/audit/writer.ts'
import { matchesFilter } from '../../../src/audit/filter.ts'
import { readAudit } from '../../../src/audit/reader.ts'
import type { AuditEntry } from '../../../src/audit/record.ts'
import { verifyAudit } from '../../../src/audit/verify.ts'

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'authsock-audit-'))
  path = join(folder, 'audit.log')
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const entry = (number: number, over: Partial<AuditEntry> = {}): AuditEntry => ({
  at: 1_800_000_000_000 + number,
  event: 'issued',
  request: 'token',
  profile: `p${number % 3}`,
  target: { scope: ['read'] },
  caller: { container: { kind: 'none' }, uid: 1, pid: number, executable: '/usr/bin/git', parents: [] },
  channel: number % 2 === 0 ? { kind: 'main' } : { kind: 'share', share: 'devbox' },
  ...over,
})

async function write(count: number, from = 0, options = {}): Promise<AuditLog> {
  const log = new AuditLog({ path, ...options })
  await Promise.all(Array.from({ length: count }, (_, index) => log.append(entry(from + index))))
  return log
}

test('L6 a chain over restarts; what is in a line', async () => {
  await (await write(3)).close()
  const second = await write(2, 3)
  await second.close()
  const { lines, head, problems } = await verifyAudit(path)
  expect([lines, head, problems]).toEqual([5, second.head, []])
  const [first] = readFileSync(path, 'utf8').split('\n')
  expect(JSON.parse(first ?? '')).toEqual({
    seq: 1,
    at: 1_800_000_000_000,
    event: 'issued',
    request: 'token',
    profile: 'p0',
    scope: 'read',
    caller: { uid: 1, pid: 0, executable: '/usr/bin/git', container: 'none' },
    prev: '0'.repeat(64),
  })
})

test('L6 lines wait a moment for others, unless somebody waits for one, or the agent ends', async () => {
  const log = new AuditLog({ path, delayMs: 60_000 })
  const done: number[] = []
  const append = (number: number, isUrgent: boolean): Promise<void> =>
    log.append(entry(number), isUrgent).then(() => void done.push(number))
  const [first, second] = [append(1, false), append(2, false)]
  await pause(50)
  expect([done, existsSync(path)]).toEqual([[], false])
  await append(3, true)
  await Promise.all([first, second])
  expect(new Set(done)).toEqual(new Set([1, 2, 3]))
  const last = append(4, false)
  await log.close()
  await last
  const { lines, problems } = await verifyAudit(path)
  expect([lines, problems]).toEqual([4, []])
})

test('L6 what cannot be told of a caller is said to be unknown', async () => {
  const log = new AuditLog({ path })
  await log.append(entry(1, { caller: { container: { kind: 'unknown' }, uid: 1, parents: [] } }))
  await log.close()
  expect(JSON.parse(readFileSync(path, 'utf8'))).toHaveProperty('caller', {
    uid: 1,
    executable: 'unknown',
    container: 'unknown',
  })
})

test('L6 rotation goes on with the chain, and keeps so many', async () => {
  for (let round = 0; round < 12; round++) await (await write(20, round * 20, { maxBytes: 2_000, keptFiles: 3 })).close()
  const files = readdirSync(folder)
  expect(files.length).toBeLessThanOrEqual(4)
  expect(files.length).toBeGreaterThan(2)
  expect((await verifyAudit(path, { keptFiles: 3 })).problems).toEqual([])
})

test('L6 every change of a line, every line taken out, put in or exchanged is noticed', async () => {
  await (await write(8)).close()
  const sound = readFileSync(path, 'utf8')
  const lines = sound.trimEnd().split('\n')
  const tamperings = fc.oneof(
    fc.nat(sound.length - 2).map((at) => sound.slice(0, at) + (sound[at] === 'x' ? 'y' : 'x') + sound.slice(at + 1)),
    fc.integer({ min: 1, max: 6 }).map((at) => `${lines.toSpliced(at, 1).join('\n')}\n`),
    fc.integer({ min: 1, max: 7 }).map((at) => `${lines.toSpliced(at, 0, lines[at - 1] ?? '').join('\n')}\n`),
    fc.integer({ min: 0, max: 6 }).map(
      (at) =>
        `${lines
          .with(at, lines[at + 1] ?? '')
          .with(at + 1, lines[at] ?? '')
          .join('\n')}\n`,
    ),
  )
  await fc.assert(
    fc.asyncProperty(tamperings, async (text) => {
      writeFileSync(path, text)
      const { head, problems } = await verifyAudit(path)
      // A change of the last line shows in the head alone.
      writeFileSync(path, sound)
      const { head: known } = await verifyAudit(path)
      expect(problems.length > 0 || head !== known).toBe(true)
    }),
    { numRuns: 200 },
  )
})

test('a line that a crash has cut is reported, and the chain goes on', async () => {
  await (await write(2)).close()
  appendFileSync(path, '{"seq":3,"at":18')
  await (await write(2, 2)).close()
  const { problems, lines } = await verifyAudit(path)
  expect(lines).toBe(5)
  expect(problems.map(({ line, text }) => [line, text])).toEqual([[3, expect.stringContaining('is not a record')]])
})

test('a place that cannot be written: every one who waits is told, and it is written again when it can', async () => {
  writeFileSync(join(folder, 'file'), '')
  const log = new AuditLog({ path: join(folder, 'file', 'audit.log') })
  const results = await Promise.allSettled([log.append(entry(1)), log.append(entry(1))])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await expect(log.append(entry(1))).rejects.toMatchObject({ code: 'storage_failed' })
  rmSync(join(folder, 'file'))
  await log.append(entry(2))
  await log.close()
  expect((await verifyAudit(join(folder, 'file', 'audit.log'))).lines).toBe(1)
})

test('searching', async () => {
  await (await write(12)).close()
  const found: number[] = []
  for await (const record of readAudit(path))
    if (matchesFilter(record, { profile: 'p1', share: 'devbox' })) found.push(record.seq)
  expect(found).toEqual([2, 8])
})
