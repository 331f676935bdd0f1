// The agent's main job, with real processes and a server that revokes the grant when a refresh token is used twice.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { cpSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  startAuthorizationServer,
} from '../../support/authorization-server.ts'
import { Home, type HttpAnswer } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'

let server: AuthorizationServer
let home: Home

/** An agent with a session `work` that is refreshed on demand, unless `more` says otherwise. */
async function loggedIn(options: AuthorizationServerOptions, more = 'refresh = "on_demand"'): Promise<void> {
  server = await startAuthorizationServer(options)
  home = new Home()
  home.config(workProfile(server, more))
  await home.startAgent()
  const { code, stderr } = await logIn(home, server)
  expect(stderr).toContain('logged in')
  expect(code).toBe(0)
}

afterEach(async () => {
  await home.close()
  await server.close()
})

const tokens = (answers: readonly HttpAnswer[]): Set<unknown> => new Set(answers.map((answer) => answer.json()['access_token']))

async function expired(): Promise<void> {
  const at = (await home.http('GET', '/v1/sessions/work')).json<{ expires_at: number }>().expires_at
  await pause(Math.max(0, at * 1000 - Date.now()) + 1100)
}

describe('at an expiry', () => {
  test('R1 500 callers: one POST, one answer for all', async () => {
    await loggedIn({ accessTokenTtl: 4, delay: 150 })
    await expired()
    const answers = await Promise.all(Array.from({ length: 500 }, () => home.http('GET', '/v1/token?profile=work')))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 500 }, () => 200))
    expect(tokens(answers).size).toBe(1)
    expect(server.refreshes).toBe(1)
  })

  test('R1 500 processes at once: one POST, one token, no error', async () => {
    // The token that follows the first lives as long as the slowest machine needs to start them all.
    let life = 2
    await loggedIn({ accessTokenTtl: () => life })
    life = 3600
    await expired()
    const answers = await Promise.all(Array.from({ length: 500 }, () => processToken(home.socket)))
    expect(answers.every(({ code }) => code === 0)).toBe(true)
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect(server.refreshes).toBe(1)
    expect((await home.http('GET', '/v1/sessions/work')).json()['state']).toBe('active')
  })

  test('R9 two agents over one home: one POST, one token, and the session lives on', async () => {
    await loggedIn({ accessTokenTtl: 4, delay: 150 })
    const env = home.second()
    await home.startAgent([], env)
    const other = join(env['XDG_RUNTIME_DIR'] ?? '', 'authsock', 'agent.sock')
    for (let round = 1; round <= 3; round++) {
      await expired()
      const sockets = Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? home.socket : other))
      const answers = await Promise.all(sockets.map((socket) => home.http('GET', '/v1/token?profile=work', { socket })))
      expect(answers.map(({ status, text }) => (status === 200 ? '' : text)).filter((text) => text !== '')).toEqual([])
      expect(tokens(answers).size).toBe(1)
      expect(server.refreshes).toBe(round)
    }
    expect(server.maxInFlight).toBe(1)
  })

  test('R7 with refresh = "ahead" the token is replaced before it expires, and callers never wait', async () => {
    await loggedIn({ accessTokenTtl: 12 }, '')
    const first = (await home.http('GET', '/v1/token')).json()
    const events = home.spawn(['events', '--json'])
    const lines = readLines(events.stdout)
    expect(JSON.parse((await lines.next()).value as string)).toMatchObject({ type: 'hello' })
    expect(JSON.parse((await lines.next()).value as string)).toMatchObject({ type: 'refreshed', profile: 'work' })
    expect(Date.now() / 1000).toBeLessThan(first['expires_at'] as number)
    expect((await home.http('GET', '/v1/token')).json()['access_token']).not.toBe(first['access_token'])
    events.kill()
  })
})

