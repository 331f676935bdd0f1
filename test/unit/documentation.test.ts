// Documentation keeps up: files that pages name exist, links lead somewhere, every setting is described.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

test.each(['docs/architecture.md', 'docs/reliability.md'])('%s names files that exist', (page) => {
  const text = readFileSync(join(root, page), 'utf8')
  const paths = [...text.matchAll(/`((?:src|test|scripts)\/[^`*]+)`/g)].map(([, path = '']) => path)
  expect(paths.length).toBeGreaterThan(2)
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])
})

const pages = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)]

test.each(pages)('the links of %s lead somewhere', (page) => {
  const text = readFileSync(join(root, page), 'utf8')
  const links = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, link = '']) => link)
  expect(links.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([])
})

interface Schema {
  readonly properties: Readonly<Record<string, { readonly items?: Schema }>>
  readonly $defs: Readonly<Record<string, Schema>>
}

test('every setting of config.toml is described', () => {
  const { properties, $defs } = JSON.parse(readFileSync(join(root, 'protocol/config.schema.json'), 'utf8')) as Schema
  const undescribed = (page: string, keys: readonly string[]): readonly string[] => {
    const text = readFileSync(join(root, page), 'utf8')
    return keys.filter((key) => !new RegExp(`\\b${key}\\b`).test(text))
  }
  const rule = Object.keys(properties['rule']?.items?.properties ?? {})
  const profile = Object.keys($defs['profile']?.properties ?? {})
  expect([rule.length > 8, profile.length > 15]).toEqual([true, true])
  expect(undescribed('docs/approvals.md', rule)).toEqual([])
  expect(undescribed('docs/config.md', [...Object.keys(properties), ...profile])).toEqual([])
})
