// docs/requirements.md defines every id that code and tests cite, and names tests that cite it.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

const rows = [...read('docs/requirements.md').matchAll(/^\| ([PRL]\d+) +\| (.+) \| (.+) \|$/gm)].map(
  ([, id = '', text = '', tests = '']) => ({ id, text, tests: [...tests.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path) }),
)

/** Sources and tests, but not the transcripts, whose text may hold anything. */
const files = ['src', 'test'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|c|h|py)$/.test(file))
    .map((file) => join(folder, file)),
)

/** `finding L3` is a reported input, not a requirement. */
const cited = (text: string): readonly string[] => [...text.matchAll(/(?<!finding )\b[PRL]\d+\b/g)].map(([id]) => id)

test('every id that code and tests cite is defined once', () => {
  const defined = rows.map(({ id }) => id)
  expect(new Set(defined).size).toBe(defined.length)
  expect(defined.length).toBeGreaterThan(60)
  const unknown = files.flatMap((file) =>
    cited(read(file)).flatMap((id) => (defined.includes(id) ? [] : [`${file} cites ${id}`])),
  )
  expect(unknown).toEqual([])
})

test('every test that it names exists and cites the id', () => {
  const wrong = rows.flatMap(({ id, tests }) =>
    tests.filter((path) => !existsSync(join(root, path)) || !cited(read(path)).includes(id)).map((path) => `${id}: ${path}`),
  )
  expect(wrong).toEqual([])
})
