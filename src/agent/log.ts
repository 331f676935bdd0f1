// What the agent writes to stderr: a line for each event, never a token. Nothing else of the agent writes to a terminal. However much
// happens, the lines are limited in length, rate and, if stderr is agent.log, in size (S9).

import { closeSync, constants, fstatSync, lstatSync, renameSync, writeSync } from 'node:fs'
import { visibleJson } from '../core/util/text.ts'
import { TokenBucket } from '../core/util/token-bucket.ts'
import { openOwnFileSync } from '../platform/fs/own-file.ts'

export type LogLevel = 'quiet' | 'info' | 'debug'

type LogLine = 'error' | 'info' | 'debug'

const ranks: Readonly<Record<LogLevel, number>> = { quiet: 0, info: 1, debug: 2 }

const maxLineLength = 4096
const lines = { burst: 500, perSecond: 5 }
/** Of agent.log; the one before it is kept. */
const maxFileBytes = 4 * 2 ** 20
const stderr = 2

interface LogPorts {
  /** Each line is an object, with the time in seconds since the epoch. */
  readonly asJson: boolean
  /** ms. */
  readonly now: () => number
  readonly write: (text: string) => void
}

export class Log {
  readonly #rank: number
  readonly #asJson: boolean
  readonly #now: () => number
  readonly #bucket: TokenBucket
  #write: (text: string) => void
  #omitted = 0

  constructor(
    level: LogLevel,
    { asJson = false, now = Date.now, write = (text) => writeTo(stderr, text) }: Partial<LogPorts> = {},
  ) {
    this.#rank = ranks[level]
    this.#asJson = asJson
    this.#now = now
    this.#write = write
    this.#bucket = new TokenBucket(lines.burst, lines.perSecond, now())
  }

  /** If stderr is this file, it is replaced by a new one when it is full. */
  rotate(path: string, maxBytes = maxFileBytes): void {
    if (isStderr(path)) this.#write = rotating(path, maxBytes)
  }

  /** Always shown. */
  error(text: string): void {
    this.#line('error', text)
  }

  info(text: string): void {
    if (this.#rank >= ranks.info) this.#line('info', text)
  }

  debug(text: string): void {
    if (this.#rank >= ranks.debug) this.#line('debug', text)
  }

  #line(level: LogLine, text: string): void {
    if (!this.#bucket.take(this.#now())) {
      this.#omitted += 1
      return
    }
    if (this.#omitted > 0) this.#put('error', `${this.#omitted} lines were left out: there were too many`)
    this.#omitted = 0
    const shown = text.length > maxLineLength ? `${text.slice(0, maxLineLength)}...` : text
    this.#put(level, shown)
  }

  #put(level: LogLine, text: string): void {
    const line = this.#asJson ? visibleJson({ at: this.#now() / 1000, level, text }) : `authsock: ${text}`
    this.#write(`${line}\n`)
  }
}

function writeTo(fd: number, text: string): void {
  try {
    writeSync(fd, text)
  } catch {
    // The terminal may be closed, or the disk full; the agent goes on.
  }
}

function isStderr(path: string): boolean {
  try {
    const [own, file] = [fstatSync(stderr), lstatSync(path)]
    return own.isFile() && own.dev === file.dev && own.ino === file.ino
  } catch {
    return false
  }
}

/** Later files are not stderr: what node itself writes there (a crash) goes to the one before. */
function rotating(path: string, maxBytes: number): (text: string) => void {
  let fd = stderr
  let size = fstatSync(fd).size
  return (text) => {
    if (size > maxBytes) {
      try {
        renameSync(path, `${path}.1`)
        const next = openOwnFileSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT)
        if (fd !== stderr) closeSync(fd)
        fd = next
        size = 0
      } catch {
        // It can be written, and not be replaced: it stays as large as it is.
        return
      }
    }
    size += Buffer.byteLength(text)
    writeTo(fd, text)
  }
}
