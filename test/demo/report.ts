// What the demo and its processes say to one another, a line each: the process says "ready", is told the moments at which to ask, and
// says "token" or "failure" for each.

import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

export const readLines = (stream: Readable): AsyncIterator<string> => createInterface({ input: stream })[Symbol.asyncIterator]()

/** Of the program of a process: asks at each of the moments, in ms since the epoch. `undefined` and an error are failures. */
export async function askRepeatedly(ask: () => Promise<string | undefined>): Promise<void> {
  process.stdout.write('ready\n')
  const { value } = await readLines(process.stdin).next()
  for (const moment of JSON.parse(value as string) as readonly number[]) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, moment - Date.now())))
    const token = await ask().catch(() => undefined)
    process.stdout.write(token === undefined ? 'failure\n' : 'token\n')
  }
}
