// A refresh that is under way when the agent is stopped: its answer is stored, and the next agent has it (R2, R9).

import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { describeWith, isPosix } from '../../support/real-part.ts'

describeWith({ signals: isPosix }, 'a refresh under way', () => {
  let server: AuthorizationServer
  let home: Home
  let delay: number

  beforeEach(async () => {
    delay = 0
    server = await startAuthorizationServer({ accessTokenTtl: 5, delay: () => delay })
    home = new Home()
    home.config(workProfile(server, 'refresh = "on_demand"'))
  })

  afterEach(async () => {
    await home.close()
    await server.close()
  })

  test.each(['stop', 'SIGTERM', 'SIGINT'] as const)(
    'R2 R9 %s: it is finished first, and the next agent has its token',
    async (how) => {
      const agent = await home.startAgent()
      expect((await logIn(home, server)).code).toBe(0)
      await pause(5_500)
      delay = 1_500
      const asked = home.http('GET', '/v1/token?profile=work').catch(() => undefined)
      await expect.poll(() => server.refreshes).toBe(1)
      const ended = agent.exitCode === null ? once(agent, 'exit') : undefined
      if (how === 'stop') expect((await home.run(['stop'])).code).toBe(0)
      else agent.kill(how)
      await ended
      const answer = await asked
      // Who asked is answered, or hears that the agent is going; nobody is given what is not stored.
      if (answer?.status !== 200)
        expect(answer === undefined || answer.json<{ code: string }>().code === 'shutting_down').toBe(true)
      delay = 0
      await home.startAgent()
      const { access_token: token } = (await home.http('GET', '/v1/token?profile=work')).json<{ access_token: string }>()
      expect(token).toMatch(/./)
      expect(server.requests.filter(({ grantType, status }) => grantType === 'refresh_token' && status !== 200)).toEqual([])
      expect(new Set(server.requests.map(({ refreshTokenDigest }) => refreshTokenDigest)).size).toBe(server.requests.length)
    },
  )
})
