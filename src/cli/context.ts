// What every command is given: the terminal, the environment, and the agent when it asks for it.

import { type AuthsockClient, connect } from '../client/index.ts'
import { exitCodes } from '../core/failures.ts'
import type { Terminal } from './terminal.ts'

const ends = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export class Context {
  readonly terminal: Terminal
  readonly env: NodeJS.ProcessEnv
  /** `--json` was given. */
  asJson = false
  /** What follows `--` in the arguments of `exec`. */
  command: readonly string[] = []
  /** Of a command that has done its work. */
  exitCode: number = exitCodes.ok
  readonly #interrupted = new AbortController()
  #client: AuthsockClient | undefined

  constructor(terminal: Terminal, env: NodeJS.ProcessEnv) {
    this.terminal = terminal
    this.env = env
  }

  /** Ctrl-C. */
  get signal(): AbortSignal {
    return this.#interrupted.signal
  }

  /** The agent, which is started where none runs. */
  async agent({ start = true } = {}): Promise<AuthsockClient> {
    this.#client ??= await connect({ env: this.env, start })
    return this.#client
  }

  /** A client that looks on and starts nothing: an agent that was stopped stays stopped. */
  async onlooker(): Promise<AuthsockClient> {
    await (await this.agent()).status()
    this.#client = await connect({ env: this.env, start: false })
    return this.#client
  }

  /** For commands that can end what they wait for: the first Ctrl-C (or SIGTERM) is theirs, the second ends the program. */
  catchInterrupt(): void {
    const interrupt = (): void => {
      for (const name of ends) process.off(name, interrupt)
      this.#interrupted.abort()
    }
    for (const name of ends) process.on(name, interrupt)
  }

  close(): void {
    this.#client?.close()
  }
}
