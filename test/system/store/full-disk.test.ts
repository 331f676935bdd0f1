// Real disks that fail: a file system that is full or read-only, before the refresh and between the answer and its writing;
// and what is asked of the system, in which order, when nothing fails (R2, R3, R11).

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home, program } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { describeWith, isLinux, isRoot, programs } from '../../support/real-part.ts'

const life = 2
let server: AuthorizationServer
let home: Home

beforeEach(async () => {
  server = await startAuthorizationServer({ accessTokenTtl: life })
  home = new Home()
  home.config(workProfile(server, 'refresh = "on_demand"'))
})

afterEach(async () => {
  await home.close()
  await server.close()
})

const expired = (): Promise<void> => pause(life * 1000 + 300)
const ask = () => home.http('GET', '/v1/token')

describeWith({ ...programs('mount', 'umount'), Linux: isLinux, root: isRoot }, 'a small file system', () => {
  const state = (): string => join(home.path, 'state')
  const filler = (): string => join(state(), 'filler')

  function fill(): void {
    try {
      writeFileSync(filler(), Buffer.alloc(4 * 1024 * 1024))
    } catch {
      // As much as fitted is there.
    }
  }

  beforeEach(async () => {
    mkdirSync(state(), { mode: 0o700 })
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k,mode=0700', 'tmpfs', state()])
    await home.startAgent()
    expect((await logIn(home, server)).code).toBe(0)
  })

  afterEach(async () => {
    await home.run(['stop'])
    execFileSync('umount', ['-l', state()])
  })

  test('R11 full before a refresh: nothing is sent, and when there is room again the session lives', async () => {
    await expired()
    fill()
    const answer = await ask()
    expect([answer.status, answer.json()['code']]).toEqual([507, 'storage_failed'])
    expect(answer.text).toContain('the disk is full')
    expect(server.refreshes).toBe(0)
    rmSync(filler())
    await expect.poll(async () => (await ask()).status, { timeout: 20_000, interval: 250 }).toBe(200)
    expect(server.refreshes).toBe(1)
  })

  test('R2 full when the answer has come: no token leaves until it is kept, and nothing is lost', async () => {
    await expired()
    server.intercept = () => {
      server.intercept = undefined
      fill()
      return false
    }
    const answer = await ask()
    expect([answer.status, answer.json()['code']]).toEqual([507, 'storage_failed'])
    expect(server.refreshes).toBe(1)
    rmSync(filler())
    await expect.poll(async () => (await ask()).status, { timeout: 30_000, interval: 250 }).toBe(200)
    // The one that was rotated, or one made from it: the server would have refused the older one.
    await expect.poll(async () => (await home.http('GET', '/v1/sessions/work')).json()['state']).toBe('active')
  })

  test('R11 read-only: nothing is sent; a login says so before the user is sent to the browser', async () => {
    await expired()
    execFileSync('mount', ['-o', 'remount,ro', state()])
    expect((await ask()).json()).toMatchObject({ code: 'storage_failed' })
    const { code, stderr } = await logIn(home, server)
    expect([code, stderr]).toEqual([9, expect.stringContaining('read-only')])
    expect(stderr).not.toContain('Open this address')
    expect(server.refreshes).toBe(0)
    execFileSync('mount', ['-o', 'remount,rw', state()])
    await expect.poll(async () => (await ask()).status, { timeout: 20_000, interval: 250 }).toBe(200)
  })
})

describeWith({ ...programs('strace'), Linux: isLinux }, 'what is asked of the system', () => {
  interface Call {
    readonly name: string
    readonly args: string
  }

  /** System calls in the order in which they have come to their end. */
  function calls(log: string): readonly Call[] {
    const begun = new Map<string, string>()
    return log.split('\n').flatMap((line) => {
      const [, pid = '', text = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? []
      if (text.endsWith('<unfinished ...>')) {
        begun.set(pid, text.slice(0, -'<unfinished ...>'.length))
        return []
      }
      const resumed = /^<\.\.\. (\w+) resumed>(.*)$/.exec(text)
      const whole = resumed === null ? text : (begun.get(pid) ?? '') + (resumed[2] ?? '')
      const [, name, args] = /^(\w+)\((.*)$/.exec(whole) ?? []
      return name === undefined || args === undefined || !/= \d+/.test(args) ? [] : [{ name, args }]
    })
  }

  test('R2 R3 intent written, synced, renamed, its folder synced; sent; the same for the answer; only then the token', async () => {
    const log = join(home.path, 'calls')
    const traced = spawn(
      'strace',
      ['-f', '-y', '-s', '8192', '-e', 'trace=fsync,rename,write,writev', '-o', log, process.execPath, program, 'agent'],
      { env: home.env, stdio: 'ignore' },
    )
    const ended = once(traced, 'exit')
    await expect
      .poll(async () =>
        home.http('GET', '/v1/status').then(
          () => true,
          () => false,
        ),
      )
      .toBe(true)
    expect((await logIn(home, server)).code).toBe(0)
    await expired()
    const token = String((await ask()).json()['access_token'])
    await home.run(['stop'])
    await ended

    const seen = calls(readFileSync(log, 'utf8'))
    const sent = seen.findLastIndex(({ name, args }) => name.startsWith('write') && args.includes('grant_type=refresh_token'))
    const left = seen.findLastIndex(({ name, args }) => name.startsWith('write') && args.includes(token))
    expect(sent).toBeGreaterThan(0)
    expect(left).toBeGreaterThan(sent)
    for (const [from, to] of [
      [0, sent],
      [sent, left],
    ]) {
      const part = seen.slice(from, to)
      const renamed = part.findLastIndex(({ name, args }) => name === 'rename' && /session\.work\.sealed"\)/.test(args))
      const temporary = /^"([^"]+)"/.exec(part[renamed]?.args ?? '')?.[1] ?? 'none'
      const written = part.findIndex(({ name, args }) => name === 'fsync' && args.includes(`<${temporary}>`))
      const folder = part.findIndex(
        ({ name, args }, index) => index > renamed && name === 'fsync' && args.includes(`<${home.vault}>`),
      )
      expect(written).toBeGreaterThanOrEqual(0)
      expect(renamed).toBeGreaterThan(written)
      expect(folder).toBeGreaterThan(renamed)
    }
  })
})
