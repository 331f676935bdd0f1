// Vitest's global set-up: the program is built once for all tests, and the run ends with a check that nothing of it is left.

import { join } from 'node:path'
import { builtProgram } from './built.ts'
import { endRun, startRun } from './leftovers.ts'

export default async function setup(): Promise<() => Promise<void>> {
  process.env['AUTHSOCK_TEST_PROGRAM'] = join(await builtProgram(), 'dist/main.js')
  const folder = startRun()
  return () => endRun(folder)
}
