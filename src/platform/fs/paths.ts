// Where files are: XDG folders on Linux, the platform's own folders elsewhere. All paths derive from the environment.

import { createHash } from 'node:crypto'
import { lstatSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { Failure } from '../../core/failures.ts'

export interface Paths {
  readonly configFile: string
  readonly stateDirectory: string
  readonly vaultDirectory: string
  /** The folder of the socket (on Windows: of the file that names the pipe). */
  readonly runtimeDirectory: string
  /** Where the agent listens; on Windows the file that names the pipe. */
  readonly socket: string
  /** Locked by the agent that listens at `socket`. */
  readonly agentLock: string
  readonly logFile: string
  readonly auditFile: string
  /** Has a folder for each shared socket. */
  readonly sharesDirectory: string
  /** The shares of this machine's agent: the agent of another machine may have the same home. */
  readonly sharesFile: string
  /** The last generations seen (R13): outside of the vault folder, so that restoring a backup of that does not change them. */
  readonly seenFolder: string
  /** The last accepted manifest of this vault (S1): not in a folder that is synchronised or mounted with it. */
  readonly vaultNoteFile: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** Throws bad_request if `AUTHSOCK` is not usable. `sessionFolder`: empty if there is none. */
export function paths(
  env: Environment = process.env,
  platform: NodeJS.Platform = process.platform,
  home = homedir(),
  sessionFolder = sessionRuntimeFolder(platform),
): Paths {
  const { config, state, runtime, cache } = folders(env, platform, home, sessionFolder)
  const named = env['AUTHSOCK'] ?? ''
  const socket = named === '' ? socketIn(runtime, state, platform) : named
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
    vaultNoteFile: join(cache, 'vaults', `${createHash('sha256').update(join(state, 'vault')).digest('hex').slice(0, 16)}.json`),
  }
}

/** Of what can be made again. */
export const cacheFolder = (env: Environment = process.env): string => folders(env, process.platform, homedir(), '').cache

/** systemd's; machines that share a home differ by it. */
function machineId(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim()
  } catch {
    return ''
  }
}

const socketName = (platform: NodeJS.Platform): string => (platform === 'win32' ? 'agent.pipe' : 'agent.sock')

/** As thin-client/posix-system.c. */
function socketIn(runtime: string, state: string, platform: NodeJS.Platform): string {
  const [socket, older] = [runtime, state].map((folder) => join(folder, socketName(platform))) as [string, string]
  if (platform === 'win32' || runtime === state) return socket
  // An agent that was started while there was no runtime folder (by cron, before the user logged in) listens in the state folder.
  return !isSocket(socket) && isSocket(older) ? older : socket
}

function isSocket(path: string): boolean {
  try {
    return lstatSync(path).isSocket()
  } catch {
    return false
  }
}

/** The folder of systemd's user session, for cron, su and system units, which have no XDG_RUNTIME_DIR (H7). Empty if there is none. */
function sessionRuntimeFolder(platform: NodeJS.Platform): string {
  if (platform !== 'linux' || process.geteuid === undefined) return ''
  const path = `/run/user/${process.geteuid()}`
  try {
    const stats = lstatSync(path)
    return stats.isDirectory() && stats.uid === process.geteuid() && (stats.mode & 0o077) === 0 ? path : ''
  } catch {
    return ''
  }
}

function folders(env: Environment, platform: NodeJS.Platform, home: string, sessionFolder: string) {
  if (platform === 'win32') {
    const base = join(absolute(env['LOCALAPPDATA']) ?? join(home, 'AppData', 'Local'), 'authsock')
    return { config: base, state: base, runtime: base, cache: join(base, 'cache') }
  }
  if (platform === 'darwin' && env['XDG_STATE_HOME'] === undefined && env['XDG_CONFIG_HOME'] === undefined) {
    const base = join(home, 'Library', 'Application Support', 'authsock')
    return { config: base, state: base, runtime: base, cache: join(home, 'Library', 'Caches', 'authsock') }
  }
  const state = join(absolute(env['XDG_STATE_HOME']) ?? join(home, '.local', 'state'), 'authsock')
  const runtime = absolute(env['XDG_RUNTIME_DIR']) ?? absolute(sessionFolder)
  return {
    config: join(absolute(env['XDG_CONFIG_HOME']) ?? join(home, '.config'), 'authsock'),
    state,
    cache: join(absolute(env['XDG_CACHE_HOME']) ?? join(home, '.cache'), 'authsock'),
    runtime: runtime === undefined ? state : join(runtime, 'authsock'),
  }
}

/** XDG Base Directory specification: a path that is not absolute is ignored. */
const absolute = (path: string | undefined): string | undefined => (path !== undefined && isAbsolute(path) ? path : undefined)

/** sun_path has 108 bytes on Linux and 104 on macOS and the BSDs, with the final NUL. Some systems cut a longer path silently. */
function checkSocketPath(socket: string, platform: NodeJS.Platform): void {
  if (/^https?:/i.test(socket)) {
    throw new Failure(
      'bad_request',
      `AUTHSOCK is '${socket}', a share's address: a share gives tokens only, and this command needs the agent itself`,
      {
        hint: 'run it on the machine of the agent, or unset AUTHSOCK to use the agent of this machine',
      },
    )
  }
  if (platform === 'win32') return
  if (!isAbsolute(socket)) {
    throw new Failure('bad_request', `AUTHSOCK is '${socket}', not an absolute path`, {
      hint: 'set AUTHSOCK to an absolute path',
    })
  }
  const maxBytes = (platform === 'linux' ? 108 : 104) - 1
  const length = Buffer.byteLength(socket)
  if (length > maxBytes) {
    throw new Failure('bad_request', `the path of the socket is too long (${length} bytes, max ${maxBytes}): ${socket}`, {
      hint: 'set AUTHSOCK to a shorter path, in a folder that only you can write to',
    })
  }
}
