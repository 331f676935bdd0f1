// The process at the other end of the agent's pipe (Windows). Node does not tell it; Windows tells it of a handle.

import type { Socket } from 'node:net'
import { defined } from '../../core/util/defined.ts'
import type { ProcessInfo } from '../process/process-info.ts'
import { readWindowsProcess } from '../process/windows-process.ts'
import type { Handle, Win32 } from './win32.ts'

export interface PipeCaller {
  readonly pid: number
  /** Absent if the process has ended: its pid may be another process's by now. */
  readonly process?: ProcessInfo
}

const callers = new WeakMap<Socket, PipeCaller>()

/** Undefined if the socket did not come through servePipe(). */
export const pipeCaller = (socket: Socket): PipeCaller | undefined => callers.get(socket)

export const setPipeCaller = (socket: Socket, caller: PipeCaller): void => void callers.set(socket, caller)

/** Undefined if the client has disconnected. */
export function readPipeCaller(system: Win32, handle: Handle): PipeCaller | undefined {
  const out = Buffer.alloc(4)
  if (system.GetNamedPipeClientProcessId(handle, out) === 0) return undefined
  const pid = out.readUInt32LE()
  const process = readWindowsProcess(pid)
  // Checked after the read: while the process holds its end of the pipe it lives, and keeps its pid.
  return { pid, ...defined({ process: isConnected(system, handle) ? process : undefined }) }
}

function isConnected(system: Win32, handle: Handle): boolean {
  // FILE_PIPE_LOCAL_INFORMATION: ten numbers, NamedPipeState the ninth.
  const information = Buffer.alloc(40)
  const [filePipeLocalInformation, connectedState] = [24, 3]
  const status = system.NtQueryInformationFile(handle, Buffer.alloc(16), information, 40, filePipeLocalInformation)
  return status >= 0 && information.readUInt32LE(32) === connectedState
}
