// P27: `authsock mcp URL` and `authsock login URL` at an MCP server whose issuer is oidc-provider, with any number of clients.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { clientPath, clients } from '../../support/clients.ts'
import { Home } from '../../support/home.ts'
import { logIn } from '../../support/login.ts'
import { McpBridge, RecordingBrowser } from '../../support/mcp-bridge.ts'
import { McpServer } from '../../support/mcp-server.ts'
import { describeWith, isPosix } from '../../support/real-part.ts'

let server: AuthorizationServer
let mcp: McpServer
let home: Home
let browser: RecordingBrowser
let bridges: McpBridge[]
let ttl = 3600
let delay = 0

beforeEach(async () => {
  ;[ttl, delay] = [3600, 0]
  server = await startAuthorizationServer({ registration: true, accessTokenTtl: () => ttl, delay: () => delay })
  mcp = await McpServer.start(server.issuer)
  home = new Home()
  browser = new RecordingBrowser(home)
  home.env['BROWSER'] = browser.path
  bridges = []
})

afterEach(async () => {
  for (const bridge of bridges) bridge.child.kill('SIGKILL')
  await home.close()
  await mcp.close()
  await server.close()
})

function start(url = mcp.url, env: NodeJS.ProcessEnv = {}): McpBridge {
  const bridge = new McpBridge(home, url, env)
  bridges.push(bridge)
  return bridge
}

const login = (): Promise<{ code: number | null; stderr: string }> => logIn(home, server, [mcp.url, '--no-browser'])
const grants = (type: string): number => server.requests.filter(({ grantType }) => grantType === type).length

