// A real Keycloak, with refresh tokens that are used once: login, refreshes, fewer scopes, sessions that end, logout.

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { clientPath } from '../../support/clients.ts'
import { Home } from '../../support/home.ts'
import { Keycloak, keycloakTokenLife } from '../../support/keycloak.ts'
import { describeWith, programs } from '../../support/real-part.ts'

const installed = { 'keycloak of install-clients.sh': existsSync(clientPath('keycloak/server')) }

describeWith({ ...installed, ...programs('java') }, 'Keycloak', () => {
  const data = mkdtempSync(join(tmpdir(), 'authsock-keycloak-'))
  let keycloak: Keycloak
  let home: Home

  beforeAll(async () => {
    keycloak = await Keycloak.start(data)
  })

  afterAll(async () => {
    await keycloak.close()
    rmSync(data, { recursive: true, force: true })
  })

  beforeEach(() => {
    home = new Home()
  })

  afterEach(() => home.close())

  async function logIn(...args: readonly string[]): Promise<void> {
    let isAsked = false
    const { code, stderr } = await home.run(['login', ...args, '--no-browser'], {
      onStderr: (text) => {
        const url = /https?:\S+\/auth\?\S+/.exec(text)?.[0]
        if (isAsked || url === undefined) return
        isAsked = true
        void keycloak.authorize(url).then((redirect) => fetch(redirect))
      },
    })
    expect([code, stderr]).toEqual([0, expect.stringContaining('logged in')])
  }

  const first = (): Promise<void> =>
    logIn(
      keycloak.issuer,
      '--client-id',
      'cli',
      '--name',
      'kc',
      '--scope',
      'openid email profile phone',
      '--refresh',
      'on_demand',
    )
  const session = async (): Promise<Record<string, unknown>> => (await home.http('GET', '/v1/sessions/kc')).json()

  test('R1 R5 30 callers at each of two expiries: one refresh each; then an administrator ends the session', async () => {
    await first()
    expect(await session()).toMatchObject({ state: 'active', user: 'ada' })
    for (const round of [1, 2]) {
      await pause(keycloakTokenLife * 1000)
      const answers = await Promise.all(Array.from({ length: 30 }, () => home.http('GET', '/v1/token?profile=kc')))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
      expect(new Set(answers.map((answer) => answer.json<{ access_token: string }>().access_token)).size).toBe(1)
      expect(await keycloak.events('REFRESH_TOKEN')).toHaveLength(round)
    }
    await keycloak.endSessions()
    await pause(keycloakTokenLife * 1000)
    const { code, stderr } = await home.run(['token', 'kc'])
    expect([code, stderr]).toEqual([3, expect.stringContaining('authsock login kc')])
    expect(await session()).toMatchObject({ state: 'login_required' })
    await logIn('kc')
    expect((await home.run(['token', 'kc'])).code).toBe(0)
  })

  test('L13 N21 a token for fewer scopes leaves the session as it was', async () => {
    await first()
    const narrow = (await home.http('GET', '/v1/token?profile=kc&scope=openid%20email')).json<{ scope: string }>()
    // Its default scopes, such as profile, are always granted.
    expect(narrow.scope.split(' ')).not.toContain('phone')
    await pause(keycloakTokenLife * 1000)
    const wide = (await home.http('GET', '/v1/token?profile=kc')).json<{ scope: string }>()
    expect(wide.scope.split(' ')).toEqual(expect.arrayContaining(['email', 'phone']))
    expect((await session())['scope']).toContain('phone')
  })

  test('L15 a login that replaces another one, and a logout, end sessions at the server', async () => {
    const before = (await keycloak.sessions()).length
    await first()
    await logIn('kc')
    const logout = await home.run(['logout', 'kc', '--json'])
    expect(JSON.parse(logout.stdout)).toMatchObject({ revocation: 'revoked' })
    expect((await keycloak.sessions()).length).toBeLessThanOrEqual(before + 2)
    expect((await home.run(['token', 'kc'])).code).toBe(3)
  })
})
