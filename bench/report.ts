// What a part has measured, and docs/benchmarks.md made of it.

import { execFileSync } from 'node:child_process'
import { cpus, release, totalmem, type as system } from 'node:os'
import { digits, type Spread } from './numbers.ts'

export interface Target {
  readonly what: string
  readonly target: string
  readonly measured: string
  readonly isMet: boolean
}

interface Table {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export interface Part {
  readonly title: string
  /** How it was measured, what was missing: a paragraph each. */
  readonly about: readonly string[]
  readonly tables: readonly Table[]
  readonly targets: readonly Target[]
  /** Peers that are not installed. */
  readonly missing?: readonly string[]
}

const percent = (value: number): string => `${digits(value * 100)} %`

/** That a ratio is at most so much; by its median. */
export const atMost = (what: string, limit: number, ratio: Spread): Target => ({
  what,
  target: `<= ${limit} x`,
  measured: `${digits(ratio.median)} x (${digits(ratio.low)} to ${digits(ratio.high)})`,
  isMet: ratio.median <= limit,
})

/** That a ratio is at least so much. */
export const atLeast = (what: string, limit: number, ratio: Spread): Target => ({
  what,
  target: `>= ${percent(limit)}`,
  measured: `${percent(ratio.median)} (${percent(ratio.low)} to ${percent(ratio.high)})`,
  isMet: ratio.median >= limit,
})

export function markdown(parts: readonly Part[], seconds: number): string {
  const missing = parts.flatMap((part) => part.missing ?? [])
  const targets = parts.flatMap((part) => part.targets)
  const blocks = [
    '# Benchmarks',
    'Written by `npm run bench`; nothing here is written by hand. Every number is a median with its quartiles, of slices that were measured by turns in one run: what else the machine does hits all sides alike, and the ratios are what counts.',
    `${machine()}. ${Math.round(seconds)} seconds.${missing.length === 0 ? '' : ` Not installed, and left out: ${missing.join(', ')}.`}`,
    '## Targets',
    table({
      head: ['', 'target', 'measured', ''],
      rows: targets.map(({ what, target, measured, isMet }) => [what, target, measured, isMet ? 'met' : '**missed**']),
    }),
    ...parts.flatMap(({ title, about, tables }) => [`## ${title}`, ...about, ...tables.map(table)]),
  ]
  return `${blocks.join('\n\n')}\n`
}

function machine(): string {
  const all = cpus()
  const memory = `${digits(totalmem() / 2 ** 30)} GiB`
  const peers = ['git --version', 'oidc-agent --version', 'curl --version'].flatMap((line) => {
    const [program = '', ...args] = line.split(' ')
    try {
      const text = execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      return [text.split('\n')[0]?.replace(/ \(.*/, '').replace(' version', '') ?? '']
    } catch {
      return []
    }
  })
  const on = new Date().toISOString().slice(0, 10)
  return `${on}: ${all[0]?.model.trim() ?? 'unknown CPU'}, ${all.length} cores, ${memory}, ${system()} ${release()}, Node ${process.version}, ${peers.join(', ')}`
}

/** Throws where a row has not as many cells as the head. */
export function table({ head, rows }: Table): string {
  const odd = rows.find((row) => row.length !== head.length)
  if (odd !== undefined) throw new Error(`${odd.length} cells under a head of ${head.length}: ${odd.join(', ')}`)
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
