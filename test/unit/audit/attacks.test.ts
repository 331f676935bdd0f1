// FINDINGS S8 and S12: an attacker who can write to the folder of the audit log adds files to it, and cuts its start.

import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readAudit } from '../../../src/audit/reader.ts'
import type { AuditEntry } from '../../../src/audit/record.ts'
import { verifyAudit } from '../../../src/audit/verify.ts'
import { AuditLog, type AuditLogOptions } from '../../../src/audit/writer.ts'

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'authsock-audit-'))
  path = join(folder, 'audit.log')
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const entry = (number: number): AuditEntry => ({ at: 1_800_000_000_000 + number, event: 'issued', profile: `p${number}` })

async function write(count: number, options: Partial<AuditLogOptions> = {}): Promise<AuditLog> {
  const log = new AuditLog({ path, ...options })
  for (let number = 0; number < count; number++) await log.append(entry(number))
  return log
}

async function records(): Promise<number> {
  let count = 0
  for await (const _ of readAudit(path)) count += 1
  return count
}

describe('S8 files that are not of the log', () => {
  test.each(['20261127', '1000', '99999999999999999999', '01', '0', '-1', '1e3', '5.gz', 'bak'])(
    'audit.log.%s is ignored',
    async (name) => {
      const log = await write(3)
      writeFileSync(`${path}.${name}`, 'nothing of ours\n')
      await log.append(entry(4))
      const later = await write(2)
      expect([await records(), (await verifyAudit(path)).problems]).toEqual([6, []])
      await Promise.all([log.close(), later.close()])
    },
  )

  test.skipIf(process.platform === 'win32').each([
    ['a pipe', (name: string) => execFileSync('mkfifo', ['-m', '600', name])],
    ['a link to a device', (name: string) => symlinkSync('/dev/zero', name)],
    ['a folder', (name: string) => mkdirSync(name)],
    ['a file that others can write to', (name: string) => (writeFileSync(name, '{}\n'), chmodSync(name, 0o666))],
  ])('%s with a number of the log: written past, read past, reported', async (_, make) => {
    const log = await write(3)
    for (const number of [1, 2, 9]) make(`${path}.${number}`)
    await log.append(entry(4))
    await (await write(1)).close()
    await log.close()
    expect(await records()).toBe(5)
    const { problems } = await verifyAudit(path)
    expect(problems.map(({ file, line }) => [file, line])).toEqual([1, 2, 9].map((number) => [`${path}.${number}`, 0]))
  })

  test.skipIf(process.platform === 'win32').each([
    ['a pipe', (name: string) => execFileSync('mkfifo', ['-m', '600', name])],
    ['a link', (name: string) => (writeFileSync(`${name}.target`, ''), symlinkSync(`${name}.target`, name))],
    ['a folder', (name: string) => mkdirSync(name)],
    ['a file that others can write to', (name: string) => (writeFileSync(name, ''), chmodSync(name, 0o666))],
  ])('%s as audit.log: refused at once, and said', async (_, make) => {
    make(path)
    const log = new AuditLog({ path })
    await expect(log.append(entry(1))).rejects.toMatchObject({ code: 'storage_failed' })
    await log.close()
    await expect(records()).rejects.toMatchObject({ code: 'storage_failed' })
    expect((await verifyAudit(path)).problems).toHaveLength(1)
  })

  test('a stop does not wait for a lock that is never given', async () => {
    const log = new AuditLog({ path, lock: () => new Promise(() => {}) })
    const waiting = log.append(entry(1)).catch((error: unknown) => String(error))
    const late = log.append(entry(2)).catch((error: unknown) => String(error))
    await log.close(20)
    expect([await waiting, await late]).toEqual([
      expect.stringContaining('the agent is stopping'),
      expect.stringContaining('the agent is stopping'),
    ])
  })
})

describe('S12 the start of the log', () => {
  const cut = (file: string, lines: number): string => readFileSync(file, 'utf8').split('\n').slice(lines).join('\n')
  const gone = [expect.stringContaining('what stood before it is gone')]
  const texts = async (options = {}) => (await verifyAudit(path, options)).problems.map(({ text }) => text)

  test('cut and given the highest number: the finding', async () => {
    await (await write(20)).close()
    const kept = cut(path, 4)
    rmSync(path)
    writeFileSync(`${path}.9`, kept, { mode: 0o600 })
    expect(await texts()).toEqual(gone)
  })

  test('cut and spread over all numbers', async () => {
    await (await write(20)).close()
    const lines = cut(path, 4).trimEnd().split('\n')
    rmSync(path)
    for (let number = 9; number >= 0; number--) {
      const part = lines.splice(0, number === 0 ? lines.length : 1)
      writeFileSync(number === 0 ? path : `${path}.${number}`, `${part.join('\n')}\n`, { mode: 0o600 })
    }
    expect(await texts()).toEqual(gone)
  })

  describe('after a rotation that has removed lines', () => {
    const options = { maxBytes: 1_000, keptFiles: 3 }
    const oldest = (): string => `${path}.3`

    beforeEach(async () => {
      await (await write(100, options)).close()
      expect(readdirSync(folder)).toContain('audit.log.3')
      expect(await texts({ keptFiles: 3 })).toEqual([])
    })

    test('the log names its first line: a line cut from it shows', async () => {
      writeFileSync(oldest(), cut(oldest(), 1))
      expect(await texts({ keptFiles: 3, maxBytes: 100 })).toEqual(gone)
    })

    test('the oldest file removed, and the others given higher numbers', async () => {
      rmSync(oldest())
      renameSync(`${path}.2`, oldest())
      renameSync(`${path}.1`, `${path}.2`)
      expect(await texts({ keptFiles: 3, maxBytes: 100 })).toEqual(gone)
    })

    test('more lines than the log names are no problem: a crash before the oldest file was removed', async () => {
      for (let round = 0; round < 4; round++) {
        const before = readFileSync(oldest())
        const first = readFileSync(oldest(), 'utf8').split('\n')[0]
        const log = new AuditLog({ path, ...options })
        for (let number = 0; readFileSync(oldest(), 'utf8').split('\n')[0] === first; number++) await log.append(entry(number))
        await log.close()
        writeFileSync(`${path}.4`, before, { mode: 0o600 })
        expect(await texts({ keptFiles: 3 })).toEqual([])
        rmSync(`${path}.4`)
        expect(await texts({ keptFiles: 3 })).toEqual([])
      }
    })
  })

  test('a log of an earlier version, which names no first line: believed only as so many full files without a gap', async () => {
    const log = await write(60)
    await log.close()
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    rmSync(path)
    const files = [3, 2, 1].map(
      (number, index) => [number, `${lines.slice(5 + index * 15, 20 + index * 15).join('\n')}\n`] as const,
    )
    for (const [number, text] of files) writeFileSync(`${path}.${number}`, text, { mode: 0o600 })
    writeFileSync(path, `${lines.slice(50).join('\n')}\n`, { mode: 0o600 })
    const bytes = Math.min(...files.map(([, text]) => text.length))
    expect(await texts({ keptFiles: 3, maxBytes: bytes })).toEqual([])
    expect(await texts({ keptFiles: 3, maxBytes: bytes + 200 })).toEqual(gone)
    expect(await texts({ keptFiles: 4, maxBytes: bytes })).toEqual(gone)
    // From its next rotation on it names one.
    await (await write(20, { keptFiles: 3, maxBytes: 500 })).close()
    expect(await texts({ keptFiles: 3 })).toEqual([])
  })
})
