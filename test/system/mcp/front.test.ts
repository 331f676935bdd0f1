// P27: `authsock mcp serve URL`: an MCP server at an address of this machine, for clients that speak HTTP; and `authsock setup` for MCP clients.

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { clientPath, clients, runClient } from '../../support/clients.ts'
import { Home } from '../../support/home.ts'
import { logIn } from '../../support/login.ts'
import { McpServer } from '../../support/mcp-server.ts'
import { describeWith, isLinux, isPosix, isRoot, programs } from '../../support/real-part.ts'

let server: AuthorizationServer
let mcp: McpServer
let home: Home
let children: ChildProcess[]

beforeEach(async () => {
  server = await startAuthorizationServer({ registration: true })
  mcp = await McpServer.start(server.issuer)
  home = new Home()
  children = []
})

afterEach(async () => {
  for (const child of children) {
    const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined
    child.kill('SIGINT')
    await ended
  }
  await home.close()
  await mcp.close()
  await server.close()
})

/** The address of the server. */
async function serve(...args: readonly string[]): Promise<string> {
  const child = home.spawn(['mcp', 'serve', mcp.url, '--json', ...args], { env: { BROWSER: '/nosuch' } })
  children.push(child)
  let stderr = ''
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(stderr)))
  ended.catch(() => {})
  const [line] = (await Promise.race([once(child.stdout ?? child, 'data'), ended])) as [Buffer]
  return (JSON.parse(line.toString()) as { servers: [{ address: string }] }).servers[0].address
}

const post = (
  address: string,
  headers: Readonly<Record<string, string>> = {},
  body: object = { jsonrpc: '2.0', id: 7, method: 'tools/list' },
) =>
  fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: JSON.stringify(body),
  })

