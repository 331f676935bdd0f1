// What macOS tells about a process (libproc): its program and its parents. It has no containers of its own.

import { type CallerProcess, maxParents } from '../../core/access/caller.ts'
import { defined } from '../../core/util/defined.ts'
import { libc } from '../ffi.ts'
import type { ProcessInfo } from './process-info.ts'

interface Libproc {
  readonly executableOf: (pid: number) => string | undefined
  /** 0: none. */
  readonly parentOf: (pid: number) => number
}

let libproc: Libproc | undefined

/** Undefined if the C library cannot be called. */
export function readMacProcess(pid: number): ProcessInfo | undefined {
  libproc ??= loadLibproc()
  if (libproc === undefined) return undefined
  const { executableOf, parentOf } = libproc
  const parents: CallerProcess[] = []
  for (let at = parentOf(pid); at > 0 && parents.length < maxParents; at = parentOf(at)) {
    parents.push({ pid: at, ...defined({ executable: executableOf(at) }) })
  }
  const executable = executableOf(pid)
  return { container: { kind: executable === undefined ? 'unknown' : 'none' }, parents, ...defined({ executable }) }
}

function loadLibproc(): Libproc | undefined {
  const found = process.platform === 'darwin' ? libc() : undefined
  if (found === undefined) return undefined
  const pathOf = found.libc.func('int proc_pidpath(int, void *, uint32_t)')
  const infoOf = found.libc.func('int proc_pidinfo(int, int, uint64_t, void *, int)')
  return {
    executableOf: (pid) => {
      const buffer = Buffer.alloc(4096)
      const length = pathOf(pid, buffer, buffer.length) as number
      return length > 0 ? buffer.toString('utf8', 0, length) : undefined
    },
    // PROC_PIDTBSDINFO: struct proc_bsdinfo has pbi_ppid at offset 16.
    parentOf: (pid) => {
      const buffer = Buffer.alloc(136)
      return (infoOf(pid, 3, 0, buffer, buffer.length) as number) > 0 ? buffer.readUInt32LE(16) : 0
    },
  }
}
