// Part 4: a thousand callers at an expiry. Refreshes are counted where they arrive.

import { setTimeout as pause } from 'node:timers/promises'
import { type Ground, withGround } from './ground.ts'
import { digits, shown, spread } from './numbers.ts'
import type { Part } from './report.ts'

const callers = 1000
/** ms, before the token endpoint begins: a server is seldom next channel. */
const delay = 100
const lifetime = 4

export async function expiry(isQuick: boolean): Promise<Part> {
  const options = { accessTokenTtl: lifetime, delay, config: 'refresh = "on_demand"' }
  const rounds = await withGround(options, async (ground) => {
    const found: Round[] = []
    for (let number = 0; number < (isQuick ? 1 : 8); number++) found.push(await round(ground))
    return found
  })
  const last = spread(rounds.map(({ last }) => last))
  const roundTrip = spread(rounds.map(({ roundTrip }) => roundTrip))
  const above = spread(rounds.map(({ last, roundTrip }) => last - roundTrip))
  const most = Math.max(...rounds.map(({ refreshes }) => refreshes))
  const cached = spread(rounds.map(({ cached }) => cached))
  return {
    title: 'A thousand callers at an expiry',
    about: [
      `${callers.toLocaleString('en-US')} connections ask at the same moment for a token that has expired; every answer is compared with the first. The authorization server (oidc-provider, which refuses a refresh token's second use) waits ${delay} ms before it begins, and its round trip is measured there.`,
    ],
    tables: [
      {
        head: ['', 'ms'],
        rows: [
          ['round trip of the authorization server', shown(roundTrip)],
          ['until the last caller has the new token', shown(last)],
          ['beyond the round trip', shown(above)],
          ['until the last of as many has a cached one', shown(cached)],
        ],
      },
    ],
    targets: [
      { what: '1,000 callers at an expiry: refreshes', target: '1', measured: `${most}, at most`, isMet: most === 1 },
      {
        what: '1,000 callers at an expiry: the last answered, beyond the round trip',
        target: '<= 150 ms',
        measured: `${digits(above.median)} ms (${digits(above.low)} to ${digits(above.high)})`,
        isMet: above.median <= 150,
      },
    ],
  }
}

interface Round {
  readonly refreshes: number
  /** ms. */
  readonly roundTrip: number
  readonly last: number
  readonly cached: number
}

async function round({ tools, home, server }: Ground): Promise<Round> {
  const { expires_at: end } = (await home.http('GET', '/v1/sessions/work')).json<{ expires_at: number }>()
  await pause(Math.max(0, end * 1000 - Date.now()) + 500)
  const before = server.refreshes
  let roundTrip = Number.NaN
  server.intercept = (_, response) => {
    const start = performance.now()
    response.once('finish', () => {
      roundTrip = delay + performance.now() - start
    })
    return false
  }
  const load = { mode: 'burst', socket: home.socket, connections: callers } as const
  const { seconds, requests } = await tools.load(load)
  const refreshes = server.refreshes - before
  const cached = await tools.load(load)
  if (requests !== callers) throw new Error(`${requests} of ${callers} were answered`)
  return { refreshes, roundTrip, last: seconds * 1000, cached: cached.seconds * 1000 }
}
