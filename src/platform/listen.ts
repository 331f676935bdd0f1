// Ways to listen: a Unix socket (mode 0600 unless given), a socket passed by systemd, a loopback port, a Windows pipe with a random name.

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { lstatSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo, Server } from 'node:net'
import { Failure } from '../core/failures.ts'
import { atomicWriteSync } from './fs/atomic-write.ts'
import { servePipe } from './pipe/serve-pipe.ts'

/** The first descriptor of sd_listen_fds(3). */
const firstInherited = 3

/**
 * The socket that systemd passed to this process, if any. Deletes the variables from `env`, so that no child reads them. Throws
 * bad_request if more than one was passed.
 */
export function inheritedSocket(env: NodeJS.ProcessEnv, pid = process.pid): { readonly fd: number } | undefined {
  const { LISTEN_PID: forPid, LISTEN_FDS: count } = env
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete env[name]
  if (forPid === undefined || count === undefined || Number(forPid) !== pid) return undefined
  if (count !== '1') throw new Failure('bad_request', `LISTEN_FDS is ${count}, not 1`, { hint: 'give the unit one ListenStream' })
  return { fd: firstInherited }
}

/**
 * Listens at `path`. The caller must hold the agent lock, because an old socket there is removed. `mode` is set by the umask, not
 * by chmod: if the folder is open to others, the path may be a link by then. The result removes the socket, if it is still ours.
 */
export async function listenOn(server: Server, path: string, mode = 0o600): Promise<() => void> {
  if (process.platform === 'win32') return listenOnPipe(server, path)
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) rmSync(path)
  const umask = process.umask(0o777 & ~mode)
  let started: Promise<void>
  try {
    started = listening(server, { path })
  } finally {
    // Restored in the same turn: the umask counts for every file that this process makes meanwhile.
    process.umask(umask)
  }
  await started
  const ino = lstatSync(path, { throwIfNoEntry: false })?.ino
  return () => {
    if (lstatSync(path, { throwIfNoEntry: false })?.ino === ino) rmSync(path, { force: true })
  }
}

/** Listens on the socket passed by systemd, which removes it itself. */
export async function listenOnInherited(server: Server, fd: number): Promise<() => void> {
  await listening(server, { fd })
  return () => {}
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
async function listenOnPipe(server: Server, file: string): Promise<() => void> {
  const name = `\\\\.\\pipe\\authsock-${randomBytes(16).toString('hex')}`
  const stop = servePipe(server, name)
  if (stop === undefined) await listening(server, { path: name })
  atomicWriteSync(file, name)
  return () => {
    stop?.()
    if (readFileSync(file, 'utf8') === name) rmSync(file, { force: true })
  }
}

type ListenTarget = { readonly path: string } | { readonly fd: number } | { readonly host: string; readonly port: number }

async function listening(server: Server, target: ListenTarget): Promise<void> {
  const started = once(server, 'listening')
  server.listen({ ...target, backlog: 4096 })
  await started
}
