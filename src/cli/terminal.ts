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
    // `authsock status | head -1`: whoever read has seen enough.
    for (const stream of [out, err]) {
      stream.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EPIPE') process.exit(0)
        throw error
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
    return this.#out.columns ?? 100
  }

  get rows(): number {
    return this.#out.rows ?? 24
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
    this.#out.write(`${text}\n`)
  }

  /** A result as it is. */
  printRaw(text: string): void {
    this.#out.write(text)
  }

  json(value: unknown): void {
    this.print(JSON.stringify(value, undefined, this.outputIsTerminal ? 2 : undefined))
  }

  /** Something about a result, for people. */
  say(text: string): void {
    this.#clearTransient()
    this.#err.write(`${text}\n`)
  }

  /** One line that the next one replaces; nothing where stderr is no terminal. */
  progress(text: string): void {
    if (this.#err.isTTY !== true) return
    this.#err.write(`\r\u001b[2K${text}`)
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

const linesOf = (failure: Failure): readonly string[] => failure.message.split('\n')
