// shares.json is decoded, never cast: a share that cannot be read affects no other, and what is replaced is set aside.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Share } from '../../../../src/core/access/share.ts'
import { ShareFile } from '../../../../src/agent/shares/share-file.ts'

let folder: string
let path: string
let warnings: string[]
let file: ShareFile

const share: Share = {
  name: 'devbox',
  profiles: ['work'],
  secrets: ['pat'],
  scope: ['read'],
  resource: 'https://api.example.com/',
  allowWiderScope: true,
  createdAt: 1_700_000_000_000,
  expiresAt: 1_800_000_000_000,
  tcp: { port: 4711, secretHash: 'ab'.repeat(32) },
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'authsock-shares-'))
  path = join(folder, 'state', 'shares.json')
  warnings = []
  file = new ShareFile(path, (text) => warnings.push(text))
})

afterEach(() => rmSync(folder, { recursive: true }))

test('what was saved is read', () => {
  expect(file.read()).toEqual([])
  const plain: Share = { name: 'a', profiles: ['work'], secrets: [], createdAt: 1, expiresAt: 2 }
  file.save([share, plain])
  expect(file.read()).toEqual([share, plain])
  expect(warnings).toEqual([])
})

test.each([
  ['a name that is a path', { name: '../../etc' }],
  ['a name with a dot at its end', { name: 'a.' }],
  ['profiles that are one word', { profiles: 'work' }],
  ['a scope that is one word', { scope: 'read' }],
  ['an end that is text', { expiresAt: '2030' }],
  ['an option that is false', { anyTarget: false }],
  ['a port that is too high', { tcp: { port: 70_000, secretHash: 'ab'.repeat(32) } }],
  ['a hash that is none', { tcp: { port: 4711, secretHash: '' } }],
])('%s: that share is not opened, the others are', (_, wrong) => {
  file.save([share])
  writeFileSync(
    path,
    JSON.stringify({
      version: 1,
      shares: [
        { ...share, ...wrong },
        { ...share, name: 'other' },
      ],
    }),
  )
  expect(file.read().map(({ name }) => name)).toEqual(['other'])
  expect(warnings).toEqual([expect.stringContaining('share 1 cannot be read')])
})

test('what cannot be read is set aside before it is replaced', () => {
  file.save([share])
  writeFileSync(path, 'no JSON')
  expect(file.read()).toEqual([])
  expect(warnings).toEqual([expect.stringContaining('cannot be read')])
  file.save([])
  expect(readFileSync(`${path}.damaged`, 'utf8')).toBe('no JSON')
  file.save([share])
  expect(file.read()).toEqual([share])
})
