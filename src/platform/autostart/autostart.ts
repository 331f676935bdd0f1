// How the agent is started at login: one file for each system service that does it. src/cli/install chooses one, writes its files and
// calls `enable`.

interface AutostartFile {
  readonly path: string
  readonly text: string
}

/** What is started, and where it listens. */
export interface AgentLaunch {
  /** The interpreter and the program by absolute path, with their arguments. */
  readonly command: readonly string[]
  /** What the agent must be told: the service manager does not have the variables of the user's shell. */
  readonly env: Readonly<Record<string, string>>
  readonly socket: string
}

export interface Autostart {
  readonly kind: 'systemd' | 'xdg' | 'launchd' | 'run-key'
  /** For people: `systemd user socket`. */
  readonly name: string
  readonly files: readonly AutostartFile[]
  /** After the files are written. `changed`: those that were not there before with this text. Throws storage_failed. */
  enable(changed: readonly string[]): void
  /** Before the files are removed. Throws storage_failed. */
  disable(): void
  /** After they are removed. */
  removed(): void
}

/** The variables of `env` that decide where the agent's files are; those without a value are left out. */
export function agentEnvironment(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const names = ['XDG_CONFIG_HOME', 'XDG_STATE_HOME', 'XDG_CACHE_HOME', 'AUTHSOCK', 'AUTHSOCK_MASTER_KEY_FILE']
  return Object.fromEntries(names.map((name) => [name, env[name] ?? '']).filter(([, value]) => value !== ''))
}
