// The one file that writes to the terminal. Results go to stdout; messages go to stderr: lower-case, no full stop,
// `authsock: ...`, then `hint: ...`.

import { asFailure, exitCodes } from '../core/failures.ts'
import { failureLines } from '../core/util/failure-text.ts'
import { sanitizeForTerminal, visibleJson } from '../core/util/text.ts'
import { isForegroundProcess } from '../platform/process/foreground.ts'
import { encodeProblem } from '../wire/problem.ts'
import { wrapLine } from './layout.ts'

export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly good: (text: string) => string
  readonly warn: (text: string) => string
  readonly bad: (text: string) => string
}

const sgr = (open: number, close: number) => (text: string) => `\u001b[${open}m${text}\u001b[${close}m`
const unchanged = (text: string): string => text
const colours: Style = { bold: sgr(1, 22), dim: sgr(2, 22), good: sgr(32, 39), warn: sgr(33, 39), bad: sgr(31, 39) }
const noColours: Style = { bold: unchanged, dim: unchanged, good: unchanged, warn: unchanged, bad: unchanged }

/** Overwrites the line that a progress message is on. */
const clearLine = '\r\u001b[2K'

export class Terminal {
  readonly #out: NodeJS.WriteStream
  readonly #err: NodeJS.WriteStream
  readonly #env: NodeJS.ProcessEnv
  #showsProgress = false

  constructor(
    out: NodeJS.WriteStream = process.stdout,
    err: NodeJS.WriteStream = process.stderr,
    env: NodeJS.ProcessEnv = process.env,
  ) {
    this.#out = out
    this.#err = err
    this.#env = env
    out.on('error', (error: NodeJS.ErrnoException) => this.#stopWriting(error))
    // If stderr is gone, the exit code still tells.
    err.on('error', () => {})
  }

  /** Whether questions can be asked: a terminal at both ends, and this process may read from it. */
  get isInteractive(): boolean {
    const { CI: ci = '' } = this.#env
    return ci === '' && this.#err.isTTY === true && process.stdin.isTTY === true && isForegroundProcess()
  }

  get outputIsTerminal(): boolean {
    return this.#out.isTTY === true
  }

  /** Columns of stdout; no limit if it is not a terminal. */
  get width(): number {
    return this.outputIsTerminal ? (positive(this.#out.columns) ?? 80) : Infinity
  }

  /** Columns of stderr; no limit if it is not a terminal. */
  get messageWidth(): number {
    return this.#err.isTTY === true ? (positive(this.#err.columns) ?? 80) : Infinity
  }

  get rows(): number {
    return positive(this.#out.rows) ?? 24
  }

  get style(): Style {
    return this.#styleOf(this.#out)
  }

  /** For what `say` writes. */
  get messageStyle(): Style {
    return this.#styleOf(this.#err)
  }

  /** A result, on stdout. */
  print(text: string): void {
    this.#out.write(`${this.outputIsTerminal ? sanitizeForTerminal(text) : text}\n`)
  }

  /** A result that is a sentence: broken at spaces on a terminal. */
  printWrapped(text: string, indent = 0): void {
    for (const line of wrapLine(text, this.width, indent)) this.print(line)
  }

  /** Cursor movements, and text that is laid out already. */
  printRaw(text: string): void {
    this.#out.write(text)
  }

  json(value: unknown): void {
    this.print(visibleJson(value, this.outputIsTerminal ? 2 : undefined))
  }

  /** One of many values, on a line of its own. */
  jsonLine(value: unknown): void {
    this.print(visibleJson(value))
  }

  /** A message on stderr, broken at spaces if it is longer than a line; `indent` is that of the lines that follow. */
  say(text: string, indent = 0): void {
    this.endProgress()
    const lines = sanitizeForTerminal(text)
      .split('\n')
      .flatMap((line) => wrapLine(line, this.messageWidth, indent))
    this.#err.write(`${lines.join('\n')}\n`)
  }

  /** One line that the next message replaces; nothing if stderr is not a terminal. */
  progress(text: string): void {
    if (this.#err.isTTY !== true) return
    this.#err.write(`${clearLine}${sanitizeForTerminal(text).slice(0, this.messageWidth - 1)}`)
    this.#showsProgress = true
  }

  endProgress(): void {
    if (!this.#showsProgress) return
    this.#err.write(clearLine)
    this.#showsProgress = false
  }

  note(text: string): void {
    this.say(`authsock: ${text}`, 'authsock: '.length)
  }

  hint(text: string): void {
    if (text !== '') this.say(`hint: ${text}`, 'hint: '.length)
  }

  /** With `asJson`, a problem document (RFC 9457) on one line. */
  failure(error: unknown, asJson: boolean): void {
    const failure = asFailure(error)
    if (asJson) {
      this.endProgress()
      this.#err.write(`${visibleJson(encodeProblem(failure))}\n`)
    } else for (const line of failureLines(failure)) this.say(line, line.startsWith('hint: ') ? 6 : 10)
  }

  /** A reader that has read enough (`authsock status | head -1`) is no error; a full disk is. */
  #stopWriting(error: NodeJS.ErrnoException): never {
    if (error.code === 'EPIPE') process.exit(exitCodes.ok)
    const reason = error.code === 'ENOSPC' ? 'no space left on device' : (error.code ?? error.message)
    this.note(`cannot write to stdout: ${reason}`)
    process.exit(exitCodes.storage)
  }

  #styleOf(stream: NodeJS.WriteStream): Style {
    const { NO_COLOR: never = '', FORCE_COLOR: always, TERM: term } = this.#env
    if (never !== '') return noColours
    if (always !== undefined && always !== '0') return colours
    return stream.isTTY === true && term !== 'dumb' ? colours : noColours
  }
}

/** A terminal that does not know its size reports 0. */
const positive = (size: number | undefined): number | undefined => (size === undefined || size <= 0 ? undefined : size)
