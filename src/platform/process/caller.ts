// The caller behind a connection: what the kernel tells about the peer, then what the system tells about its process. The uid (on
// Windows the SID) is proof; all else is advice, since a process can exec after it has connected.

import type { Socket } from 'node:net'
import { type Caller, unknownCaller } from '../../core/access/caller.ts'
import { libc } from '../ffi.ts'
import { pipeCaller } from '../pipe/pipe-caller.ts'
import { win32 } from '../pipe/win32.ts'
import { readLinuxProcess } from './linux-process.ts'
import { readMacProcess } from './mac-process.ts'
import { peer } from './peer.ts'
import { readWhileAlive } from './pidfd.ts'
import type { ProcessInfo } from './process-info.ts'
import { readWindowsProcess } from './windows-process.ts'

/** Whether this system identifies callers at all; otherwise all are unknown. */
export const identifiesCallers = (): boolean => (process.platform === 'win32' ? win32() : libc()) !== undefined

/** Never throws: what cannot be told is absent, and the container is then `unknown`. */
export function callerOf(socket: Socket): Caller {
  if (process.platform === 'win32') return callerOnWindows(socket)
  const found = peer(socket)
  if (found === undefined) return unknownCaller
  const { uid, pid } = found
  // A process that this pid namespace does not show.
  if (pid === undefined) return { uid, ...unknownCaller }
  const info = process.platform === 'linux' ? readWhileAlive(socket, pid, () => readLinuxProcess(pid)) : readMacProcess(pid)
  return { uid, pid, ...(info ?? unknownCaller) }
}

function callerOnWindows(socket: Socket): Caller {
  const found = pipeCaller(socket)
  if (found === undefined) return unknownCaller
  return { pid: found.pid, ...(found.process ?? unknownCaller) }
}

const readers: Readonly<Partial<Record<NodeJS.Platform, (pid: number) => ProcessInfo | undefined>>> = {
  linux: readLinuxProcess,
  darwin: readMacProcess,
  win32: readWindowsProcess,
}

/** A process that has no connection to the agent. Undefined if it does not exist or cannot be read. */
export function processAsCaller(pid: number): Caller | undefined {
  const info = readers[process.platform]?.(pid)
  return info === undefined || info.container.kind === 'unknown' ? undefined : { pid, ...info }
}
