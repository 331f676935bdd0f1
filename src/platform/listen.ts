// How the agent listens: on a Unix socket of mode 0600, on a socket that systemd passes, or on a pipe with a random name.

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo, Server } from 'node:net'
import { Failure } from '../core/failures.ts'
import { servePipe } from './pipe/pipe.ts'

/** The first descriptor of sd_listen_fds(3). */
const firstInherited = 3

/**
 * The socket that systemd passed, if it passed one to this process. Forgets the variables, so that no child takes them for its
 * own. Throws bad_request where more than one was passed.
 */
export function inheritedSocket(env: NodeJS.ProcessEnv, pid = process.pid): { readonly fd: number } | undefined {
  const { LISTEN_PID: forPid, LISTEN_FDS: count } = env
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete env[name]
  if (forPid === undefined || count === undefined || Number(forPid) !== pid) return undefined
  if (count !== '1') throw new Failure('bad_request', `LISTEN_FDS is ${count}, not 1`, { hint: 'give the unit one ListenStream' })
  return { fd: firstInherited }
}

/**
 * Listens; only for whoever holds the agent lock, since what lies at the path is removed. `mode` lets others connect where the
 * folder lets them come: it is the socket's from the beginning, since others may by then have put a link in its place. Gives the
 * function that removes the socket again, unless another has taken its place.
 */
export async function listenOn(server: Server, path: string, mode = 0o600): Promise<() => void> {
  if (process.platform === 'win32') return listenOnPipe(server, path)
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) rmSync(path)
  const umask = process.umask(0o777 & ~mode)
  let started: Promise<void>
  try {
    started = listening(server, { path })
  } finally {
    // In the same turn: the umask is that of all which is written meanwhile.
    process.umask(umask)
  }
  await started
  const ino = lstatSync(path, { throwIfNoEntry: false })?.ino
  return () => {
    if (lstatSync(path, { throwIfNoEntry: false })?.ino === ino) rmSync(path, { force: true })
  }
}

/** Listens on what systemd passed; the socket is systemd's to remove. */
export async function listenOnInherited(server: Server, fd: number): Promise<() => void> {
  await listening(server, { fd })
  return () => {}
}

/** `port` 0: any that is free. Gives the port. Throws bad_request where it is taken. */
export async function listenOnLoopback(server: Server, port: number): Promise<number> {
  const host = '127.0.0.1'
  try {
    await listening(server, { host, port })
  } catch (error) {
    throw new Failure('bad_request', `port ${port} of ${host} cannot be used: ${(error as NodeJS.ErrnoException).code}`, {
      hint: 'choose another, or none for any that is free',
      cause: error,
    })
  }
  return (server.address() as AddressInfo).port
}

/** A pipe has no folder that guards it: its name is not to be guessed, and stands in a file that only the user can read. */
async function listenOnPipe(server: Server, file: string): Promise<() => void> {
  const name = `\\\\.\\pipe\\authsock-${randomBytes(16).toString('hex')}`
  const stop = servePipe(server, name)
  if (stop === undefined) await listening(server, { path: name })
  writeFileSync(`${file}.new`, name, { mode: 0o600 })
  renameSync(`${file}.new`, file)
  return () => {
    stop?.()
    if (readFileSync(file, 'utf8') === name) rmSync(file, { force: true })
  }
}

type Place = { readonly path: string } | { readonly fd: number } | { readonly host: string; readonly port: number }

async function listening(server: Server, where: Place): Promise<void> {
  const started = once(server, 'listening')
  server.listen({ ...where, backlog: 4096 })
  await started
}
