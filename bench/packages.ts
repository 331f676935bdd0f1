// Part 7: the single-file program and the package for npm beside the program of a clone, and how large the packages are.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Home } from '../test/support/home.ts'
import { authsock, type Ground } from './ground.ts'
import { digits, ratios, shown, spread, times } from './numbers.ts'
import { atMost, type Part, type Target } from './report.ts'

const script = fileURLToPath(new URL('../scripts/package.ts', import.meta.url))
const root = fileURLToPath(new URL('../', import.meta.url))

export async function packages(ground: Ground, isQuick: boolean): Promise<Part> {
  // In node_modules: the package for npm finds its native modules there.
  const folder = mkdtempSync(join(root, 'node_modules/.cache/authsock-bench-'))
  try {
    return await measure(ground, isQuick, folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measure({ home }: Ground, isQuick: boolean, folder: string): Promise<Part> {
  const out = join(folder, 'out')
  run(process.execPath, [script, '--only', 'deb', '--only', 'npm', ...(isQuick ? ['--fast'] : []), '--out', out], process.env)
  const find = (pattern: RegExp): string => join(out, readdirSync(out).find((name) => pattern.test(name)) ?? '')
  run('tar', ['-xzf', find(/\.tgz$/), '-C', folder], process.env)
  const bin = join(find(/-linux-[a-z0-9]+$/), 'bin')
  const single = [join(bin, 'authsock')]
  const clone = [process.execPath, authsock]
  const npm = [process.execPath, join(folder, 'package/dist/main.js')]
  const sides: Readonly<Record<string, readonly string[]>> = { single, clone, npm }
  const found: Record<string, number[]> = {}
  const add = (name: string, value: number): void => void (found[name] ??= []).push(value)
  for (let round = 0; round < (isQuick ? 2 : 25); round += 1) {
    add('node', time([process.execPath, '-e', '0'], home.env))
    for (const args of [['--version'], ['status'], ['token', 'work']]) {
      for (const [side, command] of Object.entries(sides)) add(`${side} ${args.join(' ')}`, time([...command, ...args], home.env))
    }
    for (const [side, command] of Object.entries(sides)) {
      const env = home.second()
      add(`${side} agent`, await firstAnswer(home, [...command, 'agent', '--log', 'quiet'], env))
      rmSync(env['XDG_RUNTIME_DIR'] ?? '', { recursive: true })
    }
  }
  const of = (name: string): readonly number[] => found[name] ?? []
  const row = (what: string, name: string): string[] => [
    what,
    ...Object.keys(sides).map((side) => shown(spread(of(`${side} ${name}`)))),
    times(ratios(of(`single ${name}`), of(`clone ${name}`))),
    times(ratios(of(`npm ${name}`), of(`clone ${name}`))),
  ]
  const bytes = { deb: statSync(find(/\.deb$/)).size, client: statSync(join(bin, 'authsock-client')).size }
  return {
    title: 'Packages',
    about: [
      `Milliseconds from spawn to exit; of the agent to its first answer. \`node -e 0\` takes ${shown(spread(of('node')), ' ms')}. The npm package has its JavaScript packages inside; a clone finds them in node_modules. Sizes: the .deb ${digits(bytes.deb / 1e6)} MB, authsock-client ${digits(bytes.client / 1e3)} kB, the npm package ${digits(statSync(find(/\.tgz$/)).size / 1e3)} kB with the thin client of one platform.`,
    ],
    tables: [
      {
        head: ['', 'single file', 'clone', 'npm', 'single file by clone', 'npm by clone'],
        rows: [
          row('`authsock --version`', '--version'),
          row('`authsock status`', 'status'),
          row('`authsock token work`', 'token work'),
          row('agent to first answer', 'agent'),
        ],
      },
    ],
    targets: [
      atMost('single file: `authsock --version`, by `node -e 0`', 1.8, ratios(of('single --version'), of('node'))),
      atMost('single file: `token`, by a clone', 0.65, ratios(of('single token work'), of('clone token work'))),
      atMost('single file: agent to first answer, by a clone', 1, ratios(of('single agent'), of('clone agent'))),
      size('the .deb', bytes.deb / 1e6, 40, 'MB'),
      size('authsock-client', bytes.client / 1e3, 84, 'kB'),
    ],
  }
}

const size = (what: string, measured: number, limit: number, unit: string): Target => ({
  what,
  target: `<= ${limit} ${unit}`,
  measured: `${digits(measured)} ${unit}`,
  isMet: measured <= limit,
})

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv): void {
  const { status, stderr } = spawnSync(program, args, { env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} fails:\n${stderr}`)
}

function time([program = '', ...args]: readonly string[], env: NodeJS.ProcessEnv): number {
  const start = performance.now()
  run(program, args, env)
  return performance.now() - start
}

async function firstAnswer(home: Home, [program = '', ...args]: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const start = performance.now()
  const agent = spawn(program, args, { env, stdio: 'ignore' })
  try {
    const socket = join(env['XDG_RUNTIME_DIR'] ?? '', 'authsock/agent.sock')
    const answers = (): Promise<boolean> =>
      home.http('GET', '/v1/status', { socket }).then(
        () => true,
        () => false,
      )
    while (!(await answers())) await pause(1)
    return performance.now() - start
  } finally {
    const ended = once(agent, 'exit')
    agent.kill()
    await ended
  }
}
