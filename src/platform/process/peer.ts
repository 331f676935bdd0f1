// The credentials of the process at the other end of a socket, as the kernel gives them (L1).

import type { Socket } from 'node:net'
import { libc } from '../ffi.ts'
import { pipeCaller } from '../pipe/pipe-caller.ts'
import { ownSid } from './windows-process.ts'

export interface Peer {
  readonly uid: number
  readonly pid?: number
  readonly gid?: number
}

type ReadPeer = (fd: number) => Peer | undefined
let readPeer: ReadPeer | undefined

/** Undefined if the system does not tell (always on Windows: see pipe-caller.ts). */
export function peer(socket: Socket): Peer | undefined {
  const { fd } = (socket as { _handle?: { fd?: number } | null })._handle ?? {}
  if (fd === undefined || fd < 0) return undefined
  const known = (socket as { [cached]?: Peer })[cached]
  if (known !== undefined) return known
  readPeer ??= readerOfPeers()
  const found = readPeer(fd)
  if (found !== undefined) Object.assign(socket, { [cached]: found })
  return found
}

/** A property of the socket: cheaper than a WeakMap on the token path (see agent/server/connections.ts). */
const cached = Symbol('peer')
let ownUid: number | undefined

/** Whether the peer runs as this user, or as root, who can read the agent's memory anyway. */
export function isOwnPeer(socket: Socket): boolean {
  if (process.platform === 'win32') return isOwnOnWindows(socket)
  const uid = peer(socket)?.uid
  ownUid ??= process.getuid?.()
  return uid !== undefined && (uid === ownUid || uid === 0)
}

/** The pipe's access list lets in this user and the system only; this refuses a process that nevertheless runs as another user. */
function isOwnOnWindows(socket: Socket): boolean {
  const theirs = pipeCaller(socket)?.process?.sid
  const system = 'S-1-5-18'
  return theirs === undefined || theirs === system || theirs === ownSid()
}

function readerOfPeers(): ReadPeer {
  const found = libc()
  if (found === undefined) return () => undefined
  const getsockopt = found.libc.func('int getsockopt(int, int, int, void *, void *)')
  const buffer = Buffer.alloc(256)
  const size = Buffer.alloc(4)
  const option = (fd: number, level: number, name: number, length: number): boolean => {
    size.writeInt32LE(length)
    return (getsockopt(fd, level, name, buffer, size) as number) === 0 && size.readInt32LE() >= 4
  }
  if (process.platform === 'linux') {
    const solSocket = 1
    const soPeercred = 17
    return (fd) => {
      if (!option(fd, solSocket, soPeercred, 12)) return undefined
      const [pid, uid, gid] = [buffer.readInt32LE(0), buffer.readUInt32LE(4), buffer.readUInt32LE(8)]
      // pid 0: a process outside of this pid namespace.
      return pid > 0 ? { pid, uid, gid } : { uid, gid }
    }
  }
  if (process.platform === 'darwin') {
    const solLocal = 0
    const localPeercred = 1
    const localPeerpid = 2
    return (fd) => {
      // struct xucred: cr_version, cr_uid, cr_ngroups, cr_groups[16].
      if (!option(fd, solLocal, localPeercred, 76) || buffer.readUInt32LE(0) !== 0) return undefined
      const [uid, gid] = [buffer.readUInt32LE(4), buffer.readUInt32LE(12)]
      return option(fd, solLocal, localPeerpid, 4) ? { uid, gid, pid: buffer.readInt32LE(0) } : { uid, gid }
    }
  }
  return () => undefined
}
