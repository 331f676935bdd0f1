// Part 3: requests a second and how long each takes, over connections that are kept open and over one a request; against a bare
// node:http server that gives the same bytes.

import type { Ground } from './ground.ts'
import { digits, ratios, shown, type Spread, spread, times } from './numbers.ts'
import { atLeast, atMost, type Part } from './report.ts'
import type { Load, Loaded, Tools } from './tools.ts'

interface Duel {
  readonly ours: readonly Loaded[]
  readonly bare: readonly Loaded[]
}

/** Slices by turns, the first of each pair by turns as well; one that does not count before them. */
export async function duel(tools: Tools, count: number, ours: Load, bare: Load): Promise<Duel> {
  const found = { ours: [] as Loaded[], bare: [] as Loaded[] }
  for (let slice = -1; slice < count; slice++) {
    for (const which of slice % 2 === 0 ? (['ours', 'bare'] as const) : (['bare', 'ours'] as const)) {
      const loaded = await tools.load(which === 'ours' ? ours : bare)
      if (slice >= 0) found[which].push(loaded)
    }
  }
  return found
}

const perSecond = (all: readonly Loaded[]): readonly number[] => all.map(({ requests, seconds }) => requests / seconds)
const faster = ({ ours, bare }: Duel): Spread => ratios(perSecond(ours), perSecond(bare))
/** Milliseconds. */
export const each = (all: readonly Loaded[], key: 'p50' | 'p99' | 'p999' | 'cpu'): readonly number[] =>
  all.map((one) => one[key] / 1000)

const modes = [
  { mode: 'keep', connections: 1 },
  { mode: 'keep', connections: 64 },
  { mode: 'keep', connections: 1000 },
  { mode: 'each', connections: 1 },
  { mode: 'each', connections: 64 },
  { mode: 'each', connections: 1000 },
  { mode: 'rate', connections: 1000, rate: 5000 },
] as const

const words = { keep: 'kept open', each: 'one a request', rate: 'kept open, 5,000 requests a second' }

export async function load({ tools, home, token, pid }: Ground, isQuick: boolean): Promise<Part> {
  const bare = await tools.startBare(token)
  const rows: string[][] = []
  const found = new Map<string, Duel>()
  for (const { mode, connections, ...more } of modes) {
    const common = { mode, connections, token, seconds: isQuick ? 0.05 : mode === 'rate' ? 1 : 0.5, ...more }
    const both = await duel(
      tools,
      isQuick ? 1 : mode === 'rate' ? 15 : 20,
      { ...common, socket: home.socket, pid },
      { ...common, ...bare },
    )
    found.set(`${mode} ${connections}`, both)
    // At a fixed rate both do as many a second.
    const speed = mode === 'rate' ? ratios(each(both.ours, 'p99'), each(both.bare, 'p99')) : faster(both)
    const work = ratios(each(both.ours, 'cpu'), each(both.bare, 'cpu'))
    for (const [who, all] of Object.entries(both) as ['ours' | 'bare', readonly Loaded[]][]) {
      const cells = [
        shown(spread(perSecond(all))),
        ...(['p50', 'p99', 'p999'] as const).map((key) => shown(spread(each(all, key)))),
      ]
      rows.push([
        words[mode],
        digits(connections),
        who === 'ours' ? 'agent' : 'bare',
        ...cells,
        ...(who === 'ours' ? [times(speed), times(work)] : ['', '']),
      ])
    }
  }
  const of = (name: string): Duel => found.get(name) ?? { ours: [], bare: [] }
  const fixed = of('rate 1000')
  return {
    title: 'Requests a second',
    about: [
      'A load generator in C (epoll, one thread) asks the agent, and a bare node:http server of the same Node that gives the same bytes: slices of half a second (at a fixed rate, of a whole one), by turns. Generator and server share the machine, for both alike. Every answer is compared with the token. The audit is on, as it is where nobody has turned it off. Latencies in ms; those at a fixed rate count from when a request was due. The agent is compared with the bare server by requests a second, at a fixed rate by p99. The last column is what the kernel has counted for all threads of the server, and the steadiest where the machine has other things to do.',
    ],
    tables: [
      {
        head: [
          'connections',
          'number',
          '',
          'a second',
          'p50',
          'p99',
          'p99.9',
          'agent by bare',
          'its processor time a request, by bare',
        ],
        rows,
      },
    ],
    targets: [
      atLeast('requests a second: 64 connections kept open, of a bare node:http server', 0.8, faster(of('keep 64'))),
      atLeast('requests a second: one connection each (64 at a time), of a bare node:http server', 0.75, faster(of('each 64'))),
      atMost(
        'p99 with 1,000 connections and 5,000 requests a second, by a bare node:http server',
        1.5,
        ratios(each(fixed.ours, 'p99'), each(fixed.bare, 'p99')),
      ),
    ],
  }
}
