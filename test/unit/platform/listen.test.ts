// A socket has its permissions from the beginning, and nothing is done by its name afterwards.

import { once } from 'node:events'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isAccepting, listenOn } from '../../../src/platform/listen.ts'
import { isPosix } from '../../support/real-part.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'authsock-listen-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const permissions = (path: string): string => (lstatSync(path).mode & 0o777).toString(8)

test.runIf(isPosix).each([
  ['its path', ['agent.sock']],
  ['the name it is made under', ['.agent.soc']],
  ['both', ['agent.sock', '.agent.soc']],
])('L3 a link put at %s as soon as it is there: what it leads to stays as it is', async (_, names) => {
  const victim = join(folder, 'victim')
  writeFileSync(victim, 'precious')
  chmodSync(victim, 0o600)
  const server = createServer()
  const listening = listenOn(server, join(folder, 'agent.sock'), 0o666)
  for (const name of names) {
    rmSync(join(folder, name), { force: true })
    symlinkSync(victim, join(folder, name))
  }
  const bound = await listening
  server.close()
  bound.remove()
  expect([permissions(victim), readFileSync(victim, 'utf8')]).toEqual(['600', 'precious'])
})

test.runIf(isPosix)('R19 it listens anew while it listens, and removes only what it made', async () => {
  const path = join(folder, 'agent.sock')
  const server = createServer((socket) => socket.on('error', () => {}).destroy())
  const first = await listenOn(server, path)
  rmSync(path)
  expect(first.isThere()).toBe(false)
  const second = await listenOn(server, path)
  expect([second.isThere(), await isAccepting(path)]).toEqual([true, true])
  rmSync(path)
  writeFileSync(path, 'precious')
  second.remove()
  server.close()
  await once(server, 'close')
  expect([readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual(['precious', ['agent.sock']])
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
    const bound = await listening
    expect([permissions(join(folder, name)), permissions(join(folder, `${name}-folder`))]).toEqual([mode.toString(8), '700'])
    bound.remove()
    server.close()
  }
})
