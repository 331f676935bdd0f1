// The agent against glewlwyd: one-use refresh tokens, and refusals with an empty body.

import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Glewlwyd, hasGlewlwyd } from '../../support/glewlwyd.ts'
import { Home } from '../../support/home.ts'
import { describeWith, programs } from '../../support/real-part.ts'

describeWith({ ...programs('glewlwyd', 'sqlite3'), 'its modules': hasGlewlwyd() }, 'glewlwyd', () => {
  let home: Home
  let server: Glewlwyd

  beforeAll(async () => {
    home = new Home()
    server = await Glewlwyd.start(home.path)
    home.config(`[profile.awkward]
issuer = "${server.issuer}"
client_id = "cli"
grant = "device_code"
scopes = ["openid", "read"]
refresh = "on_demand"
`)
    await home.startAgent()
  })

  afterAll(async () => {
    await home.close()
    await server.close()
  })

  const expired = async (): Promise<void> => {
    const { expires_at: at } = (await home.http('GET', '/v1/sessions/awkward')).json<{ expires_at: number }>()
    await pause(Math.max(0, at * 1000 - Date.now()) + 1100)
  }

  test('R1 R5 device login, 100 callers at an expiry, one refresh each time; then a refusal with nothing in it', async () => {
    let approved = false
    const login = await home.run(['login', 'awkward'], {
      onStderr: (text) => {
        const code = /enter this code:\s+([A-Z0-9-]{6,})/.exec(text)?.[1]
        if (code === undefined || approved) return
        approved = true
        void server.approveDevice(code)
      },
    })
    expect([login.code, login.stderr]).toEqual([0, expect.stringContaining('logged in')])
    const seen = new Set<unknown>()
    for (let round = 0; round < 2; round++) {
      await expired()
      const answers = await Promise.all(Array.from({ length: 100 }, () => home.http('GET', '/v1/token')))
      expect(answers.map(({ status, text }) => (status === 200 ? 200 : text))).toEqual(Array.from({ length: 100 }, () => 200))
      const tokens = new Set(answers.map((answer) => answer.json()['access_token']))
      expect(tokens.size).toBe(1)
      for (const token of tokens) seen.add(token)
    }
    expect(seen.size).toBe(2)

    // The grant goes at the server: what it answers then has no body at all.
    server.forget()
    await expired()
    const refused = await home.http('GET', '/v1/token')
    expect(refused.json()).toMatchObject({ code: 'login_required', exit_code: 3 })
    expect(refused.json()['detail']).toContain('without giving a reason (400)')
  })
})
