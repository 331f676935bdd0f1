// `npm run bench`: authsock and its peers on the same work, by turns, and docs/benchmarks.md written from what came out. Linux only.
// `-- --only NAME` measures one part and prints it; `--quick` measures little, to see that all of it still runs.

import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build, type Ground, withGround } from './ground.ts'
import { expiry } from './expiry.ts'
import { gitCredential } from './git.ts'
import { growth } from './growth.ts'
import { idle } from './idle.ts'
import { load } from './load.ts'
import { oneToken } from './one-token.ts'
import { packages } from './packages.ts'
import { markdown, type Part } from './report.ts'

type Measure = (isQuick: boolean) => Promise<Part>

const withAgent =
  (measure: (ground: Ground, isQuick: boolean) => Promise<Part>): Measure =>
  (isQuick) =>
    withGround({}, (ground) => measure(ground, isQuick))

const parts: Readonly<Record<string, Measure>> = {
  token: withAgent(oneToken),
  git: withAgent(gitCredential),
  load: withAgent(load),
  expiry,
  idle: withAgent(idle),
  growth,
  packages: withAgent(packages),
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: 'string', multiple: true }, quick: { type: 'boolean' }, output: { type: 'string' } },
  })
  const chosen = values.only ?? Object.keys(parts)
  const unknown = chosen.find((name) => parts[name] === undefined)
  if (unknown !== undefined) throw new Error(`no part '${unknown}': there are ${Object.keys(parts).join(', ')}`)
  build()
  const start = performance.now()
  const done: Part[] = []
  for (const name of chosen) {
    process.stderr.write(`${name} ...\n`)
    const part = await parts[name]?.(values.quick === true)
    if (part !== undefined) done.push(part)
  }
  const text = markdown(done, (performance.now() - start) / 1000)
  const isWhole = values.only === undefined && values.quick !== true
  const output = values.output ?? (isWhole ? fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url)) : undefined)
  if (output === undefined) process.stdout.write(text)
  else writeFileSync(output, text)
}

await main()
