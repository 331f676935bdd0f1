// argv -> the agent, a helper or the command line; whichever it is, the others are never loaded.

import { selfArguments, startedName } from './platform/self.ts'

/** The exit code. */
export async function run(): Promise<number> {
  const args = selfArguments()
  if (args[0] === 'agent') return (await import('./agent/command.ts')).main(args)
  const { helperMain, startedAs } = await import('./twin/main.ts')
  const started = startedAs(startedName(), args)
  return (await helperMain(started)) ?? (await import('./cli/main.ts')).main(started.args)
}
