// R14: the agent is killed with kill -9 at every step of a refresh, and at random, in front of a server that revokes the
// grant when a refresh token is used twice, with and without a grace period. Figures are printed.

import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { FaultProxy } from '../../support/fault-proxy.ts'
import { Home, type HttpAnswer } from '../../support/home.ts'
import { logIn } from '../../support/login.ts'

const life = 2
const grace = 30
/** Agents at one time. */
const together = 5

let server: AuthorizationServer

beforeAll(async () => {
  server = await startAuthorizationServer({ accessTokenTtl: life })
})

afterAll(() => server.close())

/** A home with a profile whose token requests go through the proxy. */
async function loggedIn(proxy: FaultProxy, known: number, env: NodeJS.ProcessEnv = {}) {
  const home = new Home()
  home.config(`[profile.work]
issuer = "${server.issuer}"
client_id = "${server.clientId}"
scopes = ["openid", "offline_access", "read"]
refresh = "on_demand"
refresh_grace = ${known}
endpoints = { token = "${proxy.url}", authorization = "${server.issuer}/auth", jwks = "${server.issuer}/jwks" }
`)
  const agent = await home.startAgent([], { ...home.env, ...env })
  const { code, stderr } = await logIn(home, server)
  if (code !== 0) throw new Error(stderr)
  return { home, agent }
}

const ask = (home: Home): Promise<HttpAnswer | undefined> => home.http('GET', '/v1/token').catch(() => undefined)

/** What the first caller after a restart gets: asks on while it is told to come back. */
async function afterRestart(home: Home): Promise<HttpAnswer> {
  await home.startAgent()
  for (;;) {
    const answer = await home.http('GET', '/v1/token')
    if (answer.status !== 503 && answer.status !== 504) return answer
    await pause(100)
  }
}

interface Killed {
  /** Undefined where the refresh has come to its end before. */
  readonly place: string | undefined
  readonly status: number
  readonly text: string
}

async function killedAt(number: number, proxy: FaultProxy, known: number): Promise<Killed> {
  const { home, agent } = await loggedIn(proxy, known, { AUTHSOCK_FAULT_POINT: String(number) })
  try {
    await pause(life * 1000 + 200)
    const first = await ask(home)
    const place = /fault point \d+: (.*)/.exec(agent.log())?.[1]
    if (place === undefined) return { place, status: first?.status ?? 0, text: first?.text ?? '' }
    const { status, text } = await afterRestart(home)
    return { place, status, text }
  } finally {
    await home.close()
  }
}

/** At each place, until a refresh comes to its end. */
async function everywhere(proxy: FaultProxy, known: number): Promise<readonly Killed[]> {
  const all: Killed[] = []
  for (;;) {
    const numbers = Array.from({ length: together }, (_, index) => all.length + index + 1)
    all.push(...(await Promise.all(numbers.map((number) => killedAt(number, proxy, known)))))
    const end = all.findIndex(({ place }) => place === undefined)
    if (end >= 0) return all.slice(0, end)
  }
}

describe('R14 killed at every step of a refresh', () => {
  test.concurrent('without a grace period: only between the answer and the rename that keeps it, and the user is told', async () => {
    const proxy = await FaultProxy.start(`${server.issuer}/token`)
    const killed = await everywhere(proxy, 0)
    const places = killed.map(({ place }) => place)
    const [from, to] = [places.indexOf('after post'), places.lastIndexOf('after rename')]
    expect(from).toBeGreaterThan(10)
    expect(to).toBeGreaterThan(from)
    for (const [index, { place, status, text }] of killed.entries()) {
      const isLost = index >= from && index < to
      expect([place, status], text).toEqual([place, isLost ? 409 : 200])
      if (isLost) expect(text).toContain('the answer to an earlier refresh was lost')
    }
    say(`without a grace period: killed at ${killed.length} places, lost at the ${to - from} between the answer and its rename`)
    proxy.close()
  })

  test.concurrent('R4 with a known grace period: nowhere', async () => {
    const proxy = await FaultProxy.start(`${server.issuer}/token`, { grace })
    const killed = await everywhere(proxy, grace)
    expect(killed.length).toBeGreaterThan(30)
    for (const { place, status, text } of killed) expect([place, status], text).toEqual([place, 200])
    say(`with a grace period of ${grace} s: killed at ${killed.length} places, lost at none`)
    proxy.close()
  })
})

describe('R14 killed at random, again and again', () => {
  test.concurrent.each([
    ['without a grace period', 0],
    ['with a known grace period', grace],
  ])(
    '%s: what is lost was explained to the user',
    async (name, known) => {
      const proxy = await FaultProxy.start(`${server.issuer}/token`, { grace: known })
      const { home, agent } = await loggedIn(proxy, known)
      const figures = { kills: 0, refreshes: 0, lost: 0, unexplained: 0 }
      let current = agent
      for (let round = 0; round < 25; round++) {
        // Long enough for a refresh to begin; short enough to hit one.
        await pause(life * 1000)
        const asking = ask(home)
        await pause(randomInt(60))
        current.kill('SIGKILL')
        await once(current, 'exit')
        figures.kills += 1
        await asking
        current = await home.startAgent()
        const answer = await settled(home)
        if (answer.status === 200) continue
        figures.lost += 1
        const spent = proxy.passed.at(-1)?.wasSpent === true || proxy.passed.at(-2)?.wasSpent === true
        if (!spent || !answer.text.includes('the answer to an earlier refresh was lost')) figures.unexplained += 1
        expect((await logIn(home, server)).code).toBe(0)
      }
      figures.refreshes = proxy.passed.length
      say(`${name}: ${JSON.stringify(figures)}`)
      expect(figures.unexplained).toBe(0)
      if (known > 0) expect(figures.lost).toBe(0)
      expect(figures.refreshes).toBeGreaterThan(20)
      await home.close()
      proxy.close()
    },
    300_000,
  )
})

async function settled(home: Home): Promise<HttpAnswer> {
  for (;;) {
    const answer = await home.http('GET', '/v1/token')
    if (answer.status !== 503 && answer.status !== 504) return answer
    await pause(100)
  }
}

const say = (text: string): void => void process.stdout.write(`  ${text}\n`)