describe('when the server does not help', () => {
  test('R5 the grant is revoked: login_required with the reason, and nothing deleted', async () => {
    await loggedIn({ accessTokenTtl: 3 })
    await server.revokeAll()
    await expired()
    const answer = await home.http('GET', '/v1/token')
    expect(answer.status).toBe(409)
    expect(answer.json()).toMatchObject({
      code: 'login_required',
      exit_code: 3,
      hint: '`authsock login work`, or `authsock retry work` if the cause has passed',
    })
    const status = (await home.http('GET', '/v1/sessions/work')).json()
    expect(status).toMatchObject({ state: 'login_required', user: 'ada' })
    expect(status['reason']).toContain('invalid_grant')
    const requests = server.refreshes
    await home.http('GET', '/v1/token')
    expect(server.refreshes).toBe(requests)
    // Another login mends it.
    expect((await logIn(home, server)).code).toBe(0)
    expect((await home.http('GET', '/v1/token')).status).toBe(200)
  })

  test('R7 429 with Retry-After: the live token is served, then the failure says when to try again', async () => {
    await loggedIn({ accessTokenTtl: 4 })
    server.intercept = (_, response) => {
      response.writeHead(429, { 'Retry-After': '600' }).end()
      return true
    }
    const early = await home.http('GET', '/v1/token?min_ttl=3600')
    expect(early.status).toBe(200)
    await expired()
    const late = await home.http('GET', '/v1/token')
    expect(late.status).toBe(503)
    expect(late.json()).toMatchObject({ code: 'server_unavailable' })
    expect(Number(late.headers['retry-after'])).toBeGreaterThan(500)
    expect((await home.http('GET', '/v1/sessions/work')).json()).toMatchObject({ state: 'retrying' })
  })

  test('R7 offline is not logged out: when the server is back, so is the session', async () => {
    await loggedIn({ accessTokenTtl: 3 })
    const { issuer } = server
    await server.close()
    await expired()
    const offline = await home.http('GET', '/v1/token')
    expect(offline.json()).toMatchObject({ code: 'server_unreachable', exit_code: 5 })
    expect((await home.http('GET', '/v1/sessions/work')).json()['state']).toBe('retrying')
    server = await startAuthorizationServer({ port: Number(new URL(issuer).port) })
    // Another server than before: it has never heard of the token, and says so in the end.
    for (let tries = 0; tries < 100; tries++) {
      const { code } = (await home.http('GET', '/v1/token')).json()
      if (code === 'login_required') return
      await pause(200)
    }
    throw new Error('the server was never asked again')
  })

  test.each([
    ['an empty 400', 400, '', 'login_required', 'without giving a reason'],
    ['HTML with 200', 200, '<html>log in to the hotel network</html>', 'server_invalid_response', 'not a token response'],
    ['an error in the middle', 500, 'oops', 'server_unavailable', 'server error'],
    ['a redirect', 302, '', 'server_invalid_response', 'redirect'],
  ])('R4 %s', async (_, status, body, code, words) => {
    await loggedIn({ accessTokenTtl: 3 })
    await expired()
    server.intercept = (_, response) => {
      response.writeHead(status, { location: 'https://elsewhere.example/' }).end(body)
      return true
    }
    const answer = await home.http('GET', '/v1/token')
    expect(answer.json()).toMatchObject({ code })
    expect(answer.json()['detail']).toContain(words)
  })

  test('R3 R4 killed in the middle of a refresh: the next agent knows, and does not replay the token while another is good', async () => {
    await loggedIn({ accessTokenTtl: 20 })
    await pause(2500)
    const hangs = new Promise<void>((resolve) => {
      server.intercept = () => {
        resolve()
        return true
      }
    })
    home.http('GET', '/v1/token?min_ttl=3600').catch(() => {})
    await hangs
    const pid = (await home.http('GET', '/v1/status')).json<{ agent: { pid: number } }>().agent.pid
    process.kill(pid, 'SIGKILL')
    server.intercept = undefined
    await home.startAgent()
    const answer = await home.http('GET', '/v1/token?min_ttl=3600')
    expect(answer.status).toBe(200)
    expect(server.refreshes).toBe(1)
    expect((await home.http('GET', '/v1/sessions/work')).json()).toMatchObject({ state: 'retrying' })
    await expired()
    // Nothing is left to serve: the one try that remains. This server had not seen the first.
    expect((await home.http('GET', '/v1/token')).status).toBe(200)
    expect((await home.http('GET', '/v1/sessions/work')).json()).toMatchObject({ state: 'active' })
  })
})