describeWith({ POSIX: isPosix }, 'authsock mcp', () => {
  test('P27 the URL alone: a client is registered, the login is for the resource, and a route leads to it', async () => {
    const { code, stderr } = await login()
    expect([code, stderr]).toEqual([0, expect.stringContaining(`added profile '127.0.0.1-`)])
    const config = readFileSync(home.configFile, 'utf8')
    expect(config).toContain(`issuer = "${server.issuer}"`)
    expect(config).toContain(`resource = "${mcp.url}"`)
    expect(config).toContain('scopes = ["offline_access", "read", "write"]')
    expect(config).toContain(`url = "${mcp.url}"`)
    const bridge = start()
    expect((await bridge.initialize()).result).toMatchObject({ serverInfo: { name: 'echo' } })
    expect((await bridge.request('tools/list')).result).toEqual({ method: 'tools/list' })
    await bridge.close()
    expect([browser.urls, bridge.child.exitCode]).toEqual([[], 0])
    // Once more: the same profile.
    expect((await login()).code).toBe(0)
    expect(readFileSync(home.configFile, 'utf8')).toBe(config)
    expect(JSON.parse((await home.run(['status', '--json'])).stdout)).toMatchObject({ sessions: [{ state: 'active' }] })
  })

  test('P27 twenty clients that start at once: one registration, one window, one login', async () => {
    const started = Array.from({ length: 20 }, () => start())
    const answers = started.map((bridge) => bridge.initialize())
    await expect.poll(() => browser.urls).toHaveLength(1)
    await pause(500)
    expect(browser.urls).toHaveLength(1)
    await browser.agree(server)
    for (const { result } of await Promise.all(answers)) expect(result).toMatchObject({ serverInfo: { name: 'echo' } })
    expect([browser.urls.length, grants('authorization_code'), mcp.taken.size]).toEqual([1, 1, 1])
    expect(readFileSync(home.configFile, 'utf8').match(/^\[profile/gm)).toHaveLength(1)
  })

  test('P27 R1 twenty clients over an expiry: one refresh, and none is disturbed', async () => {
    ttl = 6
    await login()
    const started = Array.from({ length: 20 }, () => start())
    await Promise.all(started.map((bridge) => bridge.initialize()))
    await pause(6_500)
    const before = server.refreshes
    const [answers] = await Promise.all([
      Promise.all(started.map((bridge) => bridge.request('tools/list'))),
      Promise.all(started.map((bridge) => bridge.request('prompts/list'))),
    ])
    expect(answers.every(({ result }) => result?.['method'] === 'tools/list')).toBe(true)
    expect(server.maxInFlight).toBe(1)
    expect(server.refreshes - before).toBeLessThanOrEqual(1)
    expect(browser.urls).toEqual([])
  })

  test('P27 a token that the server refuses is replaced once, whoever else was refused', async () => {
    await login()
    const started = Array.from({ length: 8 }, () => start())
    await Promise.all(started.map((bridge) => bridge.initialize()))
    for (const token of mcp.taken) mcp.refused.add(token)
    const answers = await Promise.all(started.map((bridge) => bridge.request('tools/list')))
    expect(answers.every(({ result }) => result?.['method'] === 'tools/list')).toBe(true)
    expect([server.refreshes, browser.urls]).toEqual([1, []])
  })

  test('P27 R14 the client that asked is killed while the server holds its answer back: no window, no refused refresh', async () => {
    ttl = 6
    await login()
    const started = Array.from({ length: 12 }, () => start())
    await Promise.all(started.map((bridge) => bridge.initialize()))
    await pause(6_500)
    const before = server.refreshes
    delay = 2_500
    const asked = started.map((bridge) => bridge.request('tools/list'))
    await expect.poll(() => server.refreshes).toBe(before + 1)
    started[0]?.child.kill('SIGKILL')
    started[1]?.child.kill('SIGTERM')
    const answers = await Promise.all(asked.slice(2))
    expect(answers.every(({ result }) => result?.['method'] === 'tools/list')).toBe(true)
    expect(server.requests.filter(({ status }) => status >= 400)).toEqual([])
    expect(browser.urls).toEqual([])
  })

  test.each([
    ['one that opens URLs', { elicitation: { url: {} } }, -32_042],
    ['another one', {}, -32_000],
  ])('P27 no browser, %s: an error at once that says where to log in, and then all is served', async (_, capabilities, code) => {
    const bridge = start(mcp.url, { BROWSER: '/nosuch' })
    const { error } = await bridge.initialize(capabilities)
    expect(error?.code).toBe(code)
    const url = /http:\S+\/auth\?\S+/.exec(JSON.stringify(error))?.[0]?.replace(/[")].*$/s, '') ?? ''
    await fetch(await server.authorize(url))
    await expect.poll(async () => (await bridge.initialize(capabilities)).result).toMatchObject({ serverInfo: { name: 'echo' } })
    expect(bridge.stderr).toContain(url)
  })

  test('a server that is not there, and a client that writes no JSON', async () => {
    const gone = await McpServer.start(server.issuer)
    const { url } = gone
    await gone.close()
    const bridge = start(url)
    expect((await bridge.initialize()).error?.message).toContain('cannot be reached: ECONNREFUSED')
    bridge.child.stdin?.write('no JSON\n')
    await expect.poll(() => bridge.lines.at(-1)).toContain('-32700')
    await bridge.close()
    expect(bridge.child.exitCode).toBe(0)
  })
})

describeWith(clients('node-mcp-everything/node_modules/.bin/mcp-server-everything'), 'server-everything', () => {
  async function freePort(): Promise<number> {
    const probe = createServer().listen(0, '127.0.0.1')
    await once(probe, 'listening')
    const { port } = probe.address() as { port: number }
    probe.close()
    return port
  }

  test('P27 what passes through is what the server says, byte for byte: results, progress, large answers', async () => {
    const port = await freePort()
    const everything = spawn(clientPath('node-mcp-everything/node_modules/.bin/mcp-server-everything'), ['streamableHttp'], {
      env: { ...process.env, PORT: String(port) },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    await once(everything.stderr, 'data')
    const front = await McpServer.start(server.issuer, port)
    try {
      expect((await logIn(home, server, [front.url, '--no-browser'])).code).toBe(0)
      const direct = async (session: string, body: object): Promise<readonly string[]> => {
        const headers = {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2025-11-25',
          'mcp-session-id': session,
        }
        const answer = await fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST', headers, body: JSON.stringify(body) })
        return [...(await answer.text()).matchAll(/^data: (.+)$/gm)].map(([, data = '']) => data)
      }
      const opened = await fetch(`http://127.0.0.1:${port}/mcp`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: 1,
          method: 'initialize',
          params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
        }),
      })
      const session = opened.headers.get('mcp-session-id') ?? ''
      await opened.text()
      await direct(session, { jsonrpc: '2.0', method: 'notifications/initialized' })
      const bridge = start(front.url)
      await bridge.initialize()
      const requests = [
        { method: 'tools/list', params: {} },
        { method: 'resources/list', params: {} },
        { method: 'prompts/list', params: {} },
        { method: 'tools/call', params: { name: 'echo', arguments: { message: 'x'.repeat(300_000) } } },
        {
          method: 'tools/call',
          params: { name: 'trigger-long-running-operation', arguments: { duration: 1, steps: 4 }, _meta: { progressToken: 7 } },
        },
      ]
      for (const [index, { method, params }] of requests.entries()) {
        const from = bridge.lines.length
        await bridge.request(method, params)
        const expected = await direct(session, { jsonrpc: '2.0', id: index + 2, method, params })
        const own = (lines: readonly string[]): readonly string[] =>
          lines.filter((line) => !/list_changed|"notifications\/message"/.test(line))
        expect(own(bridge.lines.slice(from))).toEqual(own(expected))
      }
      await bridge.close()
    } finally {
      const ended = once(everything, 'exit')
      everything.kill('SIGKILL')
      await ended
      await front.close()
    }
  })
})
