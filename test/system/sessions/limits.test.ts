// The user's own limits of a session (L7): after them nothing leaves, its server is told, and a login is asked for.

import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { endOf } from '../../../src/core/session/limits.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'

let server: AuthorizationServer
let home: Home

beforeAll(async () => {
  server = await startAuthorizationServer()
})

afterAll(() => server.close())

beforeEach(() => {
  home = new Home()
})

afterEach(() => home.close())

interface Status {
  readonly state: string
  readonly reason?: string
}

const status = async (): Promise<Status> => (await home.http('GET', '/v1/sessions/work')).json<Status>()
const token = async (): Promise<number> => (await home.http('GET', '/v1/token?profile=work')).status

/** As its server sees it. */
async function isGood(refreshToken: string): Promise<boolean> {
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken, client_id: server.clientId })
  return (await fetch(`${server.issuer}/token`, { method: 'POST', body })).ok
}

test('which end comes first, and why', () => {
  const record = { loggedInAt: 1_000_000 }
  expect(endOf({}, record, 0)).toBeUndefined()
  expect(endOf({ lifetime: 3600 }, record, 0)).toEqual({
    code: 'expired',
    at: 4_600_000,
    text: 'its lifetime of 1 h has ended (lifetime)',
  })
  const both = { lifetime: 3600, idleLimit: 600 }
  expect(endOf(both, record, 2_000_000)).toMatchObject({ at: 2_600_000, text: 'it was not used for 10 min (idle_limit)' })
  expect(endOf(both, record, 4_200_000)).toMatchObject({ at: 4_600_000 })
})

test('lifetime: used or not it ends, its server is told, and a new login has a life of its own', async () => {
  home.config(workProfile(server, 'lifetime = 6\n'))
  const known = new Set(server.refreshTokens)
  expect((await logIn(home, server)).code).toBe(0)
  const refreshToken = [...server.refreshTokens].find((each) => !known.has(each)) ?? ''
  expect(await token()).toBe(200)
  // Nobody asks: it ends by itself.
  await pause(7_000)
  await expect
    .poll(status)
    .toMatchObject({ state: 'login_required', reason: expect.stringContaining('its lifetime of 6 s has ended') })
  const { code, stderr } = await home.run(['token', 'work'])
  expect([code, stderr]).toEqual([
    3,
    expect.stringContaining("profile 'work' needs a login: its lifetime of 6 s has ended (lifetime)"),
  ])
  await expect.poll(() => isGood(refreshToken)).toBe(false)
  expect((await home.run(['audit', '--event', 'logged_out'])).stdout).toContain('work')
  expect((await logIn(home, server)).code).toBe(0)
  expect(await token()).toBe(200)
})

test('lifetime: over while no agent ran: nothing leaves the next one', async () => {
  home.config(workProfile(server, 'lifetime = 5\n'))
  expect((await logIn(home, server)).code).toBe(0)
  expect((await home.run(['stop'])).code).toBe(0)
  await pause(5_500)
  await home.startAgent()
  expect(await token()).toBe(409)
  await expect.poll(async () => (await status()).state).toMatch(/login_required|logged_out/)
})

test('idle_limit: each use puts it off; added to a session that is there, it counts', async () => {
  home.config(workProfile(server))
  expect((await logIn(home, server)).code).toBe(0)
  home.config(workProfile(server, 'idle_limit = 4\n'))
  for (let tries = 0; tries < 7; tries++) {
    expect(await token()).toBe(200)
    await pause(1_000)
  }
  await pause(5_000)
  expect(await status()).toMatchObject({
    state: 'login_required',
    reason: expect.stringContaining('it was not used for 4 s (idle_limit)'),
  })
  expect(await token()).toBe(409)
})

test('neither means anything where nobody logs in', async () => {
  home.config('[profile.robot]\nissuer = "https://a.example"\nclient_id = "x"\ngrant = "client_credentials"\nlifetime = 60\n')
  const { code, stderr } = await home.run(['token', 'robot'])
  expect([code, stderr]).toEqual([
    expect.any(Number),
    expect.stringContaining("'lifetime' has no effect with grant 'client_credentials'"),
  ])
})
