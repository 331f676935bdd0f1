// What the agent says of itself on stderr: a line an event, never a token. It is the agent's only way to a terminal.

import { writeSync } from 'node:fs'

export type LogLevel = 'quiet' | 'info' | 'debug'

const ranks: Readonly<Record<LogLevel, number>> = { quiet: 0, info: 1, debug: 2 }

export class Log {
  readonly #rank: number

  constructor(level: LogLevel) {
    this.#rank = ranks[level]
  }

  /** Always shown. */
  error(text: string): void {
    write(text)
  }

  info(text: string): void {
    if (this.#rank >= ranks.info) write(text)
  }

  debug(text: string): void {
    if (this.#rank >= ranks.debug) write(text)
  }
}

function write(text: string): void {
  try {
    writeSync(2, `authsock: ${text}\n`)
  } catch {
    // The terminal may be gone; the agent goes on.
  }
}
