// `npm run check:imports`: who may import whom. Fails on an import that the table does not allow, and on a circle (`import type` counts).

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const edges = ['audit', 'cloud', 'config', 'helpers', 'oauth', 'platform', 'store'] as const

/** Below the edge parts that keep files: atomic writes, safe opening, locks, and what the program brings along. */
const belowFiles = ['platform/fs', 'platform/self.ts', 'platform/native-module.ts']
const partsWithFiles: ReadonlySet<string> = new Set(['audit', 'config', 'store'])

/** A part may import itself, the parts (or folders) of its row, and JSON of this repository. An edge part never imports another one. */
const table: Readonly<Record<string, readonly string[]>> = {
  core: [],
  wire: ['core'],
  ...Object.fromEntries(edges.map((part) => [part, ['core', 'wire', ...(partsWithFiles.has(part) ? belowFiles : [])]])),
  agent: ['core', 'wire', ...edges],
  client: ['core', 'wire', 'platform'],
  twin: ['core', 'wire', 'platform', 'client'],
  mcp: ['core', 'wire', 'config', 'oauth', 'platform', 'client', 'twin'],
  cli: ['core', 'wire', 'audit', 'config', 'platform', 'client', 'twin', 'mcp'],
  run: ['agent', 'cli', 'platform/self.ts', 'twin'],
  main: ['run.ts'],
  'single-file': ['run.ts'],
}

/** The core is pure: neither Node's modules nor packages. */
const pure = new Set(['core'])

const source = fileURLToPath(new URL('../src/', import.meta.url))
const specifier = /(?:\bfrom|\bimport\(?)\s*'([^']+)'/g

const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const imports = new Map(
  files.map((file) => [file, [...readFileSync(join(source, file), 'utf8').matchAll(specifier)].map(([, name = '']) => name)]),
)

const partOf = (file: string): string => file.replace(/\.ts$/, '').split(/[\\/]/)[0] ?? ''
const targetOf = (file: string, name: string): string => relative(source, resolve(source, dirname(file), name))

function forbidden(file: string, name: string): string | undefined {
  const part = partOf(file)
  if (!name.startsWith('.'))
    return pure.has(part) ? `${file}: ${part} imports no module but its own, and this is ${name}` : undefined
  const target = targetOf(file, name)
  if (target.startsWith('..') && target.endsWith('.json')) return undefined
  const other = partOf(target)
  const allowed = table[part]
  if (allowed === undefined) return `${file}: the part '${part}' has no row in scripts/check-imports.ts`
  const isAllowed = other === part || allowed.some((each) => target === each || target.startsWith(`${each}/`))
  return isAllowed ? undefined : `${file}: ${part} does not import ${other} (${target})`
}

/** The first circle through each file that starts one, as a list of files. */
function circles(): readonly string[] {
  const found: string[] = []
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].join(' -> '))
    if (path.includes(file) || done.has(file)) return
    for (const name of imports.get(file) ?? []) if (name.startsWith('.')) visit(targetOf(file, name), [...path, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
  return found
}

const problems = [
  ...[...imports].flatMap(([file, names]) => names.flatMap((name) => forbidden(file, name) ?? [])),
  ...circles().map((circle) => `circle: ${circle}`),
]
for (const problem of problems) process.stderr.write(`${problem}\n`)
if (problems.length > 0) process.exitCode = 1
