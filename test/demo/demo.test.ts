import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const cell = (text: string, row: string): readonly string[] => {
  const found = text.split('\n').find((each) => each.startsWith(row))
  return (
    found
      ?.slice(row.length)
      .trim()
      .split(/\s{2,}/) ?? []
  )
}

test('the demo, smaller: authsock gives every token with one refresh at a time; the token file ends in a revoked login', async () => {
  const child = spawn(process.execPath, [fileURLToPath(new URL('main.ts', import.meta.url))], {
    env: { ...process.env, DEMO_PROCESSES: '12', DEMO_LIFETIME: '8' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  expect(await once(child, 'close'), text).toEqual([0, null])
  expect(cell(text, 'tokens given')[0]).toBe('36')
  expect(cell(text, 'failures')[0]).toBe('0')
  expect(cell(text, 'at the same time, at most')[0]).toBe('1')
  expect(cell(text, 'the login afterwards')).toEqual(['alive', 'revoked: log in again'])
  expect(Number(cell(text, 'failures')[1])).toBeGreaterThan(0)
})
