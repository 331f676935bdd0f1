// A thousand shares: each with its own bounds, over a restart, at a cost that is told; and changes of shares that come at once,
// under odd names, at places that cannot be had, and from two machines with one home.

import { type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { Shares } from '../../../src/agent/shares/shares.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home, type HttpAnswer } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { isLinux, isPosix } from '../../support/real-part.ts'

let server: AuthorizationServer
let home: Home
let agent: ChildProcess & { log: () => string }

beforeAll(async () => {
  server = await startAuthorizationServer()
})

afterAll(() => server.close())

beforeEach(async () => {
  home = new Home()
  home.config(workProfile(server))
  agent = await home.startAgent(['--log', 'quiet'])
  expect((await logIn(home, server)).code).toBe(0)
})

afterEach(() => home.close())

const folder = (): string => join(home.socket, '..', 'shares')
const socketOf = (name: string): string => join(folder(), name, 'agent.sock')
/** What is more than the agent answers at once is asked again. */
async function http(method: string, path: string, body?: object): Promise<HttpAnswer> {
  for (;;) {
    const answer = await home.http(method, path, body === undefined ? {} : { body })
    if (answer.status !== 429) return answer
    await pause(20)
  }
}

const make = (name: string, more: object = {}) =>
  http('PUT', `/v1/shares/${encodeURIComponent(name)}`, { profiles: ['work'], ttl: 3600, ...more })
const names = async (): Promise<readonly string[]> =>
  (await http('GET', '/v1/shares')).json<{ shares: { name: string }[] }>().shares.map(({ name }) => name)

async function restart(): Promise<void> {
  await home.run(['stop'])
  agent = await home.startAgent(['--log', 'quiet'])
}

const descriptors = (): number => (isLinux ? readdirSync(`/proc/${agent.pid}/fd`).length : 0)
const memory = (): number =>
  isLinux ? Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${agent.pid}/status`, 'utf8'))?.[1]) : Number.NaN

async function timed(count: number, work: (at: number) => Promise<unknown>): Promise<number> {
  const start = performance.now()
  for (let at = 0; at < count; at++) await work(at)
  return (performance.now() - start) / count
}

test.runIf(isPosix)(
  'L3 a thousand shares',
  async () => {
    const scopeOf = (at: number): string => (at % 2 === 0 ? 'read' : 'write')
    const ask = () => home.http('GET', '/v1/token?profile=work&scope=read')
    const check = async (at: number): Promise<void> => {
      const socket = socketOf(`s${at}`)
      expect((await home.http('GET', '/v1/token', { socket })).json()).toMatchObject({ scope: scopeOf(at) })
      expect((await home.http('GET', `/v1/token?scope=${scopeOf(at + 1)}`, { socket })).json()['code']).toBe('share_limited')
      expect((await home.http('GET', '/v1/share', { socket })).json()).toMatchObject({ name: `s${at}`, scope: scopeOf(at) })
    }
    const before = { descriptors: descriptors(), memory: memory(), request: await timed(100, ask) }
    const first = await timed(100, (at) => make(`s${at}`, { scope: scopeOf(at) }))
    await timed(800, (at) => make(`s${at + 100}`, { scope: scopeOf(at) }))
    const last = await timed(100, (at) => make(`s${at + 900}`, { scope: scopeOf(at) }))
    expect((await names()).length).toBe(1000)
    for (let at = 7; at < 1000; at += 90) await check(at)
    const after = { descriptors: descriptors(), memory: memory(), request: await timed(100, ask) }
    if (isLinux) expect(after.descriptors - before.descriptors).toBeLessThan(1_020)
    const ratio = (a: number, b: number): string => (a / b).toFixed(1)
    process.stdout.write(
      `1,000 shares: the last hundred cost ${ratio(last, first)} of the first to make, a request ${ratio(after.request, before.request)}, ` +
        `memory ${ratio(after.memory, before.memory)}, descriptors +${after.descriptors - before.descriptors}\n`,
    )

    await restart()
    expect((await names()).length).toBe(1000)
    for (let at = 12; at < 1000; at += 90) await check(at)
    const removals = await Promise.all(Array.from({ length: 1000 }, (_, at) => http('DELETE', `/v1/shares/s${at}`)))
    expect(removals.filter(({ status }) => status !== 204)).toEqual([])
    expect([await names(), readdirSync(folder())]).toEqual([[], []])
    if (isLinux) expect(descriptors()).toBeLessThan(before.descriptors + 20)
  },
  300_000,
)

test.runIf(isPosix)(
  'L3 changes that come at once: one listens, and whoever was connected gets nothing after its end',
  async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => make('devbox', { scope: 'read' })))
    expect(made.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 201))
    // Flags of those that listen: __SO_ACCEPTCON. The kernel keeps the name that a socket was made under.
    const name = socketOf('devbox').replace('agent.sock', '.agent.soc')
    const listeners = (): number =>
      readFileSync('/proc/net/unix', 'utf8')
        .split('\n')
        .filter((line) => line.includes(' 00010000 ') && line.endsWith(` ${name}`)).length
    if (isLinux) expect(listeners()).toBe(1)
    const keepAlive = new Agent({ keepAlive: true, maxSockets: 1 })
    const ask = async (): Promise<number | undefined> => {
      const asked = request({ socketPath: socketOf('devbox'), path: '/v1/token', agent: keepAlive }).end()
      const [response] = (await once(asked, 'response').catch(() => [])) as [{ statusCode: number; resume: () => void }?]
      response?.resume()
      if (response !== undefined) await once(response as never, 'end')
      return response?.statusCode
    }
    expect(await ask()).toBe(200)
    const removing = http('DELETE', '/v1/shares/devbox')
    let answered = await ask()
    while (answered === 200) answered = await ask()
    expect([403, undefined]).toContain(answered)
    expect((await removing).status).toBe(204)
    expect(await ask()).toBeUndefined()
    keepAlive.destroy()
    const mixed = await Promise.all(
      Array.from({ length: 12 }, (_, at) => (at % 2 === 0 ? make('devbox') : http('DELETE', '/v1/shares/devbox'))),
    )
    expect(mixed.every(({ status }) => [201, 204, 404].includes(status))).toBe(true)
    const left = await names()
    expect(existsSync(socketOf('devbox'))).toBe(left.length === 1)
    if (isLinux) expect(listeners()).toBe(left.length)
    if (left.length === 1) expect((await home.http('GET', '/v1/token', { socket: socketOf('devbox') })).status).toBe(200)
  },
  300_000,
)

test('L3 changes of one share that come while it is being opened or closed wait for that', async () => {
  const open = new Map<string, number>()
  let closed = 0
  const shares = new Shares({
    clock: systemClock,
    file: join(home.path, 'shares.json'),
    folder: join(home.path, 'shares'),
    onWarning: () => {},
  })
  await shares.resume({
    isReserved: () => false,
    listenOnTcp: () => Promise.reject(new Error('none here')),
    listen: async (path) => {
      open.set(path, (open.get(path) ?? 0) + 1)
      expect(open.get(path)).toBe(1)
      await pause(5)
      const close = async (): Promise<void> => {
        await pause(5)
        closed += 1
        open.set(path, (open.get(path) ?? 0) - 1)
      }
      return { isThere: () => true, finish: async () => {}, close }
    },
  })
  const request = { profiles: ['work'], ttl: 60 }
  const make = (name: string) => shares.make(name, request)
  const remove = (name: string) => shares.remove(name)
  await Promise.all([make('a'), make('a'), make('b'), remove('a'), make('a'), remove('b'), make('a')])
  expect([shares.list().map(({ name }) => name), closed]).toEqual([['a'], 2])
  await shares.close()
  expect([...open.values()]).toEqual([0, 0])
  rmSync(join(home.path, 'shares'), { recursive: true })
})

test('names: only those that are one folder, on any system', async () => {
  const odd = [
    '..',
    '.',
    '...',
    'a/b',
    '../x',
    'a\\b',
    'A',
    'Devbox',
    'é',
    'ﬁ',
    'a b',
    'a\0',
    '-a',
    '.a',
    '',
    'x'.repeat(33),
    'x'.repeat(300),
    'a.',
    'a:b',
    'a%2fb',
    'nul\n',
  ]
  for (const name of odd) {
    const { status } = await make(name)
    expect([name, status === 400 || status === 404]).toEqual([name, true])
  }
  expect(await names()).toEqual([])
  expect(existsSync(folder()) ? readdirSync(folder()) : []).toEqual([])
  for (const name of ['a', '0', 'a..b', 'x'.repeat(32)]) expect([name, (await make(name)).status]).toEqual([name, 201])
  expect((await names()).length).toBe(4)
})

test.runIf(isPosix)(
  'a place that cannot be had: told, nothing is left of it, and no other is lost',
  async () => {
    await home.run(['stop'])
    // The agent's own socket fits, a share's does not.
    const socket = join(home.path, 'run', 'x'.repeat(65 - home.path.length), 's')
    const env = { ...home.env, AUTHSOCK: socket }
    await home.run(['start'], { env })
    const long = (method: string, path: string, body?: unknown) =>
      home.http(method, path, { socket, ...(body === undefined ? {} : { body }) })
    const request = { profiles: ['work'], ttl: 60 }
    expect((await long('PUT', '/v1/shares/a', request)).status).toBe(201)
    const failed = await long('PUT', `/v1/shares/${'b'.repeat(32)}`, request)
    expect([failed.status, failed.json()['code']]).toEqual([507, 'storage_failed'])
    expect((await long('GET', '/v1/shares')).json<{ shares: unknown[] }>().shares).toHaveLength(1)
    expect((await long('PUT', '/v1/shares/c', request)).status).toBe(201)
    await home.run(['stop'], { env })
    await home.run(['start'], { env })
    expect((await long('GET', '/v1/shares')).json<{ shares: { name: string }[] }>().shares.map(({ name }) => name)).toEqual([
      'a',
      'c',
    ])
    await home.run(['stop'], { env })
  },
  300_000,
)

test.runIf(isPosix)(
  'R9 two agents with one home have shares of their own, and take none from the other',
  async () => {
    expect((await make('mine')).status).toBe(201)
    const env = home.second()
    const other = await home.startAgent(['--log', 'quiet'], env)
    const socket = join(env['XDG_RUNTIME_DIR'] ?? '', 'authsock', 'agent.sock')
    const list = async () => (await home.http('GET', '/v1/shares', { socket })).json<{ shares: { name: string }[] }>().shares
    expect(await list()).toEqual([])
    await home.http('PUT', '/v1/shares/theirs', { socket, body: { profiles: ['work'], ttl: 60 } })
    other.kill('SIGTERM')
    await once(other, 'exit')
    await restart()
    expect(await names()).toEqual(['mine'])
    await home.startAgent(['--log', 'quiet'], env)
    expect((await list()).map(({ name }) => name)).toEqual(['theirs'])
  },
  300_000,
)
