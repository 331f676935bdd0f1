#!/usr/bin/env node
// argv -> the agent, a helper or the command line; whichever it is, the others are never loaded.

process.exitCode = await run()

async function run(): Promise<number> {
  if (process.argv[2] === 'agent') return (await import('./agent/command.ts')).main(process.argv.slice(2))
  const { helperMain, startedAs } = await import('./cli/helper.ts')
  const started = startedAs(process.argv)
  return (await helperMain(started)) ?? (await import('./cli/main.ts')).main(started.args)
}
