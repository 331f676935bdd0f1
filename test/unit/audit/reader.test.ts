// The audit's files under attack and misfortune: several writers, a writer that is killed, files that were edited, exchanged or
// taken away, texts that were made to look like something else, and a reader who follows while they are rotated.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AuditLog, type AuditLogOptions } from '../../../src/audit/writer.ts'
import type { AuditEntry } from '../../../src/audit/record.ts'
import { readAudit } from '../../../src/audit/reader.ts'
import { verifyAudit } from '../../../src/audit/verify.ts'
import { tryLocalLock } from '../../../src/platform/fs/local-lock.ts'
import { sessionLocks } from '../../../src/store/files/locks.ts'
import { Home } from '../../support/home.ts'

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
  profile: 'work',
  caller: { container: { kind: 'none' }, uid: 1, pid: number, executable: '/usr/bin/git', parents: [] },
  channel: { kind: 'main' },
  ...over,
})

async function write(entries: readonly AuditEntry[], options: Partial<AuditLogOptions> = {}): Promise<AuditLog> {
  const log = new AuditLog({ path, ...options })
  await Promise.all(entries.map((each) => log.append(each)))
  return log
}

const some = (count: number): readonly AuditEntry[] => Array.from({ length: count }, (_, index) => entry(index))

/** As an agent of its own has it. */
function locked(): NonNullable<AuditLogOptions['lock']> {
  const locks = sessionLocks({ directory: join(folder, 'locks'), tryLocalLock, onWarning: () => {} })
  return async () => {
    const held = await locks.acquire('audit', 15_000, new AbortController().signal)
    return () => held.release()
  }
}

test('R9 L6 several agents over one home: one chain, through rotations, and no line is lost', async () => {
  const logs = [1, 2, 3].map(() => new AuditLog({ path, maxBytes: 4_000, keptFiles: 500, lock: locked() }))
  await Promise.all(
    logs.map(async (log, which) => {
      for (let round = 0; round < 15; round++) {
        await Promise.all([0, 1, 2].map((each) => log.append(entry(round * 3 + each, { profile: `p${which}` }))))
        await pause(Math.random() * 10)
      }
    }),
  )
  expect(await verifyAudit(path)).toMatchObject({ lines: 135, problems: [] })
  const seen = new Map<string, number[]>()
  for await (const { profile = '', caller } of readAudit(path))
    seen.set(profile, [...(seen.get(profile) ?? []), caller?.pid ?? -1])
  const inOrder = Array.from({ length: 45 }, (_, index) => index)
  expect(Object.fromEntries(seen)).toEqual({ p0: inOrder, p1: inOrder, p2: inOrder })
})

test('one after the other, without a pause between', async () => {
  const log = new AuditLog({ path })
  for (const each of some(50)) await log.append(each)
  expect((await verifyAudit(path)).lines).toBe(50)
})

test('R14 a writer that is killed: what it had answered is there, the chain goes on, and at most a cut line is told of', async () => {
  const script = `
    import { AuditLog } from ${JSON.stringify(new URL('../../../src/audit/writer.ts', import.meta.url).href)}
    const log = new AuditLog({ path: ${JSON.stringify(path)}, maxBytes: 20_000 })
    const base = Number(process.argv[1])
    for (let at = 0; ; at += 20) {
      await Promise.all(Array.from({ length: 20 }, (_, i) => log.append({ at: base + at + i, event: 'issued', profile: 'x'.repeat(64) })))
      process.stdout.write(base + at + 19 + '\\n')
    }`
  const answered: number[] = []
  const rounds = 6
  for (let round = 0; round < rounds; round++) {
    const base = (round + 1) * 1_000_000
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, String(base)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    await once(child.stdout, 'data')
    await pause(Math.random() * 60)
    child.kill('SIGKILL')
    await once(child, 'close')
    answered.push(Number(said.trim().split('\n').at(-1)))
  }
  const { problems } = await verifyAudit(path)
  expect(problems.filter(({ text }) => !text.includes('is not a record'))).toEqual([])
  expect(problems.length).toBeLessThanOrEqual(rounds)
  const last = new Map<number, number>()
  for await (const { at } of readAudit(path)) last.set(Math.floor((at ?? 0) / 1_000_000), at ?? 0)
  const [newest = 0] = answered.slice(-1)
  expect(last.get(rounds)).toBeGreaterThanOrEqual(newest)
})

