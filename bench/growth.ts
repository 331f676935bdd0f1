// Part 6: how each cost grows with what an agent has to carry. Each size is measured by turns with an agent that carries nothing.

import { once } from 'node:events'
import { authsock, agentLine, type Ground, withGround } from './ground.ts'
import { fillAudit, fillRules, fillSessions, fillShares, profileOf } from './fill.ts'
import { duel, each } from './load.ts'
import { digits, ratios, shown, spread, type Spread, times } from './numbers.ts'
import { memory, untilQuiet } from './process.ts'
import type { Part, Target } from './report.ts'

interface Grown {
  readonly what: string
  readonly size: number
  /** Until the first answer. */
  readonly start: number
  /** Of the processor, until all is loaded. */
  readonly work: number
  readonly memory: number
  /** Processor time a request, by the agent that carries nothing. */
  readonly request: Spread
  readonly more?: readonly string[]
}

export async function growth(isQuick: boolean): Promise<Part> {
  const sizes = isQuick ? [1, 100] : [1, 100, 10_000, 100_000]
  const found: Grown[] = []
  const failed: { readonly what: string; readonly why: string }[] = []
  await withGround({}, async (reference) => {
    for (const size of sizes) {
      await withGround({}, async (ground) => {
        await ground.stop()
        await fillSessions(ground.home, ground.server, size)
        found.push(await grown(ground, reference, { what: 'sessions', size, profile: profileOf(size >> 1), isQuick }))
      }).catch((error: unknown) => failed.push({ what: `${digits(size)} sessions`, why: (error as Error).message }))
    }
    for (const size of isQuick ? [10] : [1, 30, 1000]) {
      found.push(
        await withGround({}, async (ground) => {
          const { home } = ground
          const body = { profiles: ['work'], ttl: 3600 }
          const { status, text } = await home.http('PUT', '/v1/shares/box-0', { body })
          if (status !== 201) throw new Error(text)
          await ground.stop()
          fillShares(home, size)
          return grown(ground, reference, { what: 'shares', size, isQuick })
        }),
      )
    }
    for (const size of isQuick ? [10] : [1, 30, 1000]) {
      found.push(
        await withGround({}, async (ground) => {
          await ground.stop()
          fillRules(ground.home, ground.server, size)
          return grown(ground, reference, { what: 'rules', size, isQuick })
        }),
      )
    }
    for (const size of isQuick ? [1] : [10, 40, 80]) {
      found.push(
        await withGround({}, async (ground) => {
          await ground.stop()
          fillAudit(ground.home, size * 2 ** 20)
          const more = [await command(ground, 'audit', '--since', '1m'), await command(ground, 'audit', 'verify')]
          return { ...(await grown(ground, reference, { what: 'MiB of audit', size, isQuick })), more }
        }),
      )
    }
  })
  const sessions = found.filter(({ what }) => what === 'sessions')
  const last = sessions.at(-1)
  return {
    title: 'How it grows',
    about: [
      'An agent with so many of something, and by turns with it one that has a single session and nothing else: 64 connections kept open, and what the kernel counts of processor time for a request. Sessions are asked for one in the middle. Shares are there and listen; a share itself is held to a rate, and not asked. The work of a start is what the processor had to do until the agent was quiet, all sessions loaded. Audit logs have as many bytes as ten files of the agent can hold, and the last two columns are whole runs of `authsock audit --since 1m` and `authsock audit verify`.',
    ],
    tables: [
      {
        head: [
          '',
          'start to first answer, ms',
          'work of a start, ms',
          'memory, MiB',
          'a request, by one session',
          '`audit`, ms',
          '`verify`, ms',
        ],
        rows: [
          ...found.map(({ what, size, start, work, memory, request, more = ['', ''] }) => [
            `${digits(size)} ${what}`,
            digits(start),
            digits(work),
            digits(memory),
            times(request),
            ...more,
          ]),
          ...failed.map(({ what, why }) => [what, `**fails**: ${why}`, '', '', '', '', '']),
        ],
      },
    ],
    targets:
      last === undefined ? [] : [flat(last), ...linear('start', 'start', sessions), ...linear('memory', 'memory', sessions)],
  }
}

const flat = ({ size, what, request }: Grown): Target => ({
  what: `a request with ${digits(size)} ${what}, by one session`,
  target: 'flat: <= 1.15 x',
  measured: times(request),
  isMet: request.median <= 1.15,
})

/** What one more costs between the last two sizes, by what it costs before. Nothing where there are fewer than three sizes. */
function linear(what: string, key: 'start' | 'memory', all: readonly Grown[]): readonly Target[] {
  const [first, before, last] = [all[0], all.at(-2), all.at(-1)]
  if (all.length < 3 || first === undefined || before === undefined || last === undefined) return []
  const slope = (from: Grown, to: Grown): number => (to[key] - from[key]) / (to.size - from.size)
  const ratio = slope(before, last) / slope(first, before)
  return [
    {
      what: `${what}: what one more of ${digits(last.size)} sessions costs, by one more of ${digits(before.size)}`,
      target: 'linear: <= 1.25 x',
      measured: `${digits(ratio)} x`,
      isMet: ratio <= 1.25,
    },
  ]
}

async function grown(
  { tools, home, token }: Ground,
  reference: Ground,
  asked: {
    readonly what: string
    readonly size: number
    readonly isQuick: boolean
    readonly profile?: string
  },
): Promise<Grown> {
  const { what, size, isQuick, profile = 'work' } = asked
  const [child, start] = await tools.untilAnswer(() => tools.start(agentLine, home.env, 'ignore'), home.socket, token)
  const pid = child.pid ?? 0
  const work = await untilQuiet(pid)
  const idle = memory(pid)
  const common = { mode: 'keep', connections: 64, seconds: isQuick ? 0.1 : 0.4 } as const
  const target = `/v1/token?profile=${profile}`
  // As warm as the other one, which has been asked for each size.
  await tools.load({ ...common, seconds: isQuick ? 0.1 : 2, socket: home.socket, token, target })
  const { ours, bare } = await duel(
    tools,
    isQuick ? 2 : 12,
    { ...common, socket: home.socket, pid, token, target },
    { ...common, socket: reference.home.socket, pid: reference.pid, token: reference.token },
  )
  const found = { what, size, start, work, memory: idle, request: ratios(each(ours, 'cpu'), each(bare, 'cpu')) }
  await tools.stop(child)
  return found
}

async function command({ tools, home }: Ground, ...args: readonly string[]): Promise<string> {
  const all: number[] = []
  for (let round = 0; round < 3; round++) {
    const start = performance.now()
    const [code] = (await once(tools.start([process.execPath, authsock, ...args], home.env, 'ignore'), 'exit')) as [number | null]
    if (code !== 0) throw new Error(`authsock ${args.join(' ')} ends with ${code}`)
    all.push(performance.now() - start)
  }
  return shown(spread(all))
}
