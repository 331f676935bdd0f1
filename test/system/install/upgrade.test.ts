// `authsock upgrade --restart` under load: no caller fails, and a refresh under way is finished by the agent that began it.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { version } from '../../../src/platform/version.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home, type HttpAnswer } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { describeWith, isPosix } from '../../support/real-part.ts'
import { UserManager, userManagerParts } from '../../support/user-manager.ts'

let server: AuthorizationServer
let home: Home

beforeEach(async () => {
  server = await startAuthorizationServer({ delay: 1_000, accessTokenTtl: 6 })
  home = new Home()
  home.config(workProfile(server))
})

afterEach(async () => {
  await home.close()
  await server.close()
})

interface Running {
  readonly pid: number
  readonly version: string
}

const running = async (): Promise<Running> =>
  (JSON.parse((await home.run(['status', '--json'])).stdout) as { agent: Running }).agent

/** The program once more, as another version. */
function nextVersion(change: (text: string) => string): string {
  const folder = join(home.path, 'next')
  const from = dirname(home.program)
  cpSync(from, join(folder, 'dist'), { recursive: true, verbatimSymlinks: true })
  cpSync(join(from, '../package.json'), join(folder, 'package.json'))
  symlinkSync(join(from, '../../..'), join(folder, 'node_modules'))
  const chunks = join(folder, 'dist/chunks')
  for (const name of readdirSync(chunks)) {
    const path = join(chunks, name)
    writeFileSync(path, change(readFileSync(path, 'utf8')))
  }
  return join(folder, 'dist/main.js')
}

const newer = (): string => nextVersion((text) => text.replaceAll(`"${version}"`, '"9.0.0"'))

/** Does the work while callers ask by the thin client, each again and again: no call may fail. */
async function underLoad<T>(work: () => Promise<T>, { socket = home.socket, callers: count = 50 } = {}): Promise<T> {
  const stop = new AbortController()
  const callers = load(stop.signal, socket, count)
  try {
    return await work()
  } finally {
    stop.abort()
    const { failures, answers } = await callers
    expect(failures).toEqual([])
    expect(answers).toBeGreaterThanOrEqual(count)
  }
}

/** What went wrong. */
async function load(
  stop: AbortSignal,
  socket: string,
  count: number,
): Promise<{ readonly failures: readonly string[]; readonly answers: number }> {
  const client = join(dirname(home.program), 'bin/authsock-client')
  const failures: string[] = []
  let answers = 0
  const caller = async (): Promise<void> => {
    while (!stop.aborted) {
      const child = spawn(client, ['token', 'work'], {
        env: { ...home.env, AUTHSOCK: socket },
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      let stderr = ''
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
      const [code] = (await once(child, 'close')) as [number | null]
      if (code !== 0 || stderr !== '') failures.push(`${code} ${stderr}`)
      answers += 1
    }
  }
  await Promise.all(Array.from({ length: count }, caller))
  return { failures, answers }
}

/** The request that has begun it. Nobody repeats it: the agent that it has asked answers it when the refresh is done. */
async function refreshUnderWay(): Promise<{ readonly answer: Promise<HttpAnswer> }> {
  const { refreshes } = server
  const answer = home.http('POST', '/v1/sessions/work/retry')
  await expect.poll(() => server.refreshes).toBeGreaterThan(refreshes)
  return { answer }
}

/** Replaces the agent while a refresh is under way; gives what `upgrade` printed. */
async function upgradeTo(program: string): Promise<Record<string, unknown>> {
  const { answer } = await refreshUnderWay()
  const former = home.program
  home.program = program
  const upgraded = await home.run(['upgrade', '--restart', '--json'])
  home.program = former
  expect(upgraded).toMatchObject({ code: 0, stderr: '' })
  expect((await answer).status).toBe(200)
  return JSON.parse(upgraded.stdout) as Record<string, unknown>
}

describe.skipIf(!isPosix)('upgrade', () => {
  test('R4 no caller fails, no refresh is lost, and the next agent is of the new version', async () => {
    expect((await logIn(home, server)).code).toBe(0)
    const before = await running()
    expect(await underLoad(() => upgradeTo(newer()))).toMatchObject({
      installed: '9.0.0',
      restarted: true,
      agent: { version: '9.0.0' },
    })
    await expect.poll(() => existsSync(`/proc/${before.pid}`)).toBe(false)
    expect((await running()).version).toBe('9.0.0')
    // The session is whole: its refresh token is the newest, and was used by one agent at a time.
    expect((await home.run(['retry', 'work'])).code).toBe(0)
    expect(server.maxInFlight).toBe(1)
  })

  test('callers of a share wait as well', async () => {
    // Fewer: requests to a share have a rate.
    expect((await logIn(home, server)).code).toBe(0)
    const share = ['share', 'create', 'box', '--profile', 'work', '--all-scopes', '--json']
    const { socket } = JSON.parse((await home.run(share)).stdout) as { socket: string }
    for (let round = 0; round < 2; round++) {
      expect(await underLoad(() => upgradeTo(home.program), { socket, callers: 3 })).toMatchObject({ restarted: true })
    }
  })

  test('a program that cannot open the vault takes nobody’s place', async () => {
    expect((await logIn(home, server)).code).toBe(0)
    const before = await running()
    // As an older one: it does not know the format.
    home.program = nextVersion((text) => text.replaceAll('format !== 2', 'format !== 1'))
    const { code, stderr } = await home.run(['upgrade', '--restart'])
    expect(code).not.toBe(0)
    expect(stderr).toContain('the agent was not restarted: this version cannot open')
    expect(await running()).toEqual(before)
  })

  test('an agent that nobody succeeds goes on', async () => {
    const agent = await home.startAgent()
    expect((await home.http('POST', '/v1/handover')).json()).toEqual({ socket_of: 'agent' })
    expect((await home.http('GET', '/v1/status')).status).toBe(200)
    await expect.poll(() => agent.log()).toContain('no other agent has come to take over: this one goes on')
    expect((await home.http('GET', '/v1/status')).status).toBe(200)
  })

  test('without an agent there is nothing to replace', async () => {
    expect(await home.run(['upgrade', '--restart'])).toMatchObject({
      code: 0,
      stdout: `version ${version} is installed; no agent is running\n`,
    })
  })
})

describeWith(userManagerParts, 'upgrade of a systemd user service', () => {
  let manager: UserManager

  beforeEach(async () => {
    manager = await UserManager.start(home)
  })

  afterEach(() => manager.close())

  test('the socket stays, no caller fails, and the next agent is one of the unit', async () => {
    expect((await home.run(['install', '--json'])).code).toBe(0)
    expect((await logIn(home, server)).code).toBe(0)
    const before = await running()
    expect(before.pid).toBe(Number(manager.property('authsock.service', 'MainPID')))
    expect(await underLoad(() => upgradeTo(home.program))).toMatchObject({ restarted: true })
    const after = await running()
    expect(after.pid).not.toBe(before.pid)
    expect(after.pid).toBe(Number(manager.property('authsock.service', 'MainPID')))
  })

  test('`systemctl --user restart` under load does the same', async () => {
    expect((await home.run(['install', '--json'])).code).toBe(0)
    expect((await logIn(home, server)).code).toBe(0)
    await underLoad(async () => {
      const { answer } = await refreshUnderWay()
      await manager.run('restart', 'authsock.service')
      expect((await answer).status).toBe(200)
    })
    expect((await home.run(['retry', 'work'])).code).toBe(0)
    expect(server.maxInFlight).toBe(1)
  })
})