describe('what the vault keeps', () => {
  test('a restart costs no refresh', async () => {
    await loggedIn({ accessTokenTtl: 3600 })
    const before = (await home.http('GET', '/v1/token')).json()['access_token']
    expect((await home.run(['stop'])).code).toBe(0)
    // The command starts another agent by itself.
    const { stdout } = await home.run(['token', 'work'])
    expect(stdout.trim()).toBe(before)
    expect(server.refreshes).toBe(0)
  })

  test('R6 a server that does not rotate: the old refresh token goes on', async () => {
    await loggedIn({ accessTokenTtl: 3, rotate: false })
    for (let round = 1; round <= 2; round++) {
      await expired()
      expect((await home.http('GET', '/v1/token')).status).toBe(200)
    }
    const used = new Set(
      server.requests.filter(({ grantType }) => grantType === 'refresh_token').map((each) => each.refreshTokenDigest),
    )
    expect(used.size).toBe(1)
  })

  test('R13 a vault that was restored from a backup: said before its first refresh', async () => {
    await loggedIn({ accessTokenTtl: 2 })
    const warnings = async () => (await home.http('GET', '/v1/status')).json<{ warnings: string[] }>().warnings
    await home.run(['stop'])
    cpSync(home.vault, join(home.path, 'backup'), { recursive: true })
    await home.startAgent()
    await expired()
    expect((await home.http('GET', '/v1/token')).status).toBe(200)
    await home.run(['stop'])
    await home.startAgent()
    expect(await warnings()).toEqual([])
    await home.run(['stop'])
    rmSync(home.vault, { recursive: true })
    renameSync(join(home.path, 'backup'), home.vault)
    await home.startAgent()
    await expect.poll(warnings).toEqual([expect.stringContaining('the vault was restored or copied')])
    expect(server.refreshes).toBe(1)
    // The server has seen its refresh token already.
    expect((await home.http('GET', '/v1/token')).json()).toMatchObject({ code: 'login_required' })
    // A login starts anew: nothing is older than that.
    expect((await logIn(home, server)).code).toBe(0)
    await home.run(['stop'])
    await home.startAgent()
    expect(await warnings()).toEqual([])
  })

  test('P13 P14 tokens for two resources and fewer scopes are different tokens, each cached', async () => {
    await loggedIn({ accessTokenTtl: 3600 }, 'refresh = "on_demand"\nresource = "https://api.example"')
    const ask = async (query: string) => (await home.http('GET', `/v1/token?${query}`)).json()
    const primary = await ask('')
    expect(primary['resource']).toBe('https://api.example')
    const narrow = await ask('scope=read')
    expect(narrow['scope']).toBe('read')
    expect(narrow['access_token']).not.toBe(primary['access_token'])
    expect(await ask('scope=read')).toMatchObject({ access_token: narrow['access_token'] })
    expect(await ask('')).toMatchObject({ access_token: primary['access_token'] })
    expect(server.refreshes).toBe(1)
    expect(await ask('scope=admin')).toMatchObject({ code: 'scope_not_allowed', exit_code: 6 })
    expect(server.refreshes).toBe(1)
  })
})

async function processToken(socket: string): Promise<{ code: unknown; text: string }> {
  const child = spawn('curl', ['-sS', '--fail', '--unix-socket', socket, '-H', 'Accept: text/plain', 'http://authsock/v1/token'])
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const [code] = (await once(child, 'close')) as [unknown]
  return { code, text: createHash('sha256').update(text).digest('hex') }
}

async function* readLines(stream: NodeJS.ReadableStream | null): AsyncGenerator<string> {
  let text = ''
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    text += chunk.toString()
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      yield text.slice(0, end)
      text = text.slice(end + 1)
    }
  }
}