describeWith({ POSIX: isPosix }, 'authsock mcp serve', () => {
  test('P27 what the server says, with a token that the client never sees; its own Authorization goes no further', async () => {
    await logIn(home, server, [mcp.url, '--no-browser'])
    const address = await serve()
    expect(await (await post(address, { authorization: 'Bearer of-its-own' })).json()).toEqual({
      jsonrpc: '2.0',
      id: 7,
      result: { method: 'tools/list' },
    })
    expect((await fetch(address)).status).toBe(405)
    for (const token of mcp.taken) mcp.refused.add(token)
    expect((await post(address)).status).toBe(200)
    expect(server.refreshes).toBe(1)
  })

  test('P27 nobody is logged in: an answer at once that says where, no challenge, and then it works', async () => {
    const address = await serve()
    const answer = await post(address)
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([200, null])
    const { error } = (await answer.json()) as { error: { data: { url: string } } }
    expect((await (await post(address)).json()) as object).toMatchObject({
      error: { code: -32_000, data: { code: 'login_required' } },
    })
    await fetch(await server.authorize(error.data.url))
    await expect.poll(async () => (await post(address)).json()).toMatchObject({ id: 7, result: { method: 'tools/list' } })
  })

  test('P27 L5 pages of a browser, other names, a wrong secret and another path are refused', async () => {
    await logIn(home, server, [mcp.url, '--no-browser'])
    const address = await serve()
    expect((await post(address, { origin: 'https://evil.example' })).status).toBe(403)
    expect((await post(address.replace(/\/[\w-]{40,}\//, `/${'x'.repeat(43)}/`))).status).toBe(403)
    expect((await post(`${new URL(address).origin}/`)).status).toBe(403)
    expect((await post(address.replace(/[^/]+$/, 'other'))).status).toBe(404)
    const { port, pathname } = new URL(address)
    const rebound = await new Promise<number>((resolve) => {
      request(
        { host: '127.0.0.1', port, path: pathname, method: 'POST', headers: { host: `evil.example:${port}` } },
        ({ statusCode = 0 }) => resolve(statusCode),
      ).end('{}')
    })
    expect(rebound).toBe(403)
    expect(mcp.taken.size).toBe(0)
  })

  test('the address stays the same, and its secret is the user’s alone', async () => {
    const first = await serve()
    const { port } = new URL(first)
    const ended = once(children[0] as ChildProcess, 'exit')
    children[0]?.kill('SIGINT')
    expect((await ended)[0]).toBe(0)
    expect(await serve('--port', port)).toBe(first)
    expect(statSync(join(home.path, 'state', 'authsock', 'mcp-secret')).mode & 0o777).toBe(0o600)
  })
})

describeWith({ Linux: isLinux, root: isRoot, ...programs('setpriv', 'curl') }, 'authsock mcp serve: another user', () => {
  test('P27 L1 who knows the address is refused all the same', async () => {
    await logIn(home, server, [mcp.url, '--no-browser'])
    const address = await serve()
    const args = [
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      'curl',
      '-s',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      '-d',
      '{}',
      address,
    ]
    expect((await runClient(home, 'setpriv', args)).stdout).toBe('403')
    expect((await runClient(home, 'curl', [...args.slice(4), '-H', 'content-type: application/json'])).stdout).toBe('202')
  })
})

describeWith({ POSIX: isPosix }, 'authsock setup for MCP clients', () => {
  const url = 'https://mcp.example.com/v1/mcp'
  const entry = { command: 'authsock', args: ['mcp', url] }

  test.each([
    ['cursor', '.cursor/mcp.json', { mcpServers: { example: entry } }],
    ['vscode', 'config/Code/User/mcp.json', { servers: { example: { type: 'stdio', ...entry } } }],
    ['gemini', '.gemini/settings.json', { mcpServers: { example: entry } }],
    ['windsurf', '.codeium/windsurf/mcp_config.json', { mcpServers: { example: entry } }],
    ['claude-desktop', 'config/Claude/claude_desktop_config.json', { mcpServers: { example: entry } }],
    ['opencode', 'config/opencode/opencode.json', { mcp: { example: { type: 'local', command: ['authsock', 'mcp', url] } } }],
    ['claude', '.claude.json', { mcpServers: { example: { type: 'stdio', ...entry } } }],
  ])('P27 %s: the entry, and undone', async (tool, path, expected) => {
    expect((await home.run(['setup', tool, url, '--yes'])).code).toBe(0)
    expect(JSON.parse(readFileSync(join(home.path, path), 'utf8'))).toEqual(expected)
    expect((await home.run(['setup', tool, '--undo'])).code).toBe(0)
    expect(existsSync(join(home.path, path))).toBe(false)
  })

  test('P27 codex, under a name of the user’s', async () => {
    expect((await home.run(['setup', 'codex', url, 'files', '--yes'])).code).toBe(0)
    expect(readFileSync(join(home.path, '.codex/config.toml'), 'utf8')).toBe(
      `[mcp_servers.files]\ncommand = "authsock"\nargs = ["mcp","${url}"]\n`,
    )
  })

  test('without a URL: what to type', async () => {
    expect(await home.run(['setup', 'cursor', '--yes'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('needs the URL of an MCP server'),
    })
  })
})

describeWith(clients('node-claude/node_modules/.bin/claude'), 'Claude Code', () => {
  test('P27 connects to a server that needs OAuth, by the entry that setup wrote', async () => {
    await logIn(home, server, [mcp.url, '--no-browser'])
    expect((await home.run(['setup', 'claude', mcp.url, 'lab', '--yes'])).code).toBe(0)
    const list = await runClient(home, clientPath('node-claude/node_modules/.bin/claude'), ['mcp', 'list'], {
      env: { CLAUDE_CODE_TMPDIR: home.path, DISABLE_AUTOUPDATER: '1', CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1' },
      path: [join(home.path, 'bin')],
    })
    expect(list.stdout).toMatch(/lab: authsock mcp \S+ - ✓ Connected|lab: authsock mcp \S+ - .*Connected/)
    expect(mcp.taken.size).toBe(1)
  })
})
