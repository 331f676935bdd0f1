#!/usr/bin/env node
// argv -> the agent, a helper or the command line; whichever it is, the others are never loaded.

/** As package.json has it: an older one fails in the middle, in words that help nobody. */
const oldest = [22, 18] as const

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const isTooOld = major < oldest[0] || (major === oldest[0] && minor < oldest[1])
process.exitCode = isTooOld ? refuse() : await run()

function refuse(): number {
  process.stderr.write(`authsock: Node ${process.versions.node} is too old\nhint: ${oldest.join('.')} or newer is needed\n`)
  return 2
}

async function run(): Promise<number> {
  if (process.argv[2] === 'agent') return (await import('./agent/command.ts')).main(process.argv.slice(2))
  const { helperMain, startedAs } = await import('./twin/main.ts')
  const started = startedAs(process.argv)
  return (await helperMain(started)) ?? (await import('./cli/main.ts')).main(started.args)
}
