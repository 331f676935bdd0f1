// The one file that writes to the terminal. Results go to stdout; what is said about them, to stderr: lower-case, no full
// stop, `authsock: ...` and, where there is one, `hint: ...`.

import { asFailure, type Failure } from '../core/failures.ts'
import { encodeProblem } from '../wire/problem.ts'

export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly good: (text: string) => string
  readonly warn: (text: string) => string
  readonly bad: (text: string) => string
}

const code = (open: number, close: number) => (text: string) => `\u001b[${open}m${text}\u001b[${close}m`
const plain = (text: string): string => text

/** Names, codes and reasons come from servers: of their controls a terminal gets none but the colours below, which hide nothing. */
const controls = /\p{Cc}(?:\[(?:1|2|22|31|32|33|39)m)?|[\p{Cf}\p{Zl}\p{Zp}]/gu
const printable = (text: string): string =>
  text.replaceAll(controls, (found) =>
    found === '\n' || found === '\t' || found.startsWith('\u001b[') ? found : `\ufffd${found.slice(1)}`,
  )

/** Cut to the columns that a terminal has. */
const fit = (text: string, columns: number): string => (text.length <= columns ? text : text.slice(0, Math.max(0, columns)))

const colours: Style = { bold: code(1, 22), dim: code(2, 22), good: code(32, 39), warn: code(33, 39), bad: code(31, 39) }
const noColours: Style = { bold: plain, dim: plain, good: plain, warn: plain, bad: plain }

export class Terminal {
  readonly #out: NodeJS.WriteStream
  readonly #err: NodeJS.WriteStream
  readonly #env: NodeJS.ProcessEnv
  #transient = false

  constructor(
    out: NodeJS.WriteStream = process.stdout,
    err: NodeJS.WriteStream = process.stderr,
    env: NodeJS.ProcessEnv = process.env,
  ) {
    this.#out = out
    this.#err = err
    this.#env = env
    // `authsock status | head -1`: whoever read has seen enough. Without a reader of stderr the exit code still counts.
    for (const stream of [out, err]) {
      stream.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EPIPE') throw error
        if (stream === out) process.exit(0)
      })
    }
  }

  get isInteractive(): boolean {
    return this.#err.isTTY === true && process.stdin.isTTY === true && this.#env['CI'] === undefined
  }

  get outputIsTerminal(): boolean {
    return this.#out.isTTY === true
  }

  /** Columns of stdout. */
  get width(): number {
    return positive(this.#out.columns) ?? 100
  }

  get rows(): number {
    return positive(this.#out.rows) ?? 24
  }

  get style(): Style {
    return this.#colours(this.#out)
  }

  /** Of what `say` writes. */
  get asideStyle(): Style {
    return this.#colours(this.#err)
  }

  /** A result. */
  print(text: string): void {
    this.#out.write(`${this.outputIsTerminal ? printable(text) : text}\n`)
  }

  /** As it is: cursor movements. */
  printRaw(text: string): void {
    this.#out.write(text)
  }

  json(value: unknown): void {
    this.print(JSON.stringify(value, undefined, this.outputIsTerminal ? 2 : undefined))
  }

  /** Something about a result, for people. */
  say(text: string): void {
    this.#clearTransient()
    this.#err.write(`${printable(text)}\n`)
  }

  /** One line that the next one replaces; nothing where stderr is no terminal. */
  progress(text: string): void {
    if (this.#err.isTTY !== true) return
    this.#err.write(`\r\u001b[2K${fit(printable(text), (positive(this.#err.columns) ?? 80) - 1)}`)
    this.#transient = true
  }

  note(text: string): void {
    this.say(`authsock: ${text}`)
  }

  hint(text: string): void {
    if (text !== '') this.say(`hint: ${text}`)
  }

  /** With `asJson`, a problem document (RFC 9457) on one line. */
  failure(error: unknown, asJson: boolean): void {
    const failure = asFailure(error)
    if (asJson) {
      this.say(JSON.stringify(encodeProblem(failure)))
      return
    }
    const [first, ...more] = linesOf(failure)
    this.note(first ?? failure.code)
    for (const line of more) this.say(`          ${line}`)
    this.hint(failure.hint)
  }

  #clearTransient(): void {
    if (!this.#transient) return
    this.#err.write('\r\u001b[2K')
    this.#transient = false
  }

  /** Done with a progress line. */
  endProgress(): void {
    this.#clearTransient()
  }

  #colours(stream: NodeJS.WriteStream): Style {
    const { NO_COLOR: never, FORCE_COLOR: always, TERM: term } = this.#env
    if (never !== undefined && never !== '') return noColours
    if (always !== undefined && always !== '0') return colours
    return stream.isTTY === true && term !== 'dumb' ? colours : noColours
  }
}

/** A terminal that does not know its size says 0. */
const positive = (size: number | undefined): number | undefined => (size === undefined || size <= 0 ? undefined : size)

const linesOf = (failure: Failure): readonly string[] => failure.message.split('\n')