describe('verify tells where', () => {
  const first = (): string => `${path}.2`
  const lines = (file: string): string[] => readFileSync(file, 'utf8').trimEnd().split('\n')

  beforeEach(async () => {
    // Three files: audit.log.2, .1 and the current one.
    for (let round = 0; round < 3; round++) {
      const log = await write(some(5), round < 2 ? { maxBytes: 500 } : {})
      await log.close()
    }
    expect(readdirSync(folder).sort()).toEqual(['audit.log', 'audit.log.1', 'audit.log.2'])
    expect((await verifyAudit(path)).problems).toEqual([])
  })

  const problems = async () => (await verifyAudit(path)).problems.map(({ file, line, text }) => [file, line, text.split(':')[0]])
  const follows = 'does not follow the line before'

  test('a line edited', async () => {
    writeFileSync(first(), readFileSync(first(), 'utf8').replace('"pid":2', '"pid":3'))
    expect(await problems()).toEqual([[first(), 4, follows]])
  })

  test('bytes that look alike: an invalid one, another end of a line', async () => {
    const bytes = readFileSync(first())
    writeFileSync(
      first(),
      Buffer.concat([bytes.subarray(0, bytes.indexOf(10)), Buffer.from('\r'), bytes.subarray(bytes.indexOf(10))]),
    )
    expect(await problems()).toEqual([[first(), 2, follows]])
  })

  test('a line taken out', async () => {
    writeFileSync(first(), `${lines(first()).toSpliced(2, 1).join('\n')}\n`)
    expect(await problems()).toEqual([[first(), 3, follows]])
  })

  test('the first lines taken out, where nothing was rotated away', async () => {
    writeFileSync(first(), `${lines(first()).slice(2).join('\n')}\n`)
    expect(await problems()).toEqual([[first(), 1, 'is the first and has number 3']])
  })

  test('a file cut short', async () => {
    truncateSync(first(), Buffer.byteLength(lines(first()).slice(0, 3).join('\n')) + 1)
    expect(await problems()).toEqual([[`${path}.1`, 1, follows]])
  })

  test('a file taken away: the oldest, one between, the newest while the agent runs', async () => {
    const log = await write([entry(100)])
    renameSync(`${path}.1`, join(folder, 'away'))
    expect(await problems()).toEqual([[path, 1, follows]])
    renameSync(join(folder, 'away'), `${path}.1`)
    renameSync(first(), join(folder, 'away'))
    expect(await problems()).toEqual([[`${path}.1`, 1, 'is the first and has number 6']])
    renameSync(join(folder, 'away'), first())
    rmSync(path)
    await log.append(entry(101))
    await log.close()
    expect(await problems()).toEqual([[path, 1, follows]])
  })

  test('the newest lines taken out while the agent runs', async () => {
    const log = await write([entry(100)])
    truncateSync(path, Buffer.byteLength(lines(path).slice(0, 3).join('\n')) + 1)
    await log.append(entry(101))
    await log.close()
    expect(await problems()).toEqual([[path, 4, follows]])
  })

  test('files exchanged', async () => {
    renameSync(first(), join(folder, 'x'))
    renameSync(`${path}.1`, first())
    renameSync(join(folder, 'x'), `${path}.1`)
    expect(await problems()).toEqual([
      [first(), 1, 'is the first and has number 6'],
      [`${path}.1`, 1, follows],
      [path, 1, follows],
    ])
  })
})

