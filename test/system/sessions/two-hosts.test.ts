// Two hosts over one home folder, and a machine that sleeps (R8, R9). A host is a mount namespace with a boot of its own and
// without the other's kernel locks: what is left to both is the home folder, as over NFS.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home, type HttpAnswer, program } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { describeWith, isLinux, isRoot, programs } from '../../support/real-part.ts'

const life = 4
let server: AuthorizationServer
let home: Home

async function begin(options = {}): Promise<void> {
  server = await startAuthorizationServer({ accessTokenTtl: life, ...options })
  home = new Home()
  home.config(workProfile(server, 'refresh = "on_demand"'))
}

afterEach(async () => {
  await home.close()
  await server.close()
})

async function expired(): Promise<void> {
  const at = (await home.http('GET', '/v1/sessions/work')).json<{ expires_at: number }>().expires_at
  await pause(Math.max(0, at * 1000 - Date.now()) + 1100)
}

const tokens = (answers: readonly HttpAnswer[]): Set<unknown> => new Set(answers.map((answer) => answer.json()['access_token']))

describeWith({ ...programs('unshare', 'mount'), Linux: isLinux, root: isRoot }, 'two hosts over one home', () => {
  const others: ChildProcess[] = []

  afterEach(() => {
    for (const other of others.splice(0)) other.kill('SIGKILL')
  })

  /** An agent on another host. Gives its socket. */
  async function secondHost(): Promise<string> {
    const env = home.second()
    const own = join(home.path, 'other-host')
    mkdirSync(own)
    writeFileSync(join(own, 'boot_id'), '11111111-2222-3333-4444-555555555555\n')
    writeFileSync(join(own, 'work.local'), '')
    // The file that the kernel locks is there once the first host has refreshed or logged in.
    const script = `
      mount --bind "$OWN/boot_id" /proc/sys/kernel/random/boot_id &&
      mount --bind "$OWN/work.local" "$VAULT/locks/session.work.local" &&
      exec "$NODE" "$PROGRAM" agent`
    const child = spawn('unshare', ['--mount', 'sh', '-c', script], {
      env: { ...env, OWN: own, VAULT: home.vault, NODE: process.execPath, PROGRAM: program },
      stdio: 'ignore',
    })
    others.push(child)
    const socket = join(env['XDG_RUNTIME_DIR'] ?? '', 'authsock', 'agent.sock')
    const answers = () =>
      home.http('GET', '/v1/status', { socket }).then(
        () => true,
        () => false,
      )
    await expect.poll(answers).toBe(true)
    return socket
  }

  test('R9 200 callers of both at each expiry: one refresh, one token', async () => {
    await begin({ delay: 150 })
    await home.startAgent()
    expect((await logIn(home, server)).code).toBe(0)
    const other = await secondHost()
    for (let round = 1; round <= 3; round++) {
      await expired()
      const sockets = Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? home.socket : other))
      const answers = await Promise.all(sockets.map((socket) => home.http('GET', '/v1/token', { socket })))
      expect(answers.filter(({ status }) => status !== 200).map(({ text }) => text)).toEqual([])
      expect(tokens(answers).size).toBe(1)
      expect(server.refreshes).toBe(round)
    }
    expect(server.maxInFlight).toBe(1)
  })

  test('R9 R14 one dies with the lock in hand: the other takes it for dead after a while, and goes on', async () => {
    await begin()
    const first = await home.startAgent()
    expect((await logIn(home, server)).code).toBe(0)
    const other = await secondHost()
    await expired()
    const { promise: sent, resolve: arrived } = Promise.withResolvers<void>()
    // The request comes, and is never acted on.
    server.intercept = () => {
      arrived()
      return true
    }
    void home.http('GET', '/v1/token').catch(() => {})
    await sent
    server.intercept = undefined
    first.kill('SIGKILL')
    await once(first, 'exit')
    const answer = await home.http('GET', '/v1/token', { socket: other })
    expect(answer.status).toBe(200)
    expect(server.maxInFlight).toBeLessThanOrEqual(2)
  })
})

describe('a machine that sleeps', () => {
  test('R8 past the expiry: who waits when it wakes gets a new token, by one refresh', async () => {
    await begin()
    const agent = await home.startAgent()
    expect((await logIn(home, server)).code).toBe(0)
    const before = (await home.http('GET', '/v1/token')).json()['access_token']
    agent.kill('SIGSTOP')
    const waiting = Array.from({ length: 50 }, () => home.http('GET', '/v1/token'))
    await pause(life * 1000 + 500)
    agent.kill('SIGCONT')
    const answers = await Promise.all(waiting)
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200))
    expect(tokens(answers).size).toBe(1)
    expect(tokens(answers)).not.toContain(before)
    expect(server.refreshes).toBe(1)
  })

  test('R8 with the refresh under way: the answer that came meanwhile is kept', async () => {
    await begin()
    const agent = await home.startAgent()
    expect((await logIn(home, server)).code).toBe(0)
    await expired()
    server.intercept = () => {
      server.intercept = undefined
      agent.kill('SIGSTOP')
      setTimeout(() => agent.kill('SIGCONT'), 12_000)
      return false
    }
    const answer = await home.http('GET', '/v1/token')
    // The token of that answer has expired in the meantime: it is saved, and another is fetched with its successor.
    expect(answer.status).toBe(200)
    expect(answer.json<{ expires_in: number }>().expires_in).toBeGreaterThan(0)
    expect((await home.http('GET', '/v1/sessions/work')).json()['state']).toBe('active')
  })
})
