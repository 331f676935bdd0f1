// R4 as the user sees it: an answer was lost, and the server then refuses the refresh token. The same reason stands in the
// status, in the event and in the answer to every caller.

import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { FaultProxy, reset } from '../../support/fault-proxy.ts'
import { Home } from '../../support/home.ts'
import { logIn } from '../../support/login.ts'

const life = 6
let server: AuthorizationServer
let proxy: FaultProxy
let home: Home

beforeEach(async () => {
  server = await startAuthorizationServer({ accessTokenTtl: life })
  proxy = await FaultProxy.start(`${server.issuer}/token`)
  home = new Home()
  home.config(`[profile.work]
issuer = "${server.issuer}"
client_id = "${server.clientId}"
scopes = ["openid", "offline_access", "read"]
refresh = "on_demand"
endpoints = { token = "${proxy.url}", authorization = "${server.issuer}/auth", jwks = "${server.issuer}/jwks" }
`)
  await home.startAgent()
  expect((await logIn(home, server)).code).toBe(0)
})

afterEach(async () => {
  await home.close()
  proxy.close()
  await server.close()
})

const ask = (more = '') => home.http('GET', `/v1/token?profile=work${more}`)
const status = async () => (await home.http('GET', '/v1/sessions/work')).json<{ state: string; reason?: string }>()

test('R4 in mayBeSpent: the live token while it lasts, then one try, then the exact reason everywhere', async () => {
  const { access_token: live, expires_at: end } = (await ask()).json<{ access_token: string; expires_at: number }>()
  const events = home.spawn(['events', '--json'])
  let heard = ''
  events.stdout?.on('data', (chunk: Buffer) => {
    heard += chunk.toString()
  })
  await expect.poll(() => heard).toContain('hello')

  // The server acts, and its answer is lost.
  proxy.fault = async ({ response, forward }) => {
    await forward()
    reset(response)
  }
  await pause(Math.max(0, (end - life) * 1000 + 2_500 - Date.now()))
  expect((await ask(`&min_ttl=${life - 1}`)).json()['access_token']).toBe(live)
  expect(proxy.passed).toHaveLength(1)
  expect(await status()).toMatchObject({ state: 'retrying' })
  proxy.fault = undefined

  // While the token lives nobody asks again, however many want more of it.
  const early = await Promise.all(Array.from({ length: 20 }, () => ask(`&min_ttl=${life - 1}`)))
  expect(new Set(early.map((answer) => answer.json()['access_token']))).toEqual(new Set([live]))
  expect(proxy.passed).toHaveLength(1)

  await pause(Math.max(0, end * 1000 + 1_100 - Date.now()))
  const late = await Promise.all(Array.from({ length: 20 }, () => ask()))
  expect(proxy.passed).toHaveLength(2)
  const reason = 'the answer to an earlier refresh was lost, and the server now refuses the refresh token'
  for (const answer of late) {
    expect(answer.json()).toMatchObject({ code: 'login_required', detail: expect.stringContaining(reason) as string })
  }
  expect(await status()).toMatchObject({ state: 'login_required', reason: expect.stringContaining(reason) as string })
  await expect.poll(() => heard).toContain('"login_required"')
  expect(heard).toContain(reason)
  events.kill()
  await once(events, 'exit')
  // It is no news to the next agent.
  await home.run(['stop'])
  await home.startAgent()
  expect((await ask()).json()).toMatchObject({ detail: expect.stringContaining(reason) as string })
  expect(proxy.passed).toHaveLength(2)
})
