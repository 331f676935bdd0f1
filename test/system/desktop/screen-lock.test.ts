// L7: the screen is locked, so is the vault; with a real systemd-logind that says so.

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { onlyPrograms } from '../../support/desktop.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { Logind, logindParts } from '../../support/logind.ts'
import { describeWith } from '../../support/real-part.ts'

describeWith(logindParts, 'systemd-logind', () => {
  let server: AuthorizationServer
  let home: Home
  let logind: Logind

  beforeAll(async () => {
    server = await startAuthorizationServer()
  })

  afterAll(() => server.close())

  beforeEach(async () => {
    home = new Home()
    logind = await Logind.start(home.path)
    Object.assign(home.env, logind.env)
  })

  afterEach(async () => {
    await home.close()
    await logind.close()
  })

  const state = async () => (await home.http('GET', '/v1/status')).json<{ vault: { state: string } }>().vault.state

  /** The monitor of this home's agent. */
  const monitor = (name: string): number | undefined =>
    readdirSync('/proc')
      .map(Number)
      .find((pid) => {
        try {
          return (
            readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name &&
            readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`${home.path}/run`)
          )
        } catch {
          return false
        }
      })

  /** Again and again: a monitor is there before it listens. */
  const lockedBySession = (): Promise<void> =>
    expect
      .poll(async () => {
        await logind.lockSession('7')
        return state()
      })
      .toBe('locked')

  /** A signal may still be on its way. */
  async function unlocked(): Promise<void> {
    do {
      expect((await home.run(['unlock'])).code).toBe(0)
      await pause(1_000)
    } while ((await state()) !== 'open')
  }

  /** An agent that listens to it by one program. */
  async function listening(name: 'gdbus' | 'dbus-monitor'): Promise<void> {
    home.env['PATH'] = name === 'gdbus' ? onlyPrograms(home.path, 'gdbus') : onlyPrograms(home.path, 'dbus-monitor', 'dbus-send')
    home.config(`lock_with_screen = true\n${workProfile(server)}`)
    expect((await logIn(home, server)).code).toBe(0)
    await expect.poll(() => monitor(name)).toBeDefined()
    expect(await state()).toBe('open')
  }

  test.each(['gdbus', 'dbus-monitor'] as const)(
    "%s: this user's session locks, another's does not",
    async (name) => {
      await listening(name)
      await lockedBySession()
      await unlocked()
      await logind.lockSession('8')
      await logind.setLockedHint('8', true)
      await pause(1_500)
      expect(await state()).toBe('open')
      await logind.setLockedHint('7', true)
      await expect.poll(state).toBe('locked')
      expect((await home.run(['unlock'])).code).toBe(0)
      await logind.setLockedHint('7', false)
      await pause(1_000)
      expect(await state()).toBe('open')
    },
    300_000,
  )

  test('a monitor that was killed is started again, and none is left behind', async () => {
    await listening('gdbus')
    const first = monitor('gdbus') ?? 0
    execFileSync('kill', ['-9', String(first)])
    await expect.poll(() => monitor('gdbus') !== undefined && monitor('gdbus') !== first).toBe(true)
    await lockedBySession()
    expect((await home.run(['stop'])).code).toBe(0)
    await expect.poll(() => monitor('gdbus')).toBeUndefined()
  })

  test('neither program is there: the agent does without', async () => {
    home.env['PATH'] = onlyPrograms(home.path)
    home.config(`lock_with_screen = true\n${workProfile(server)}`)
    expect((await logIn(home, server)).code).toBe(0)
    await logind.lockSession('7')
    expect((await home.run(['token', 'work'])).code).toBe(0)
  })
})
