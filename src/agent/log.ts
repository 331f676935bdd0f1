// What the agent says of itself on stderr: a line an event, never a token. It is the agent's only way to a terminal.

import { writeSync } from 'node:fs'
import { visibleJson } from '../core/util/text.ts'

export type LogLevel = 'quiet' | 'info' | 'debug'

const ranks: Readonly<Record<LogLevel, number>> = { quiet: 0, info: 1, debug: 2 }

export class Log {
  readonly #rank: number
  readonly #asJson: boolean

  /** `asJson`: each line is an object, with the time in seconds since the epoch. */
  constructor(level: LogLevel, asJson = false) {
    this.#rank = ranks[level]
    this.#asJson = asJson
  }

  /** Always shown. */
  error(text: string): void {
    this.#write('error', text)
  }

  info(text: string): void {
    if (this.#rank >= ranks.info) this.#write('info', text)
  }

  debug(text: string): void {
    if (this.#rank >= ranks.debug) this.#write('debug', text)
  }

  #write(level: 'error' | 'info' | 'debug', text: string): void {
    write(this.#asJson ? visibleJson({ at: Date.now() / 1000, level, text }) : `authsock: ${text}`)
  }
}

function write(text: string): void {
  try {
    writeSync(2, `${text}\n`)
  } catch {
    // The terminal may be gone; the agent goes on.
  }
}
