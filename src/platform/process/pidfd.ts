// A pidfd of the process at the other end of a socket (Linux 6.5 and newer). It names one process for ever, unlike a pid, which is
// given to another process after the first has ended.

import { closeSync } from 'node:fs'
import type { Socket } from 'node:net'
import { libc } from '../ffi.ts'
import { readFirstBytes } from './proc.ts'

interface Pidfds {
  /** `none`: this kernel gives none. `gone`: the process has ended. */
  readonly of: (fd: number) => number | 'gone' | 'none'
  /** Whether the process, which may have ended, still has this pid. */
  readonly hasPid: (pidfd: number, pid: number) => boolean
}

let pidfds: Pidfds | undefined

/**
 * What `read` gives, if the peer of `socket` still had this pid after it was read; undefined otherwise. Without pidfds the result
 * is not checked.
 */
export function readWhileAlive<T>(socket: Socket, pid: number, read: () => T): T | undefined {
  const { fd } = (socket as { _handle?: { fd?: number } | null })._handle ?? {}
  pidfds ??= preparePidfds()
  const pidfd = fd === undefined || fd < 0 ? 'none' : pidfds.of(fd)
  if (pidfd === 'gone') return undefined
  if (pidfd === 'none') return read()
  try {
    const value = read()
    // Checked after the read: what was read before this may be another process's.
    return pidfds.hasPid(pidfd, pid) ? value : undefined
  } finally {
    closeSync(pidfd)
  }
}

/** ENOPROTOOPT. Some kernels answer ESRCH or EINVAL for the pidfd of a process that has ended. */
const noSuchOption = 92

function preparePidfds(): Pidfds {
  const found = libc()
  if (found === undefined) return { of: () => 'none', hasPid: () => true }
  const getsockopt = found.libc.func('int getsockopt(int, int, int, void *, void *)')
  const syscall = found.libc.func('long syscall(long, int, int, void *, unsigned int)')
  const [solSocket, soPeerpidfd, pidfdSendSignal, noSignal] = [1, 77, 424, 0]
  const [buffer, size] = [Buffer.alloc(4), Buffer.alloc(4)]
  return {
    of: (fd) => {
      size.writeInt32LE(4)
      if ((getsockopt(fd, solSocket, soPeerpidfd, buffer, size) as number) === 0) return buffer.readInt32LE()
      return found.koffi.errno() === noSuchOption ? 'none' : 'gone'
    },
    // ESRCH: the process was waited for. Any other error may come from a seccomp filter and tells nothing about the process.
    hasPid: (pidfd, pid) => {
      const noSuchProcess = 3
      if (Number(syscall(pidfdSendSignal, pidfd, noSignal, null, 0)) === 0) return true
      return found.koffi.errno() !== noSuchProcess && hasPidInFdinfo(pidfd, pid)
    },
  }
}

/** fdinfo has `Pid: -1` once the process was waited for. */
function hasPidInFdinfo(pidfd: number, pid: number): boolean {
  const info = readFirstBytes(`/proc/self/fdinfo/${pidfd}`)
  return info === undefined || Number(/^Pid:\s*(-?\d+)/m.exec(info)?.[1]) === pid
}
