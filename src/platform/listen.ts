// Ways to listen: a Unix socket (mode 0600 unless given), a socket passed by systemd, a loopback port, a Windows pipe with a random name.

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { lstatSync, renameSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { Failure } from '../core/failures.ts'
import { duplicateOf } from './accept-pause.ts'
import { atomicWriteSync } from './fs/atomic-write.ts'
import { readOwnFileSync } from './fs/own-file.ts'
import { servePipe } from './pipe/serve-pipe.ts'

/** The first descriptor of sd_listen_fds(3). */
const firstInherited = 3
/** Connections that wait to be accepted: so many clients may come at once. */
const maxBacklog = 4096
/** For a program at the other end of a socket to accept. */
const acceptTimeoutMs = 1_000

/** A socket that listens already. */
export interface InheritedSocket {
  readonly fd: number
  /** This program made it (`reserveSocket`) and removes it; otherwise the service manager does. */
  readonly isOwn: boolean
}

/**
 * The socket that systemd passed to this process, if any. Deletes the variables from `env`, so that no child reads them. Throws
 * bad_request if more than one was passed.
 */
export function inheritedSocket(env: NodeJS.ProcessEnv, pid = process.pid): InheritedSocket | undefined {
  const { LISTEN_PID: forPid, LISTEN_FDS: count } = env
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete env[name]
  if (forPid === undefined || count === undefined || Number(forPid) !== pid) return undefined
  if (count !== '1') throw new Failure('bad_request', `LISTEN_FDS is ${count}, not 1`, { hint: 'give the unit one ListenStream' })
  return { fd: firstInherited, isOwn: false }
}

/** A socket that this process listens at. */
export interface ListeningSocket {
  /** Whether it is still the one at its path. */
  isThere(): boolean
  /** Removes it from its path, unless another has taken its place. */
  remove(): void
}

/**
 * Listens at `path`; a server that listens already stops that first, and keeps its connections. The caller must hold the agent lock:
 * what lies at the path is replaced. `mode` is set by the umask, not by chmod: if the folder is open to others, the path may be a link
 * by then.
 */
export async function listenOn(server: Server, path: string, mode = 0o600, backlog = maxBacklog): Promise<ListeningSocket> {
  if (process.platform === 'win32') return listenOnPipe(server, path)
  if (server.listening) server.close()
  // Under another name first: what is at the path answers, and closing a server removes the name that it was bound to (libuv),
  // whoever's it is by then.
  const temporary = temporarySocket(path)
  rmSync(temporary, { force: true })
  const umask = process.umask(0o777 & ~mode)
  let started: Promise<void>
  try {
    started = listening(server, { path: temporary }, backlog)
  } finally {
    // Restored in the same turn: the umask counts for every file that this process makes meanwhile.
    process.umask(umask)
  }
  await started
  const made = identityOf(temporary)
  renameSync(temporary, path)
  return boundSocket(path, made)
}

/** Beside `path`, and no longer: the path of a socket has little room. Always the same, so that a crash leaves one at most. */
function temporarySocket(path: string): string {
  const name = `.${basename(path).slice(0, -1)}`
  return join(dirname(path), name === '.' || name === '..' || name === basename(path) ? '_' : name)
}

function identityOf(path: string): string | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  return stats === undefined ? undefined : `${stats.dev}:${stats.ino}`
}

function boundSocket(path: string, made: string | undefined): ListeningSocket {
  const isThere = (): boolean => made !== undefined && identityOf(path) === made
  return {
    isThere,
    remove: () => {
      if (isThere()) rmSync(path, { force: true })
    },
  }
}

/**
 * Listens at `path` without accepting: who connects waits until a server listens on the descriptor. What is at the path is replaced, and
 * answers those who have connected before. Undefined if this system cannot.
 */
export async function reserveSocket(path: string, mode = 0o600, backlog = maxBacklog): Promise<InheritedSocket | undefined> {
  if (process.platform === 'win32') return undefined
  const server = createServer()
  await listenOn(server, path, mode, backlog)
  // In this turn: it would accept in the next one.
  const fd = duplicateOf(server)
  server.close()
  return fd === undefined ? undefined : { fd, isOwn: true }
}

/** Listens on a socket that is there already, probably at `path`. */
export async function listenOnInherited(
  server: Server,
  { fd, isOwn }: InheritedSocket,
  path: string,
  backlog = maxBacklog,
): Promise<ListeningSocket> {
  await listening(server, { fd }, backlog)
  const made = identityOf(path)
  if (isOwn) return boundSocket(path, made)
  return { isThere: () => made === undefined || identityOf(path) === made, remove: () => {} }
}

/** Whether a program accepts connections at the path of a socket. */
export async function isAccepting(path: string): Promise<boolean> {
  const socket = connect(path)
  socket.setTimeout(acceptTimeoutMs, () => socket.destroy(new Error('timeout')))
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** The result is the port. `port` 0: any free port. Throws bad_request if the port is taken. */
export async function listenOnLoopback(server: Server, port: number): Promise<number> {
  const host = '127.0.0.1'
  try {
    await listening(server, { host, port })
  } catch (error) {
    throw new Failure('bad_request', `port ${port} of ${host} cannot be used: ${(error as NodeJS.ErrnoException).code}`, {
      hint: 'choose another port, or leave it out to take any free port',
      cause: error,
    })
  }
  return (server.address() as AddressInfo).port
}

/** No folder protects a pipe: its name is random, and stands in a file that only the user can read. */
async function listenOnPipe(server: Server, file: string): Promise<ListeningSocket> {
  const name = `\\\\.\\pipe\\authsock-${randomBytes(16).toString('hex')}`
  const stop = servePipe(server, name)
  if (stop === undefined) await listening(server, { path: name })
  atomicWriteSync(file, name)
  const isThere = (): boolean => readOwnFileSync(file)?.toString() === name
  return {
    isThere,
    remove: () => {
      stop?.()
      if (isThere()) rmSync(file, { force: true })
    },
  }
}

type ListenTarget = { readonly path: string } | { readonly fd: number } | { readonly host: string; readonly port: number }

async function listening(server: Server, target: ListenTarget, backlog = maxBacklog): Promise<void> {
  const started = once(server, 'listening')
  // An argument of its own: for a descriptor, Node does not read it from the options.
  server.listen(target, backlog)
  await started
}
