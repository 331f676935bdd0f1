// Loads that a user's machine can put on the agent, each against the real agent and the real server. Every one of them says
// what others got meanwhile, and what of it is left afterwards.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { AuthorizationServer } from '../support/authorization-server.ts'
import type { Home } from '../support/home.ts'

export interface Ground {
  readonly home: Home
  readonly server: AuthorizationServer
  /** Of the agent. */
  readonly pid: number
}

export interface Outcome {
  readonly held: boolean
  /** One line. */
  readonly told: string
}

const request = 'GET /v1/token?profile=work HTTP/1.1\r\nhost: authsock\r\n\r\n'

/** Open files that this process may have, less what it needs itself. */
export const maxConnections = (wanted: number): number => {
  const soft = /Max open files\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  return Math.min(wanted, Number(soft ?? 1024) - 400)
}

/** Resident memory of a process, MB. The agent's own smaps are closed to all but root. */
const memory = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1024

const dialOnce = (path: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(socket))
    socket.once('error', reject)
  })

/** Again while the agent's queue is full. */
async function dial(path: string): Promise<Socket> {
  for (;;) {
    try {
      return await dialOnce(path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      await pause(20)
    }
  }
}

async function dialMany(path: string, count: number, opened: (socket: Socket) => void = () => {}): Promise<Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(500, count - sockets.length) }, () => dial(path))
    for (const socket of await Promise.all(batch)) {
      socket.on('error', () => {})
      opened(socket)
      sockets.push(socket)
    }
  }
  return sockets
}

async function hangUp(sockets: readonly Socket[]): Promise<void> {
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve) => {
          if (socket.destroyed) return resolve()
          socket.once('close', () => resolve())
          socket.destroy()
        }),
    ),
  )
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

/** Median ms of a token request by a client that comes, asks and goes. Throws where one is refused. */
async function servingTime({ home }: Ground, times = 60): Promise<number> {
  const taken: number[] = []
  for (let index = 0; index < times; index++) {
    const started = performance.now()
    const { status, text } = await home.http('GET', '/v1/token?profile=work')
    if (status !== 200) throw new Error(text)
    taken.push(performance.now() - started)
  }
  return median(taken)
}

const ratio = (value: number, base: number): string => `${(value / base).toFixed(1)} x`

/** Others are served while they are there, and what they cost comes back. */
async function besides(ground: Ground, what: string, load: () => Promise<readonly Socket[]>): Promise<Outcome> {
  const [alone, before] = [await servingTime(ground), memory(ground.pid)]
  const sockets = await load()
  const [busy, during] = [await servingTime(ground), memory(ground.pid)]
  await hangUp(sockets)
  const later = await servingTime(ground)
  // The runtime gives memory back when it likes; what counts is that a second such load finds room in what the first one took.
  const again = await load()
  const second = memory(ground.pid)
  await hangUp(again)
  return {
    held: second < during * 1.5 + 20,
    told:
      `${what}: others wait ${ratio(busy, alone)} as long meanwhile, ${ratio(later, alone)} afterwards; ` +
      `memory ${before.toFixed(0)} MB before, ${during.toFixed(0)} MB with them, ${second.toFixed(0)} MB the second time`,
  }
}

export const idle = (ground: Ground, count: number): Promise<Outcome> =>
  besides(ground, `${count} open connections`, () => dialMany(ground.home.socket, count))

/** They ask and ask and read nothing: what waits for them must not grow without end. */
export const slowReaders = (ground: Ground, count: number): Promise<Outcome> =>
  besides(ground, `${count} clients that do not read`, async () => {
    const sockets = await dialMany(ground.home.socket, count, (socket) => {
      socket.pause()
      socket.write(request.repeat(200))
    })
    await pause(500)
    return sockets
  })

/** Half a request: the agent ends each after its time, and nobody waits for them. */
export async function halfRequests(ground: Ground, count: number): Promise<Outcome> {
  const open = new Set<Socket>()
  const sockets = await dialMany(ground.home.socket, count, (socket) => {
    socket.resume()
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    socket.write('GET /v1/token HTTP/1.1\r\nhost: auth')
  })
  const busy = await servingTime(ground)
  for (let waited = 0; open.size > 0 && waited < 40_000; waited += 250) await pause(250)
  const later = await servingTime(ground)
  await hangUp(sockets)
  return {
    held: open.size === 0,
    told: `${count} requests that never end: ${count - open.size} were ended by the agent; others wait ${ratio(busy, later)} as long meanwhile`,
  }
}