test('a line that is longer than what is read at once', async () => {
  writeFileSync(path, '')
  await (await write(some(2))).close()
  // As an agent before this one may have written it.
  appendFileSync(path, `${JSON.stringify({ seq: 3, at: 1, event: 'issued', prev: 'f'.repeat(64), more: 'x'.repeat(300_000) })}\n`)
  await (await write(some(2))).close()
  const { lines, problems } = await verifyAudit(path)
  expect([lines, problems.map(({ line }) => line)]).toEqual([5, [3]])
})

const nasty = `/tmp/a\u001b[31m\nb\r\u2028c\u2029d\u0085e\u009b2Jf\u007f\u202egnp\u{e0001}"},"seq":9\\`

test('L6 what callers choose ends no line, moves no cursor, hides nothing, and is short', async () => {
  const long = `/${'\u001b'.repeat(4000)}/name`
  await (
    await write([
      entry(1, {
        event: 'refused',
        code: 'share_limited',
        reason: nasty.repeat(100),
        request: nasty,
        profile: nasty,
        target: { scope: [nasty], resource: nasty, audience: nasty },
        caller: {
          executable: long,
          parents: Array.from({ length: 16 }, (_, pid) => ({ pid, executable: long })),
          container: { kind: 'inside', id: nasty },
        },
      }),
      entry(2),
    ])
  ).close()
  const text = readFileSync(path, 'utf8')
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  expect(text.length).toBeLessThan(50_000)
  expect(await verifyAudit(path)).toMatchObject({ lines: 2, problems: [] })
  const record = JSON.parse(text.split('\n')[0] ?? '') as Record<string, unknown>
  expect([record['audience'], record['request']]).toEqual([nasty, nasty])
  expect((record['caller'] as { executable: string }).executable).toMatch(/\/name$/)
  const home = new Home()
  try {
    mkdirSync(join(home.path, 'state', 'authsock'), { recursive: true, mode: 0o700 })
    writeFileSync(join(home.path, 'state', 'authsock', 'audit.log'), text)
    const { stdout } = await home.run(['audit'])
    expect(stdout.trimEnd().split('\n')).toHaveLength(3)
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  } finally {
    await home.close()
  }
})

test('a line of another make: shown, or passed over, and never a crash', async () => {
  const home = new Home()
  try {
    mkdirSync(join(home.path, 'state', 'authsock'), { recursive: true, mode: 0o700 })
    const lines = [
      '{"seq":1,"prev":"","at":"soon","event":7,"profile":{"a":1},"caller":{"executable":[1]}}',
      '{"seq":2,"prev":"","at":9e99}',
      'null',
      '{',
      '\0',
    ]
    writeFileSync(join(home.path, 'state', 'authsock', 'audit.log'), `${lines.join('\n')}\n`)
    const { code, stdout } = await home.run(['audit', '--caller', 'x'])
    expect([code, stdout]).toEqual([0, ''])
    const all = await home.run(['audit'])
    expect([all.code, all.stdout.trimEnd().split('\n').length]).toEqual([0, 3])
    expect((await home.run(['audit', 'verify'])).code).toBe(9)
  } finally {
    await home.close()
  }
})

test('`audit --follow` while the files are rotated: each line once, in order', async () => {
  const home = new Home()
  const follower = home.spawn(['audit', '--follow', '--json'])
  try {
    let said = ''
    follower.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()))
    path = join(home.path, 'state', 'authsock', 'audit.log')
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 })
    const log = new AuditLog({ path, maxBytes: 3_000, keptFiles: 400 })
    for (let round = 0; round < 150; round++) {
      await Promise.all([0, 1, 2, 3].map((each) => log.append(entry(round * 4 + each))))
      await pause(20)
    }
    const numbers = (): number[] =>
      said
        .split('\n')
        .slice(0, -1)
        .map((line) => (JSON.parse(line) as { seq: number }).seq)
    await expect.poll(() => numbers().at(-1)).toBe(600)
    expect(numbers()).toEqual(Array.from({ length: 600 }, (_, index) => index + 1))
    expect(readdirSync(join(path, '..')).length).toBeGreaterThan(20)
  } finally {
    follower.kill('SIGINT')
    await home.close()
  }
})
