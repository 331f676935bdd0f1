// What every command is given: the terminal, the environment, config.toml and the agent, each read or started on demand.

import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import type { AuthsockClient, ConnectOptions } from '../client/index.ts'
import type { Config } from '../config/config.ts'
import { exitCodes } from '../core/failures.ts'
import { type Paths, paths } from '../platform/fs/paths.ts'
import type { Terminal } from './terminal.ts'

/** ms between two looks for an agent that has stopped. */
const reconnectMs = 500

/** For the agent to read config.toml. */
const reloadTimeoutMs = 5_000

const interruptSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export class Context {
  readonly terminal: Terminal
  readonly env: NodeJS.ProcessEnv
  /** `--json` was given. */
  asJson = false
  /** What follows `--` in the arguments of `exec`, `ssh` and `relay`. */
  command: readonly string[] = []
  /** Of a command that did not throw. */
  exitCode: number = exitCodes.ok
  readonly #interrupted = new AbortController()
  #client: AuthsockClient | undefined

  /** The root command with all commands, for man pages and completions. */
  readonly allCommands: () => Promise<Command>

  constructor(terminal: Terminal, env: NodeJS.ProcessEnv, allCommands: (context: Context) => Promise<Command>) {
    this.terminal = terminal
    this.env = env
    this.allCommands = () => allCommands(this)
  }

  /** Aborted by Ctrl-C, after `catchInterrupt`. */
  get signal(): AbortSignal {
    return this.#interrupted.signal
  }

  /** Throws bad_request if AUTHSOCK is not usable. */
  get paths(): Paths {
    return paths(this.env)
  }

  /** config.toml as it is now. Throws config_invalid. */
  async config(): Promise<Config> {
    const { ConfigFile } = await import('../config/config-file.ts')
    return new ConfigFile(this.paths.configFile).read()
  }

  /** This command has changed config.toml: the agent, if one runs, goes by it when this resolves (R21, H5). */
  async configChanged(): Promise<void> {
    const client = await connectLazily({ env: this.env, start: false })
    try {
      await client.reloadConfig(AbortSignal.timeout(reloadTimeoutMs))
    } catch {
      // No agent runs, or one that reads the file within a second and says itself what is wrong with it.
    } finally {
      client.close()
    }
  }

  /** The agent; started on the first request if none is running. */
  async agent({ start = true } = {}): Promise<AuthsockClient> {
    this.#client ??= await connectLazily({ env: this.env, start })
    return this.#client
  }

  /** A new client, which starts an agent if none is running: the former one was connected to an agent that ends. */
  async freshAgent(): Promise<AuthsockClient> {
    this.close()
    this.#client = await connectLazily({ env: this.env })
    return this.#client
  }

  /** A new client, which starts no agent. */
  async watchedAgent(): Promise<AuthsockClient> {
    this.close()
    this.#client = await connectLazily({ env: this.env, start: false })
    return this.#client
  }

  /** A client that does not start the agent again once it is stopped, for commands that only watch. */
  async watchingAgent(): Promise<AuthsockClient> {
    await (await this.agent()).status()
    this.#client = await connectLazily({ env: this.env, start: false })
    return this.#client
  }

  /** After the agent that was watched has stopped: the next one, whenever it comes. Until Ctrl-C. */
  async nextAgent(): Promise<AuthsockClient> {
    for (;;) {
      const client = await connectLazily({ env: this.env, start: false })
      this.#client = client
      const isThere = await client.status().then(
        () => true,
        () => false,
      )
      if (isThere || this.signal.aborted) return client
      await pause(reconnectMs, undefined, { signal: this.signal }).catch(() => {})
    }
  }

  /** The first Ctrl-C (or SIGTERM) aborts `signal`; the second ends the program. */
  catchInterrupt(): void {
    const interrupt = (): void => {
      for (const name of interruptSignals) process.off(name, interrupt)
      this.#interrupted.abort()
    }
    for (const name of interruptSignals) process.on(name, interrupt)
  }

  close(): void {
    this.#client?.close()
  }
}

/** Seconds since the epoch. */
export const nowInSeconds = (): number => Math.floor(Date.now() / 1000)

/** Most of what a command loads, and what `help` and `version` do without. */
const connectLazily = async (options: ConnectOptions): Promise<AuthsockClient> =>
  (await import('../client/index.ts')).connect(options)
