// The benchmark runs, and notices where it is not given what it measures.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { spread } from '../../bench/numbers.ts'
import { table } from '../../bench/report.ts'
import { Tools } from '../../bench/tools.ts'
import { hasCompiler } from '../support/programs.ts'
import { describeWith, isLinux } from '../support/real-part.ts'

const main = fileURLToPath(new URL('../../bench/main.ts', import.meta.url))

async function bench(...args: readonly string[]): Promise<{ readonly code: number | null; readonly text: string }> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, text }
}

/** The cells of the row that begins with these. */
const row = (text: string, ...first: readonly string[]): readonly string[] =>
  text
    .split('\n')
    .find((line) => line.startsWith(`| ${first.join(' | ')} |`))
    ?.split('|')
    .slice(1, -1)
    .map((cell) => cell.trim()) ?? []

test('medians and quartiles', () => {
  expect(spread([5, 1, 4, 2, 3])).toEqual({ median: 3, low: 2, high: 4, count: 5 })
  expect(spread([1, 2])).toEqual({ median: 1.5, low: 1.25, high: 1.75, count: 2 })
  expect(() => spread([])).toThrow('no values')
})

test('a row that lacks a cell is an error', () => {
  expect(() => table({ head: ['a', 'b'], rows: [['1', '2'], ['3']] })).toThrow('1 cells under a head of 2: 3')
})

describeWith({ Linux: isLinux, 'a C compiler': hasCompiler() }, 'the benchmark', () => {
  test('measures the thin client, and says what it is measured by', async () => {
    const { code, text } = await bench('--quick', '--only', 'token')
    expect(code, text).toBe(0)
    expect(text).toContain(`Node ${process.version}`)
    const [, floor, byItself] = row(text, 'the floor: a C client, a C server')
    expect(Number.parseFloat(floor ?? '')).toBeGreaterThan(0)
    expect(byItself).toBe('1 x (1 to 1)')
    expect(Number.parseFloat(row(text, 'thin client')[1] ?? '')).toBeGreaterThan(0)
    expect(row(text, 'one token: the thin client, by the floor')[1]).toBe('<= 1.5 x')
  })

  test('measures requests a second, and the processor time of one', async () => {
    const { code, text } = await bench('--quick', '--only', 'load')
    expect(code, text).toBe(0)
    const ours = row(text, 'kept open', '64', 'agent')
    expect(ours).toHaveLength(9)
    for (const figure of ours.slice(3)) expect(Number.parseFloat(figure)).toBeGreaterThan(0)
    expect(row(text, 'kept open', '64', 'bare').slice(7)).toEqual(['', ''])
  })

  test('an answer that is not the token fails the run', async () => {
    const tools = new Tools()
    try {
      await tools.compile()
      const { socket } = await tools.startBare('a token')
      const load = { mode: 'keep', socket, connections: 2, seconds: 0.05 } as const
      expect((await tools.load({ ...load, token: 'a token' })).errors).toBe(0)
      await expect(tools.load({ ...load, token: 'another' })).rejects.toThrow('not a token')
      const once = { line: [tools.program('once'), socket, '/'], least: 7 }
      expect((await tools.rounds(2, { once }, process.env)).get('once')).toHaveLength(2)
      await expect(tools.rounds(1, { once: { ...once, least: 8 } }, process.env)).rejects.toThrow('after 7 bytes')
    } finally {
      await tools.close()
    }
  })

  test('an unknown part is refused', async () => {
    expect((await bench('--only', 'nothing')).code).toBe(1)
  })
})
