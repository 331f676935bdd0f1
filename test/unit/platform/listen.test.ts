// A socket has its permissions from the beginning, and nothing is done by its name afterwards.

import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listenOn } from '../../../src/platform/listen.ts'
import { isPosix } from '../../support/real-part.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'authsock-listen-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const permissions = (path: string): string => (lstatSync(path).mode & 0o777).toString(8)

test.runIf(isPosix)('L3 a link put into its place as soon as it is there: what it leads to stays as it is', async () => {
  const [path, victim] = [join(folder, 's'), join(folder, 'victim')]
  writeFileSync(victim, 'precious')
  chmodSync(victim, 0o600)
  const server = createServer()
  const listening = listenOn(server, path, 0o666)
  rmSync(path)
  symlinkSync(victim, path)
  const remove = await listening
  server.close()
  remove()
  expect([permissions(victim), readFileSync(victim, 'utf8')]).toEqual(['600', 'precious'])
})

test.runIf(isPosix)('L1 permissions as asked for, and none that others make meanwhile are changed', async () => {
  for (const [mode, name] of [
    [0o600, 'main'],
    [0o666, 'share'],
  ] as const) {
    const server = createServer()
    const before = process.umask()
    const listening = listenOn(server, join(folder, name), mode)
    expect(process.umask()).toBe(before)
    mkdirSync(join(folder, `${name}-folder`), { mode: 0o700 })
    const remove = await listening
    expect([permissions(join(folder, name)), permissions(join(folder, `${name}-folder`))]).toEqual([mode.toString(8), '700'])
    remove()
    server.close()
  }
})
