// Whoever is behind a share may send what he likes, as fast as he can: the agent stays, others are served meanwhile, nothing
// slips past the bounds, and the audit keeps what happened before (requirement L15).

import { type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyAudit } from '../../../src/audit/verify.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { describeWith, isLinux, isPosix } from '../../support/real-part.ts'

describeWith({ 'Unix sockets': isPosix }, 'floods', () => {
  let server: AuthorizationServer
  let home: Home
  let agent: ChildProcess & { log: () => string }
  let wide: string
  /** Each has a rate of its own: what is beyond it is not looked at. */
  const channels = Array.from({ length: 6 }, (_, at) => `channel${at}`)

  beforeAll(async () => {
    server = await startAuthorizationServer()
    home = new Home()
    home.config(`${workProfile(server)}\n[[route]]\nurl = "https://git.example.com"\nprofile = "work"\n`)
    agent = await home.startAgent(['--log', 'info'])
    expect((await logIn(home, server)).code).toBe(0)
    for (const name of ['hostile', 'other', 'flooding', 'crowd', 'often', ...channels])
      expect((await home.run(['share', 'create', name, '--scope', 'read'])).code).toBe(0)
    wide = (await home.run(['token', 'work'])).stdout.trim()
  })

  afterAll(async () => {
    await home.close()
    await server.close()
  })

  const socketOf = (name: string): string => join(home.socket, '..', 'shares', name, 'agent.sock')
  const audit = (): string => join(home.path, 'state', 'authsock', 'audit.log')
  const memory = (): number =>
    isLinux ? Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${agent.pid}/status`, 'utf8'))?.[1]) : 0

  async function othersAreServed(): Promise<void> {
    expect((await home.http('GET', '/v1/token?profile=work')).status).toBe(200)
    expect((await home.http('GET', '/v1/token', { socket: socketOf('other') })).json()).toMatchObject({ scope: 'read' })
    expect(agent.exitCode).toBeNull()
  }

  async function connect(name: string): Promise<Socket> {
    const socket = createConnection(socketOf(name))
    socket.on('error', () => {})
    await once(socket, 'connect').catch(() => {})
    return socket
  }

  /** What comes back until the other end, or patience, is over. */
  async function send(name: string, pieces: readonly (string | Uint8Array)[], half: boolean): Promise<string> {
    const socket = await connect(name)
    let said = ''
    socket.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')))
    for (const piece of pieces) if (socket.writable) socket.write(piece)
    if (!half) socket.end()
    await Promise.race([new Promise((resolve) => socket.once('close', resolve)), pause(half ? 30 : 1_000)])
    socket.destroy()
    return said
  }

  test('S9 more connections than are accepted at once wait, and none is refused', async () => {
    const asked = Array.from({ length: 400 }, async () => {
      // As a thin client, whose connect() waits; Node's fails if the queue is full.
      for (;;) {
        const answer = await home.http('GET', '/v1/token', { socket: socketOf('crowd') }).catch(() => undefined)
        if (answer !== undefined && answer.status !== 429) return answer.status
        await pause(100)
      }
    })
    await othersAreServed()
    expect(new Set(await Promise.all(asked))).toEqual(new Set([200]))
  })

  test('S9 who asks too often has to connect again', async () => {
    const socket = await connect('often')
    let said = ''
    socket.on('data', (chunk: Buffer) => {
      said = chunk.toString()
      socket.write('GET /v1/token HTTP/1.1\r\nHost: a\r\n\r\n')
    })
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write('GET /v1/token HTTP/1.1\r\nHost: a\r\n\r\n')
    await closed
    expect(said).toContain('429')
    expect(said).toMatch(/Retry-After: 1\r\n[^]*Connection: close\r\n/)
  })

  test('L3 L4 R15 requests that are none, half ones, and several in one', async () => {
    const before = memory()
    const crlf = '\r\n'
    const line = fc.constantFrom(
      'GET /v1/token HTTP/1.1',
      'GET /v1/status HTTP/1.1',
      'POST /v1/lock HTTP/1.1',
      'DELETE /v1/sessions/work HTTP/1.1',
      'GET /v1/token?scope=write HTTP/1.1',
      'GET /v1/token?profile=work&scope=read%20write HTTP/1.1',
      'PUT /v1/shares/hostile HTTP/1.1',
      'GET http://a/v1/sessions HTTP/1.1',
      'GET /v1/status HTTP/1.0',
      'PRI * HTTP/2.0',
      'CONNECT a:1 HTTP/1.1',
      'GET /v1/token\0/../status HTTP/1.1',
      'POST /v1/helper/token HTTP/1.1',
    )
    const header = fc.constantFrom(
      'Host: a',
      'Content-Length: 5',
      'Content-Length: 0',
      'Content-Length: 99999999999999999999',
      'Content-Length: -1',
      'Content-Length : 3',
      'Transfer-Encoding: chunked',
      'Transfer-Encoding: chunked, identity',
      'Transfer-Encoding:\tchunked',
      'Expect: 100-continue',
      'Connection: Upgrade',
      'Upgrade: websocket',
      `X: ${'y'.repeat(20_000)}`,
      'X: \0',
      'X-Forwarded-For: 1',
      'Accept: text/plain',
      ' folded: yes',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    )
    const body = fc.constantFrom(
      '',
      '{}',
      '0\r\n\r\n',
      '5\r\nhello\r\n0\r\n\r\n',
      'ffffffffffffffff\r\n',
      'GET /v1/status HTTP/1.1\r\nHost: a\r\n\r\n',
      'POST /v1/lock HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n',
      'x'.repeat(200_000),
    )
    const request = fc
      .tuple(line, fc.array(header, { maxLength: 4 }), body)
      .map(([start, headers, rest]) => `${[start, ...headers].join(crlf)}${crlf}${crlf}${rest}`)
    const piece: fc.Arbitrary<string | Uint8Array> = fc.oneof(
      { weight: 5, arbitrary: request },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 2_000 }) },
    )
    const sent = fc.record({ pieces: fc.array(piece, { minLength: 1, maxLength: 6 }), half: fc.boolean() })
    const seed = Number(process.env['AUTHSOCK_SEED'] ?? 20_261)
    process.stdout.write(`seed ${seed}\n`)
    let runs = 0
    const tokens = new Set<string>()
    await fc.assert(
      fc.asyncProperty(sent, async ({ pieces, half }) => {
        runs += 1
        const said = await send(channels[runs % channels.length] ?? '', pieces, half)
        for (const [, token = ''] of said.matchAll(/"access_token":"([^"]+)"/g)) tokens.add(token)
        expect(said).not.toMatch(/"refresh_token"|"sessions"|"vault"|"started_at"|101 Switching|202 Accepted|204 No Content/)
        expect(said).not.toContain(wide)
        expect(said === '' || said.startsWith('HTTP/1.1 ')).toBe(true)
        if (runs % 25 === 0) await othersAreServed()
      }),
      { seed, numRuns: 1_500, interruptAfterTimeLimit: 12_000, markInterruptAsFailure: false },
    )
    const narrow = (await home.http('GET', '/v1/token', { socket: socketOf('other') })).json<{ access_token: string }>()
    expect([...tokens]).toEqual([narrow.access_token])
    expect((await home.http('GET', '/v1/status')).json()).toMatchObject({
      vault: { state: 'open' },
      sessions: [{ state: 'active' }],
    })
    if (isLinux) process.stdout.write(`memory after ${runs} runs: ${(memory() / before).toFixed(2)}\n`)
    if (isLinux) expect(memory() - before).toBeLessThan(200 * 1024)
  })

  test('L4 connections of one share up to its limit, half requests, one byte at a time: others are served', async () => {
    const sockets = await Promise.all(Array.from({ length: 600 }, () => connect('hostile')))
    for (const socket of sockets) socket.write('GET /v1/token HTTP/1.1\r\nHost: a\r\nX: ')
    const drip = setInterval(() => sockets.forEach((socket) => socket.write('x')), 200)
    try {
      for (let round = 0; round < 10; round++) {
        await othersAreServed()
        await pause(100)
      }
      await expect.poll(() => sockets.filter(({ closed }) => !closed).length).toBeLessThanOrEqual(256)
      // Those that never end are ended.
      await expect.poll(() => sockets.filter(({ closed }) => !closed).length).toBe(0)
    } finally {
      clearInterval(drip)
      for (const socket of sockets) socket.destroy()
    }
    await expect
      .poll(async () => (await send('hostile', ['GET /v1/share HTTP/1.1\r\nHost: a\r\n\r\n'], false)).slice(0, 12))
      .toBe('HTTP/1.1 200')
  })

  test('L6 a flood of refusals and of tokens is told of, and keeps the history: the log does not grow with it', async () => {
    await expect.poll(async () => (await home.run(['audit', '--event', 'logged_in'])).stdout).toContain('work')
    const size = (): number =>
      readdirSync(join(audit(), '..'))
        .filter((name) => name.startsWith('audit.log'))
        .reduce((sum, name) => sum + statSync(join(audit(), '..', name)).size, 0)
    const before = size()
    const long = 'y'.repeat(1_900)
    const paths = [`/v1/token?scope=${long}`, '/v1/token', `/v1/token?audience=${long}`, `/v1/${long}`, '/v1/token?scope=read']
    const answers = new Map<number, number>()
    const until = Date.now() + 6_000
    // At a pace that is within their own rate, however fast the flood is answered.
    const others = async (): Promise<void> => {
      for (; Date.now() < until; await pause(100)) await othersAreServed()
    }
    const flood = async (): Promise<void> => {
      for (let at = 0; Date.now() < until; at++) {
        const { status } = await home.http('GET', paths[at % paths.length] ?? '', { socket: socketOf('flooding') })
        answers.set(status, (answers.get(status) ?? 0) + 1)
      }
    }
    await Promise.all([others(), ...Array.from({ length: 8 }, flood)])
    const [served = 0, refused = 0, limited = 0] = [200, 403, 429].map((status) => answers.get(status))
    expect([served > 100, refused > 100, limited > 0]).toEqual([true, true, true])
    const own = (await home.run(['audit', '--share', 'flooding', '--json'])).stdout.trimEnd().split('\n').length
    expect(own).toBeLessThan(230)
    expect(size() - before).toBeLessThan(1_000_000)
    // With the agent's end what was counted is written.
    await home.run(['stop'])
    agent = await home.startAgent(['--log', 'info'])
    const lines = (await home.run(['audit', '--share', 'flooding', '--json'])).stdout.trimEnd().split('\n')
    const told = lines.map((each) => JSON.parse(each) as { event: string; count?: number })
    const count = (event: string): number =>
      told.filter((each) => each.event === event).reduce((sum, each) => sum + (each.count ?? 1), 0)
    expect([count('issued'), count('refused')]).toEqual([served, refused])
    expect((await home.run(['audit', '--share', 'flooding'])).stdout).toMatch(/\d+ times/)
    expect((await home.run(['audit', '--event', 'logged_in'])).stdout).toContain('work')
    expect((await verifyAudit(audit())).problems).toEqual([])
  })

  test('L4 a share cannot have the session refreshed as often as it likes', async () => {
    const before = server.refreshes
    const env = { AUTHSOCK: socketOf('other') }
    for (let round = 0; round < 8; round++) {
      const got = await home.run(['git', 'get'], { env, stdin: 'protocol=https\nhost=git.example.com\n\n' })
      const password = /^password=(.*)$/m.exec(got.stdout)?.[1] ?? ''
      expect(password).not.toBe('')
      await home.run(['git', 'erase'], {
        env,
        stdin: `protocol=https\nhost=git.example.com\nusername=oauth2\npassword=${password}\n\n`,
      })
    }
    expect(server.refreshes - before).toBeLessThanOrEqual(4)
  })

  test('S9 bodies that are cut off are no defect: nothing is logged, and no stack', async () => {
    const logged = agent.log().length
    const head = 'POST /v1/helper/token HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n'
    for (let round = 0; round < 50; round++) await send('hostile', [head, 'x'], false)
    await othersAreServed()
    expect(agent.log().slice(logged)).not.toMatch(/unexpected|\n {4}at /)
  })

  test('S9 large bodies that do not end: what they hold is limited over all shares, and others are served', async () => {
    const before = memory()
    const head = 'POST /v1/helper/token HTTP/1.1\r\nHost: a\r\nContent-Length: 524288\r\n\r\n'
    const body = Buffer.alloc(500_000, 'x')
    const sockets = await Promise.all(
      channels.flatMap((name) =>
        Array.from({ length: 60 }, async () => {
          const socket = await connect(name)
          let answer = ''
          socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')))
          socket.write(head)
          socket.write(body)
          return { socket, answer: () => answer }
        }),
      ),
    )
    try {
      await expect.poll(() => sockets.filter(({ answer }) => answer().startsWith('HTTP/1.1 429')).length).toBeGreaterThan(200)
      await othersAreServed()
      // 360 bodies would be 180 MB.
      if (isLinux) expect(memory() - before).toBeLessThan(120 * 1024)
    } finally {
      for (const { socket } of sockets) socket.destroy()
    }
    // What they held is free again.
    const call = Buffer.concat([Buffer.from('POST /v1/helper/token HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n'), body])
    await expect.poll(async () => (await send('channel0', [call], false)).slice(0, 12)).toBe('HTTP/1.1 200')
  })

  test('S4 a share has an allowance of refreshes, and the main socket is not held to it', async () => {
    expect((await home.run(['share', 'create', 'greedy', '--all-scopes'])).code).toBe(0)
    const scopes = ['openid', 'offline_access', 'read', 'write']
    const subsets = Array.from({ length: 15 }, (_, at) => scopes.filter((__, bit) => ((at + 1) >> bit) % 2 === 1).join('%20'))
    const before = server.refreshes
    const statuses: number[] = []
    for (const scope of subsets) {
      statuses.push((await home.http('GET', `/v1/token?scope=${scope}`, { socket: socketOf('greedy') })).status)
    }
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0)
    expect(server.refreshes - before).toBeLessThanOrEqual(12)
    for (const scope of subsets) expect((await home.http('GET', `/v1/token?profile=work&scope=${scope}`)).status).toBe(200)
  })

  test('L5 no token in the audit, nor in what the agent has said', async () => {
    const narrow = (await home.http('GET', '/v1/token', { socket: socketOf('other') })).json<{ access_token: string }>()
      .access_token
    const files = readdirSync(join(audit(), '..'))
      .filter((name) => /\.log/.test(name))
      .map((name) => readFileSync(join(audit(), '..', name), 'utf8'))
    for (const text of [...files, agent.log()]) for (const token of [wide, narrow]) expect(text).not.toContain(token)
  })
})