/** All at an expiry: one refresh, one token. */
export async function expiry({ home, server }: Ground, callers: number): Promise<Outcome> {
  const { expires_at: end } = (await home.http('GET', '/v1/sessions/work')).json<{ expires_at: number }>()
  await pause(Math.max(0, end * 1000 - Date.now()) + 1100)
  const [before, started] = [server.refreshes, performance.now()]
  const answers = await Promise.all(Array.from({ length: callers }, () => home.http('GET', '/v1/token?profile=work')))
  const all = performance.now() - started
  const again = performance.now()
  await Promise.all(Array.from({ length: callers }, () => home.http('GET', '/v1/token?profile=work')))
  const cached = performance.now() - again
  const refreshes = server.refreshes - before
  const tokens = new Set(answers.map(({ text }) => (JSON.parse(text) as { access_token?: string }).access_token))
  return {
    held: refreshes === 1 && tokens.size === 1 && answers.every(({ status }) => status === 200),
    told: `${callers} callers at an expiry: ${refreshes} refresh, ${tokens.size} token; the last has it after ${ratio(all, cached)} the time that as many cached ones take`,
  }
}

/** More connections than the agent has descriptors: it lives on, and serves when they have gone. */
export async function noDescriptors(ground: Ground, limit: number): Promise<Outcome> {
  const { home, server } = ground
  const sockets: Socket[] = []
  for (let index = 0; index < limit * 2; index++) {
    const socket = connect(home.socket)
    socket.on('error', () => {})
    sockets.push(socket)
  }
  await pause(1000)
  await hangUp(sockets)
  let status = 0
  for (let tries = 0; tries < 100 && status !== 200; tries++) {
    status = (await home.http('GET', '/v1/token?profile=work').catch(() => ({ status: 0 }))).status
    if (status !== 200) await pause(100)
  }
  const before = server.refreshes
  const refreshed = await expiry(ground, 20)
  return {
    held: status === 200 && refreshed.held && server.refreshes === before + 1,
    told: `${limit * 2} connections to an agent with ${limit} descriptors: it lives, serves again, and refreshes once at the next expiry`,
  }
}

const attacker = fileURLToPath(new URL('attacker.ts', import.meta.url))
const shareSocket = (home: Home, name: string): string => join(home.socket, '..', 'shares', name, 'agent.sock')

const hostileNames = Array.from({ length: 8 }, (_, at) => `hostile${at}`)

async function createShares({ home }: Ground): Promise<void> {
  for (const name of [...hostileNames, 'friendly']) {
    const { status, text } = await home.http('PUT', `/v1/shares/${name}`, { body: { profiles: ['work'], ttl: 3600 } })
    if (status !== 201) throw new Error(text)
  }
}

/** Eight clients, in processes of their own, each with an attack of its own on a share of this agent. */
async function duringAttack(target: Ground, connections: number, work: () => Promise<void>): Promise<void> {
  const attackers = hostileNames.map((name, at) =>
    spawn(process.execPath, [attacker, shareSocket(target.home, name), String(at), String(connections)], { stdio: 'inherit' }),
  )
  try {
    // Until they have used up what they may at once.
    await pause(3_000)
    await work()
  } finally {
    for (const each of attackers) each.kill('SIGKILL')
    for (const each of attackers) if (each.exitCode === null && each.signalCode === null) await once(each, 'exit')
  }
}

/**
 * S9: eight hostile shares, and the main socket beside them. What the attackers cost the machine is not the agent's fault: the main socket
 * is compared with its own time while they attack another agent. `connections`: of each share.
 */
export async function hostileShares(ground: Ground, other: Ground, connections: number, seconds: number): Promise<Outcome> {
  const { home, server, pid } = ground
  await createShares(ground)
  await createShares(other)
  const times: number[] = []
  await duringAttack(other, connections, async () => {
    const end = performance.now() + Math.min(seconds, 10) * 1000
    while (performance.now() < end) times.push(await servingTime(ground, 20))
  })
  const beside = median(times)
  const [before, refreshes] = [memory(pid), server.refreshes]
  let [most, friendly] = [0, 0]
  times.length = 0
  await duringAttack(ground, connections, async () => {
    const end = performance.now() + seconds * 1000
    for (let rounds = 1; performance.now() < end; rounds++) {
      times.push(await servingTime(ground, 20))
      most = Math.max(most, memory(pid))
      friendly += (await home.http('GET', '/v1/token', { socket: shareSocket(home, 'friendly') })).status === 200 ? 1 : 0
      if (friendly !== rounds) break
    }
  })
  const [during, worst] = [median(times), Math.max(...times)]
  const later = await servingTime(ground)
  const logged = statSync(join(home.path, 'agent.log')).size
  const extra = server.refreshes - refreshes
  return {
    held: friendly > 0 && most < before + 250 && extra <= 100 && logged < 200 * 1024,
    told:
      `eight hostile shares, ${connections} connections each: the main socket takes ${ratio(during, beside)} as long as if another agent ` +
      `were attacked (${ratio(worst, beside)} at worst), ${ratio(later, beside)} afterwards; another share is served; memory ${before.toFixed(0)} MB before, ${most.toFixed(0)} MB at most; ` +
      `${extra} refreshes, ${Math.round(logged / 1024)} KB logged`,
  }
}
