// Part 5: what an agent costs that nobody asks, how soon one that was just started answers, and what a write to the vault costs.

import { randomBytes } from 'node:crypto'
import { mkdir, open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { findProgram } from '../test/support/real-part.ts'
import { realDisk } from '../src/platform/fs/disk.ts'
import { SealedFiles } from '../src/store/files/sealed-files.ts'
import { keyId } from '../src/store/files/seal.ts'
import { agentLine, type Ground } from './ground.ts'
import { digits, ratios, shown, spread, times } from './numbers.ts'
import { memory, untilQuiet, wakeUps } from './process.ts'
import { startRestingPeers } from './resting-peers.ts'
import { atMost, type Part } from './report.ts'
import type { Tools } from './tools.ts'

export async function idle(ground: Ground, isQuick: boolean): Promise<Part> {
  const writes = await vaultWrites(ground.tools, isQuick ? 10 : 300)
  const quiet = await quietMinute(ground, isQuick ? 2 : 60)
  const direct = await startUps(ground, isQuick ? 2 : 30, 'direct')
  const activate = findProgram('systemd-socket-activate')
  const activated = activate === undefined ? undefined : await startUps(ground, isQuick ? 2 : 30, activate)
  const memories = ratios(quiet.memory.ours, quiet.memory.bare)
  const perMinute = (all: { readonly ours: number; readonly bare: number }): string[] => [digits(all.ours), digits(all.bare)]
  const row = (what: string, { ours, bare }: Pair): string[] => [
    what,
    shown(spread(ours)),
    shown(spread(bare)),
    times(ratios(ours, bare)),
  ]
  return {
    title: 'When nobody asks, and when somebody is the first',
    about: [
      'The bare server is node:http with one fixed answer. Memory is what the kernel counts, shared pages by their part (PSS), after one request and half a minute of quiet. Wake-ups are voluntary context switches of all threads over a quiet minute. A start is measured until the first answer, a token or the fixed bytes: from the start of the program, and by systemd-socket-activate, where the first request starts it. The peers, in the second table, are native programs, each with one credential. A write to the vault is beside a bare one: create, write, sync, rename, sync the folder.',
    ],
    tables: [
      {
        head: ['', 'agent', 'bare server', 'agent by bare'],
        rows: [
          row('memory, MiB', quiet.memory),
          ['wake-ups a minute', ...perMinute(quiet.wakeUps), ''],
          row('start to first answer, ms', direct),
          ...(activated === undefined ? [] : [row('first request to first answer by socket activation, ms', activated)]),
        ],
      },
      ...(quiet.peers.length === 0
        ? []
        : [
            {
              head: ['', 'memory, MiB', 'wake-ups a minute'],
              rows: quiet.peers.map(({ name, memory, wakeUps }) => [name, digits(memory), digits(wakeUps)]),
            },
          ]),
      {
        head: ['', 'vault', 'bare', 'vault by bare'],
        rows: [row('a durable write, ms', writes)],
      },
    ],
    targets: [
      ...(Number.isNaN(memories.median) ? [] : [atMost('idle memory, by a bare server', 1.2, memories)]),
      {
        what: 'wake-ups a minute with nothing due',
        target: '0',
        measured: digits(quiet.wakeUps.ours),
        isMet: quiet.wakeUps.ours === 0,
      },
      atMost('start to first answer, by a bare server', 2, ratios(direct.ours, direct.bare)),
      ...(activated === undefined ? [] : [atMost('the same by socket activation', 2, ratios(activated.ours, activated.bare))]),
    ],
    missing: [...(activate === undefined ? ['systemd-socket-activate'] : []), ...quiet.missing],
  }
}

interface Pair {
  readonly ours: readonly number[]
  readonly bare: readonly number[]
}

async function quietMinute({ tools, home, server, token, restart }: Ground, seconds: number) {
  const peers = await startRestingPeers(tools, server)
  const found = { ours: [] as number[], bare: [] as number[] }
  let pids = { ours: 0, bare: 0 }
  for (let round = 0; round < (seconds < 60 ? 1 : 3); round++) {
    if (pids.bare !== 0) process.kill(pids.bare)
    const bare = await tools.startBare(token, `bare-${round}`)
    pids = { ours: await restart(), bare: bare.pid }
    for (const socket of [home.socket, bare.socket]) await tools.load({ mode: 'burst', socket, connections: 1, token })
    await Promise.all([untilQuiet(pids.ours), untilQuiet(pids.bare), pause(seconds < 60 ? 0 : 25_000)])
    found.ours.push(memory(pids.ours))
    found.bare.push(memory(pids.bare))
  }
  const before = { ours: wakeUps(pids.ours), bare: wakeUps(pids.bare) }
  const started = peers.all.map((peer) => ({ peer, wakeUps: peer.wakeUps() }))
  await pause(seconds * 1000)
  const resting = started.map(({ peer, wakeUps }) => ({
    name: peer.name,
    memory: peer.memory(),
    wakeUps: ((peer.wakeUps() - wakeUps) * 60) / seconds,
  }))
  peers.stop()
  const perMinute = (which: 'ours' | 'bare'): number => ((wakeUps(pids[which]) - before[which]) * 60) / seconds
  const woken = { ours: perMinute('ours'), bare: perMinute('bare') }
  process.kill(pids.bare)
  return { memory: found, wakeUps: woken, peers: resting, missing: peers.missing }
}

/** `how`: directly, or by this program, which listens and starts it with the first request. */
async function startUps({ tools, home, token, stop }: Ground, count: number, how: string): Promise<Pair> {
  await stop()
  const found = { ours: [] as number[], bare: [] as number[] }
  const names = Object.entries(home.env).flatMap(([name, value]) => (value === undefined ? [] : [`-E${name}=${value}`]))
  for (let round = 0; round < count; round++) {
    for (const which of round % 2 === 0 ? (['ours', 'bare'] as const) : (['bare', 'ours'] as const)) {
      const socket = how === 'direct' && which === 'ours' ? home.socket : tools.socket(`start-${how.length}-${which}-${round}`)
      const line = which === 'ours' ? agentLine : tools.bareLine(how === 'direct' ? socket : '-', token)
      const [child, ms] =
        how === 'direct'
          ? await tools.untilAnswer(() => tools.start(line, home.env), socket, token)
          : await tools.untilAnswer(await tools.startListener([how, '-l', socket, ...names, ...line], socket), socket, token)
      found[which].push(ms)
      await tools.stop(child)
    }
  }
  return found
}

async function vaultWrites(tools: Tools, count: number): Promise<Pair> {
  const folder = join(tools.folder, 'vault')
  await mkdir(folder, { mode: 0o700 })
  const key = randomBytes(32)
  const id = keyId(key)
  const keys = { current: key, get: (wanted: string) => (wanted === id ? key : undefined) }
  const files = new SealedFiles(folder, realDisk)
  const content = randomBytes(3000)
  const found = { ours: [] as number[], bare: [] as number[] }
  for (let generation = 1; generation <= count; generation++) {
    found.ours.push(await timed(() => files.write('session.work', generation, content, keys, 'damaged')))
    found.bare.push(await timed(() => bareWrite(folder, content)))
  }
  return found
}

async function bareWrite(folder: string, content: Uint8Array): Promise<void> {
  const file = await open(join(folder, 'bare.new'), 'w', 0o600)
  await file.writeFile(content)
  await file.sync()
  await file.close()
  await rename(join(folder, 'bare.new'), join(folder, 'bare'))
  const above = await open(folder, 'r')
  await above.sync()
  await above.close()
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}
