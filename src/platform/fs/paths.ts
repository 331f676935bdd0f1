// Where everything lies: XDG folders on Linux, the platform's own elsewhere. Everything derives from the environment.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { Failure } from '../../core/failures.ts'

export interface Paths {
  readonly configFile: string
  readonly stateDirectory: string
  readonly vaultDirectory: string
  /** Of the socket (on Windows: of the file that names the pipe). */
  readonly runtimeDirectory: string
  /** Where the agent listens; on Windows the file that names the pipe. */
  readonly socket: string
  /** Held by the one agent that may listen there. */
  readonly agentLock: string
  readonly logFile: string
  readonly auditFile: string
  /** Of the folders of shared sockets. */
  readonly sharesDirectory: string
  /** What the shared sockets give: of this machine's socket, since another's agent may have the same home. */
  readonly sharesFile: string
  /** The last generations seen (R13): not in the folder that a backup of the vault would bring back. */
  readonly seenFolder: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** Throws bad_request where `AUTHSOCK` is not usable. */
export function paths(env: Environment = process.env, platform: NodeJS.Platform = process.platform, home = homedir()): Paths {
  const { config, state, runtime, cache } = folders(env, platform, home)
  const socket = env['AUTHSOCK'] === undefined || env['AUTHSOCK'] === '' ? join(runtime, socketName(platform)) : env['AUTHSOCK']
  checkSocketPath(socket, platform)
  return {
    configFile: join(config, 'config.toml'),
    stateDirectory: state,
    vaultDirectory: join(state, 'vault'),
    runtimeDirectory: join(socket, '..'),
    socket,
    agentLock: `${socket}.lock`,
    logFile: join(state, 'agent.log'),
    auditFile: join(state, 'audit.log'),
    sharesDirectory: join(socket, '..', 'shares'),
    sharesFile: join(state, `shares-${createHash('sha256').update(`${machineId()}${socket}`).digest('hex').slice(0, 12)}.json`),
    seenFolder: join(cache, 'generations'),
  }
}

/** Machines that share a home have one: systemd's. Elsewhere a home is one machine's. */
function machineId(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim()
  } catch {
    return ''
  }
}

const socketName = (platform: NodeJS.Platform): string => (platform === 'win32' ? 'agent.pipe' : 'agent.sock')

function folders(env: Environment, platform: NodeJS.Platform, home: string) {
  if (platform === 'win32') {
    const base = join(absolute(env['LOCALAPPDATA']) ?? join(home, 'AppData', 'Local'), 'authsock')
    return { config: base, state: base, runtime: base, cache: join(base, 'cache') }
  }
  if (platform === 'darwin' && env['XDG_STATE_HOME'] === undefined && env['XDG_CONFIG_HOME'] === undefined) {
    const base = join(home, 'Library', 'Application Support', 'authsock')
    return { config: base, state: base, runtime: base, cache: join(home, 'Library', 'Caches', 'authsock') }
  }
  const state = join(absolute(env['XDG_STATE_HOME']) ?? join(home, '.local', 'state'), 'authsock')
  const runtime = absolute(env['XDG_RUNTIME_DIR'])
  return {
    config: join(absolute(env['XDG_CONFIG_HOME']) ?? join(home, '.config'), 'authsock'),
    state,
    cache: join(absolute(env['XDG_CACHE_HOME']) ?? join(home, '.cache'), 'authsock'),
    runtime: runtime === undefined ? state : join(runtime, 'authsock'),
  }
}

/** The XDG specification: a path that is not absolute is to be ignored. */
const absolute = (path: string | undefined): string | undefined => (path !== undefined && isAbsolute(path) ? path : undefined)

/** sun_path, with its closing NUL: 108 bytes on Linux, 104 on macOS and the BSDs. A longer path is silently cut by some systems. */
function checkSocketPath(socket: string, platform: NodeJS.Platform): void {
  if (/^https?:/i.test(socket)) {
    throw new Failure(
      'bad_request',
      `AUTHSOCK is '${socket}', a share's address: this is for the machine that its agent runs on`,
      {
        hint: 'by a share there are tokens and helpers alone; without AUTHSOCK it is about this machine',
      },
    )
  }
  if (platform === 'win32') return
  if (!isAbsolute(socket)) {
    throw new Failure('bad_request', `AUTHSOCK is '${socket}', not an absolute path`, {
      hint: 'set AUTHSOCK to an absolute path',
    })
  }
  const most = (platform === 'linux' ? 108 : 104) - 1
  const length = Buffer.byteLength(socket)
  if (length > most) {
    throw new Failure('bad_request', `the socket's path has ${length} bytes and the system takes ${most}: ${socket}`, {
      hint: 'set AUTHSOCK to a shorter path in a folder of your own',
    })
  }
}
