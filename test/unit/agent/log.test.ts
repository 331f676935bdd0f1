// S9: however much happens, the log is limited in the length of a line, in lines, and in size.

import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { Log } from '../../../src/agent/log.ts'

test('S9 a flood of lines: the first ones, then a few a second, and how many were left out', () => {
  let now = 0
  const written: string[] = []
  const log = new Log('info', { now: () => now, write: (text) => written.push(text) })
  for (let count = 0; count < 100_000; count++) log.error(`line ${count}`)
  expect(written.length).toBe(500)
  now = 1_000
  log.error('later')
  expect(written.slice(500)).toEqual(['authsock: 99500 lines were left out: there were too many\n', 'authsock: later\n'])
})

test('S9 a line has an end', () => {
  const written: string[] = []
  const log = new Log('quiet', { write: (text) => written.push(text) })
  log.error('x'.repeat(1e6))
  log.info('not shown')
  expect(written.map(({ length }) => length)).toEqual([4096 + 'authsock: ...\n'.length])
})

test('S9 a log file that is full is replaced, and the one before is kept', () => {
  const folder = mkdtempSync(join(tmpdir(), 'authsock-log-'))
  const path = join(folder, 'agent.log')
  const source = fileURLToPath(new URL('../../../src/agent/log.ts', import.meta.url))
  const script = `
    import { Log } from ${JSON.stringify(source)}
    const log = new Log('info', { now: (() => { let now = 0; return () => (now += 1000) })() })
    log.rotate(${JSON.stringify(path)}, 10_000)
    for (let count = 0; count < 1000; count++) log.info('line ' + count + ' ' + 'x'.repeat(80))
  `
  const fd = openSync(path, 'a', 0o600)
  const { status } = spawnSync(process.execPath, ['--input-type=module-typescript', '--eval', script], {
    stdio: ['ignore', 'inherit', fd],
  })
  closeSync(fd)
  expect(status).toBe(0)
  expect(readFileSync(path, 'utf8')).toMatch(/line 999 x+\n$/)
  for (const each of [path, `${path}.1`]) expect(statSync(each).size).toBeLessThan(11_000)
  rmSync(folder, { recursive: true })
})
