// The command line towards those whom it need not trust: servers that name their users oddly, whoever listens at the socket,
// an environment with secrets in it, users who contradict themselves.

import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { statusLines } from '../../../src/cli/commands/status-lines.ts'
import { Terminal } from '../../../src/cli/terminal.ts'
import { connect } from '../../../src/client/index.ts'
import type { SessionStatus } from '../../../src/wire/messages.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { describeWith, isLinux } from '../../support/real-part.ts'

let server: AuthorizationServer
let home: Home

beforeAll(async () => {
  server = await startAuthorizationServer()
})

afterAll(() => server.close())

beforeEach(() => {
  home = new Home()
})

afterEach(() => home.close())

describe('what servers say', () => {
  const plain = (text: string): string => text
  const style = { bold: plain, dim: plain, good: plain, warn: plain, bad: plain }
  const session = (profile: string, user: string): SessionStatus => ({
    profile,
    user,
    state: 'active',
    issuer: 'https://login.example.com',
    client_id: 'cli',
    grant: 'device_code',
    expires_at: 1_800_000_600,
  })
  const show = (sessions: readonly SessionStatus[]): readonly string[] =>
    statusLines(
      {
        agent: { version: '1.0.0', protocol: 1, pid: 1, started_at: 1, socket: '/s', config: '/c' },
        vault: { state: 'open' },
        sessions,
        warnings: [],
      },
      1_800_000_000,
      120,
      style,
    )

  test('a user of two lines has one in the table, and wide characters do not push columns about', () => {
    const lines = show([session('one', 'ada\nroot  active'), session('two', '李小龍'), session('three', 'eve')])
    expect(lines.filter((line) => line.includes('in 10 min'))).toHaveLength(3)
    const column = (line: string): number => line.indexOf('in 10 min')
    const wide = lines.find((line) => line.startsWith('two')) ?? ''
    const narrow = lines.find((line) => line.startsWith('three')) ?? ''
    expect(column(wide) + 3).toBe(column(narrow))
  })

  test('controls reach no terminal, colours of our own do', () => {
    let written = ''
    const stream = Object.assign(new Writable({ write: (chunk: Buffer, _, done) => ((written += chunk.toString()), done()) }), {
      isTTY: true,
      columns: 80,
      rows: 24,
    }) as unknown as NodeJS.WriteStream
    const terminal = new Terminal(stream, stream, { TERM: 'xterm' })
    terminal.say(`${terminal.messageStyle.good('good')} \u001b]0;title\u0007 \u001b[2J \u202e evil \u009b31m`)
    expect(written).toContain('\u001b[32mgood\u001b[39m')
    const own = written.replaceAll('\u001b[32m', '').replaceAll('\u001b[39m', '').replaceAll('\n', '')
    expect(own).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })
})

describe('whoever listens at the socket', () => {
  test.each([
    ['a page', '<html>'],
    ['null', 'null'],
  ])('%s is no answer of an agent', async (_, body) => {
    mkdirSync(dirname(home.socket), { recursive: true, mode: 0o700 })
    const other = createServer((_, response) => response.end(body)).listen(home.socket)
    await once(other, 'listening')
    const { code, stderr } = await home.run(['status'])
    expect([code, stderr]).toEqual([1, expect.stringContaining("does not speak authsock's protocol")])
    other.close()
  })

  test('a client that names a socket starts the agent at that one', async () => {
    const socket = join(home.path, 'own', 'agent.sock')
    mkdirSync(dirname(socket), { mode: 0o700 })
    const client = await connect({ env: home.env, socket })
    expect((await client.status()).agent.socket).toBe(socket)
    expect(existsSync(home.socket)).toBe(false)
    await home.run(['stop'], { env: { AUTHSOCK: socket } })
    client.close()
  })

  test('a state folder that cannot be written: said before anything is started', async () => {
    writeFileSync(join(home.path, 'state'), '')
    const { code, stderr } = await home.run(['status'])
    expect([code, stderr]).toEqual([9, expect.stringContaining('cannot write')])
  })
})

describe('users who contradict themselves', () => {
  test('logout of one profile and of all', async () => {
    home.config(workProfile(server))
    const { code, stderr } = await home.run(['logout', 'work', '--all'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('--all and a profile are both given')])
  })

  test('a config.toml that is broken is not taken for one without sessions', async () => {
    home.config('[profile.work\n')
    const { code, stderr } = await home.run(['logout'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('config.toml:')])
  })

  test('with --json wrong usage is JSON too', async () => {
    const { code, stdout, stderr } = await home.run(['token', '--nonsense', '--json'])
    expect(code).toBe(2)
    expect(JSON.parse(stdout + stderr)).toMatchObject({ code: 'bad_request' })
  })

  test('help for what only JavaScript knows', async () => {
    const { stderr, stdout } = await home.run(['help', 'constructor'])
    expect(stdout + stderr).not.toContain('native code')
  })

  test('the same login again is the same; another scope is refused by its name, and nothing is changed', async () => {
    const login = [server.issuer, '--client-id', server.clientId, '--name', 'one', '--no-browser']
    expect((await logIn(home, server, [...login, '--scope', 'openid offline_access'])).code).toBe(0)
    const before = readFileSync(home.configFile, 'utf8')
    expect((await logIn(home, server, [...login, '--scope', 'offline_access openid'])).code).toBe(0)
    const other = await home.run(['login', ...login, '--scope', 'openid'])
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('--scope would change it')])
    expect(readFileSync(home.configFile, 'utf8')).toBe(before)
  })

  test('profile show --json names things as config.toml does', async () => {
    home.config(workProfile(server, 'refresh_grace = 30'))
    const shown = JSON.parse((await home.run(['profile', 'show', 'work', '--json'])).stdout) as object
    expect(shown).toMatchObject({ client_id: server.clientId, refresh_grace: 30, client_authentication: 'none' })
  })
})

describeWith({ Linux: isLinux }, 'the environment', () => {
  test('L5 a client secret in it reaches neither the agent nor the browser', async () => {
    home.config(workProfile(server))
    const seen = join(home.path, 'browser.env')
    const browser = join(home.path, 'browser.sh')
    writeFileSync(browser, `#!/bin/sh\nenv > ${seen}.new; mv ${seen}.new ${seen}\n`, { mode: 0o755 })
    const env = { AUTHSOCK_CLIENT_SECRET: 'canary-secret', BROWSER: browser }
    const login = home.run(['login', 'work'], { env })
    await expect.poll(() => existsSync(seen)).toBe(true)
    const { agent } = JSON.parse((await home.run(['status', '--json'])).stdout) as { agent: { pid: number } }
    const environment = readFileSync(`/proc/${agent.pid}/environ`, 'utf8')
    expect(environment).toContain('HOME=')
    for (const text of [environment, readFileSync(seen, 'utf8')]) expect(text).not.toContain('canary-secret')
    await home.run(['stop'])
    await login
  })
})
