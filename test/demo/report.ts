// What the demo and its processes say to one another, a line each: "ready", the moments at which to ask, and how it went.

import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

export interface Report {
  readonly tokens: number
  readonly failures: number
}

export const readLines = (stream: Readable): AsyncIterator<string> => createInterface({ input: stream })[Symbol.asyncIterator]()

/** A process that said nothing has failed in all it did. */
export async function readReport(lines: AsyncIterator<string>, times: number): Promise<Report> {
  const { value, done } = await lines.next()
  return done === true ? { tokens: 0, failures: times } : (JSON.parse(value) as Report)
}

/** Asks at each of the moments that it is told, and counts. */
export async function askRepeatedly(ask: () => Promise<unknown>): Promise<void> {
  process.stdout.write('ready\n')
  const { value } = await readLines(process.stdin).next()
  const moments = JSON.parse(value as string) as readonly number[]
  let tokens = 0
  for (const moment of moments) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, moment - Date.now())))
    try {
      if ((await ask()) !== undefined) tokens += 1
    } catch {
      // Counted as a failure below.
    }
  }
  process.stdout.write(`${JSON.stringify({ tokens, failures: moments.length - tokens })}\n`)
}
