// What every command is given: the terminal, the environment, and the agent when it asks for it.

import { type AuthsockClient, connect } from '../client/index.ts'
import type { Terminal } from './terminal.ts'

export class Context {
  readonly terminal: Terminal
  readonly env: NodeJS.ProcessEnv
  /** `--json` was given. */
  asJson = false
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

  /** For commands that can end what they wait for: the first Ctrl-C is theirs, the second ends the program. */
  catchInterrupt(): void {
    const interrupt = (): void => {
      process.off('SIGINT', interrupt)
      this.#interrupted.abort()
    }
    process.on('SIGINT', interrupt)
  }

  close(): void {
    this.#client?.close()
  }
}
