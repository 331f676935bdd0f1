// `authsock install` with a real `systemd --user`: the socket starts the agent, and callers wait at it whatever happens to the agent.

import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { describeWith, programs } from '../../support/real-part.ts'
import { UserManager, userManagerParts } from '../../support/user-manager.ts'

const service = 'authsock.service'
const socket = 'authsock.socket'

describeWith({ ...userManagerParts, ...programs('systemd-analyze', 'curl') }, 'systemd user socket', () => {
  let server: AuthorizationServer
  let home: Home
  let manager: UserManager

  beforeAll(async () => {
    server = await startAuthorizationServer()
  })

  beforeEach(async () => {
    home = new Home()
    home.config(workProfile(server))
    manager = await UserManager.start(home)
  })

  afterEach(async () => {
    await manager.close()
    await home.close()
  })

  afterAll(() => server.close())

  const mainPid = (): number => Number(manager.property(service, 'MainPID'))
  /** By the thin client, as a tool asks: its exit code, and what it complains about. */
  const token = async (): Promise<readonly [code: number | null, stderr: string]> => {
    const child = spawn(join(dirname(home.program), 'bin/authsock-client'), ['token', 'work'], {
      env: home.env,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    const [code] = (await once(child, 'close')) as [number | null]
    return [code, stderr]
  }
  const install = async (): Promise<void> => {
    expect(await home.run(['install', '--json'])).toMatchObject({ code: 0, stderr: '' })
  }

  test('installed, the first caller starts the agent; uninstalled, no unit and no process is left', async () => {
    await install()
    expect(manager.systemctl('is-enabled', socket)).toBe('enabled\n')
    expect(mainPid()).toBe(0)
    expect((await logIn(home, server)).code).toBe(0)
    const pid = mainPid()
    expect(pid).toBeGreaterThan(0)
    const { agent } = JSON.parse((await home.run(['status', '--json'])).stdout) as { agent: { pid: number } }
    expect(agent.pid).toBe(pid)
    // The variables of the shell that installed it, and none that loads code.
    const environment = manager.property(service, 'Environment')
    expect(environment).toContain(`XDG_STATE_HOME=${home.env['XDG_STATE_HOME']}`)
    expect(manager.property(service, 'ExecStart')).toContain(`path=${process.execPath}`)
    // It is what the agent writes in its log that the journal has.
    expect(manager.property(service, 'StandardError')).toBe('inherit')
    expect((await home.run(['uninstall'])).code).toBe(0)
    expect(manager.systemctl('list-units', '--all', '--no-legend', 'authsock*')).toBe('')
    expect(existsSync(`/proc/${pid}`)).toBe(false)
    expect(existsSync(join(home.path, '.config'))).toBe(false)
  })

  test('systemd-analyze has nothing to complain about, and scores the confinement', async () => {
    await install()
    const folder = join(home.path, '.config/systemd/user')
    const env = { PATH: process.env['PATH'], HOME: home.path, XDG_RUNTIME_DIR: home.env['XDG_RUNTIME_DIR'] }
    const verified = spawnSync('systemd-analyze', ['--user', '--man=no', 'verify', join(folder, socket), join(folder, service)], {
      env,
      encoding: 'utf8',
    })
    expect([verified.status, verified.stderr]).toEqual([0, ''])
    const security = execFileSync(
      'systemd-analyze',
      ['--user', '--no-pager', 'security', '--offline=true', join(folder, service)],
      {
        env,
        encoding: 'utf8',
      },
    )
    const [, score = '10'] = /Overall exposure level for \S+: ([\d.]+)/.exec(security) ?? []
    expect(Number(score)).toBeLessThan(7)
  })

  test('R14 kill -9 again and again under load: every caller has its answer, and no login is lost', async () => {
    await install()
    expect((await logIn(home, server)).code).toBe(0)
    const stop = new AbortController()
    const callers = [1, 2, 3].map(async () => {
      let answers = 0
      for (; !stop.signal.aborted; answers++) {
        expect(await token()).toEqual([0, ''])
      }
      return answers
    })
    for (let round = 0; round < 5; round++) {
      await expect.poll(mainPid).toBeGreaterThan(0)
      const pid = mainPid()
      process.kill(pid, 'SIGKILL')
      await expect.poll(mainPid).not.toBe(pid)
      await pause(300)
    }
    stop.abort()
    for (const answers of await Promise.all(callers)) expect(answers).toBeGreaterThan(1)
    expect(manager.property(service, 'NRestarts')).not.toBe('0')
    expect((await home.run(['token', 'work', '--min-ttl', '0'])).code).toBe(0)
  })

  test('an agent that is running already gives way: callers find that of the unit', async () => {
    expect((await logIn(home, server)).code).toBe(0)
    const before = JSON.parse((await home.run(['status', '--json'])).stdout) as { agent: { pid: number } }
    await install()
    expect((await home.run(['token', 'work'])).code).toBe(0)
    expect(mainPid()).toBeGreaterThan(0)
    await expect.poll(() => existsSync(`/proc/${before.agent.pid}`)).toBe(false)
    expect(manager.property(socket, 'ActiveState')).toBe('active')
  })

  test('an agent that cannot start is given up, callers are served by one of their own, and `authsock install` mends the unit', async () => {
    await install()
    // Others can write to its state folder: the agent refuses it.
    const state = join(home.env['XDG_STATE_HOME'] ?? '', 'authsock')
    chmodSync(state, 0o777)
    expect((await home.run(['status'])).code).not.toBe(0)
    await expect.poll(() => manager.property(socket, 'Result')).toBe('service-start-limit-hit')
    expect(manager.property(service, 'ActiveState')).toBe('failed')
    chmodSync(state, 0o700)
    expect((await home.run(['status'])).code).toBe(0)
    expect(mainPid()).toBe(0)
    await install()
    expect((await home.run(['status'])).code).toBe(0)
    await expect.poll(mainPid).toBeGreaterThan(0)
  })
})
