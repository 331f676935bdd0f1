// The caller behind a connection: what the kernel says of the peer, then what /proc (or libproc) says of the process. A pidfd is
// held while it is looked at, so that a pid that was given to another process meanwhile is noticed. On Windows: see pipe.ts.

import { closeSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs'
import type { Socket } from 'node:net'
import { type Caller, type CallerProcess, type Container, maxParents, unknownCaller } from '../../core/access/caller.ts'
import { defined } from '../../core/util/defined.ts'
import { libc } from '../ffi.ts'
import { peer } from './peer.ts'
import { lookAtProcess } from './windows-process.ts'
import { pipeCaller } from '../pipe/pipe.ts'
import { win32 } from '../pipe/win32.ts'

/** Whether this system tells at all; otherwise everybody is unknown. */
export const tellsCallers = (): boolean => (process.platform === 'win32' ? win32() : libc()) !== undefined

export function callerOf(socket: Socket): Caller {
  if (process.platform === 'win32') return callerOnWindows(socket)
  const found = peer(socket)
  if (found === undefined) return unknownCaller
  const { uid, pid } = found
  if (pid === undefined) return { uid, ...unknownCaller }
  const looked = process.platform === 'linux' ? recent.of(pid, () => lookOnLinux(socket, pid)) : lookOnMac(pid)
  return { uid, pid, ...(looked ?? unknownCaller) }
}

/** What was seen of a process a moment ago: no pid is given to another in so short a time. */
class Recent<T> {
  readonly #lifetime: number
  readonly #seen = new Map<number, { readonly at: number; readonly value: T }>()

  /** `lifetime` in ms. */
  constructor(lifetime: number) {
    this.#lifetime = lifetime
  }

  of(pid: number, look: () => T): T {
    const now = performance.now()
    const known = this.#seen.get(pid)
    if (known !== undefined && now - known.at < this.#lifetime) return known.value
    const value = look()
    if (this.#seen.size >= maxRecent) this.#seen.clear()
    this.#seen.set(pid, { at: now, value })
    return value
  }
}

const maxRecent = 256
/** A tool that connects for each of many requests is one program; what it executes next is another. */
const recent = new Recent<Looked | undefined>(100)
/** Of those above it less is said, and a shell stays what it is. */
const recentLinks = new Recent<CallerProcess & { readonly parent: number }>(1_000)

function callerOnWindows(socket: Socket): Caller {
  const found = pipeCaller(socket)
  if (found?.process === undefined) return { ...unknownCaller, ...(found === undefined ? {} : { pid: found.pid }) }
  return { pid: found.pid, container: { kind: 'none' }, ...found.process }
}

/** A process that does not ask just now. Undefined where it is not there, or cannot be looked at. */
export function processAsCaller(pid: number): Caller | undefined {
  const looked = lookers[process.platform]?.(pid)
  return looked === undefined || looked.container.kind === 'unknown' ? undefined : { pid, ...looked }
}

const lookers: Readonly<Partial<Record<NodeJS.Platform, (pid: number) => Looked | undefined>>> = {
  linux: readProc,
  darwin: lookOnMac,
  win32: (pid) => {
    const looked = lookAtProcess(pid)
    return looked === undefined ? undefined : { container: { kind: 'none' }, ...looked }
  },
}

type Looked = Pick<Caller, 'executable' | 'parents' | 'container' | 'terminal'>

/** Undefined where the process is gone, and its pid perhaps another's. */
function lookOnLinux(socket: Socket, pid: number): Looked | undefined {
  const pidfd = pidfdOf(socket)
  if (pidfd === 'gone') return undefined
  try {
    const looked = readProc(pid)
    // Only now: what was read before it was known to live may be another's.
    return pidfd === 'none' || hasPid(pidfd, pid) ? looked : undefined
  } finally {
    if (pidfd !== 'none') closeSync(pidfd)
  }
}

function readProc(pid: number): Looked {
  const executable = link(`/proc/${pid}/exe`)
  const stat = statOf(pid)
  return {
    container: stat === undefined ? { kind: 'unknown' } : containerOf(pid),
    parents: stat === undefined ? [] : parentsOf(stat.parent),
    ...(executable === undefined ? {} : { executable }),
    ...(stat?.terminal === undefined ? {} : { terminal: stat.terminal }),
  }
}

function parentsOf(first: number): readonly CallerProcess[] {
  const parents: CallerProcess[] = []
  for (let pid = first; pid > 0 && parents.length < maxParents;) {
    const at = pid
    const { parent, ...process } = recentLinks.of(at, () => linkOf(at))
    parents.push(process)
    pid = parent
  }
  return parents
}

function linkOf(pid: number): CallerProcess & { readonly parent: number } {
  const executable = link(`/proc/${pid}/exe`)
  return { pid, parent: statOf(pid)?.parent ?? 0, ...(executable === undefined ? {} : { executable }) }
}

/** proc(5): after the name in parentheses come state, ppid, pgrp, session, tty_nr. */
function statOf(pid: number): { readonly parent: number; readonly terminal?: string } | undefined {
  const text = readStart(`/proc/${pid}/stat`)
  if (text === undefined) return undefined
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const terminal = terminalName(Number(fields[4]))
  return { parent: Number(fields[1]), ...(terminal === undefined ? {} : { terminal }) }
}

function terminalName(device: number): string | undefined {
  const major = (device >> 8) & 0xfff
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00)
  if (major >= 136 && major <= 143) return `pts/${(major - 136) * 256 + minor}`
  if (major === 4) return `tty${minor}`
  return undefined
}

/** A mount namespace of its own is what all of them have. */
function containerOf(pid: number): Container {
  const theirs = link(`/proc/${pid}/ns/mnt`)
  ownNamespace ??= link('/proc/self/ns/mnt')
  if (theirs === undefined || theirs === ownNamespace) return { kind: 'none' }
  const cgroup = read(`/proc/${pid}/cgroup`) ?? ''
  const found = /(?:^|[/-])(docker|libpod|crio|cri-containerd|lxc)[-/]([0-9a-f]{12,64})/m.exec(cgroup)
  const id = found?.[2] ?? /\/([0-9a-f]{64})(?:[/.]|$)/m.exec(cgroup)?.[1]
  const engine = found?.[1] === undefined ? undefined : (engines[found[1]] ?? found[1])
  return { kind: 'inside', ...defined({ id, engine }) }
}

let ownNamespace: string | undefined

const engines: Readonly<Record<string, string>> = { libpod: 'podman', 'cri-containerd': 'containerd', crio: 'cri-o' }

function link(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

const start = Buffer.alloc(1024)

/** Of a file of /proc, which gives all of a short one at once. */
function readStart(path: string): string | undefined {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    return start.toString('latin1', 0, readSync(file, start))
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

// ---- pidfd

interface Pidfds {
  /** `none` where the kernel has none: before Linux 6.5. */
  readonly of: (fd: number) => number | 'gone' | 'none'
  /** Whether its process, which may have ended, still has this pid. */
  readonly hasPid: (pidfd: number, pid: number) => boolean
}

/** Some kernels give no pidfd of a process that has ended, and say ESRCH or EINVAL in place of this. */
const noSuchOption = 92
let pidfds: Pidfds | undefined

/** To be closed. */
function pidfdOf(socket: Socket): ReturnType<Pidfds['of']> {
  const { fd } = (socket as { _handle?: { fd?: number } | null })._handle ?? {}
  if (fd === undefined || fd < 0) return 'none'
  pidfds ??= preparePidfds()
  return pidfds.of(fd)
}

const hasPid = (pidfd: number, pid: number): boolean => pidfds?.hasPid(pidfd, pid) !== false

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
    // ESRCH where it has been waited for. What else is said may be a filter's of system calls, which knows nothing of it.
    hasPid: (pidfd, pid) => {
      const noSuchProcess = 3
      if (Number(syscall(pidfdSendSignal, pidfd, noSignal, null, 0)) === 0) return true
      return found.koffi.errno() !== noSuchProcess && isNoted(pidfd, pid)
    },
  }
}

/** `Pid: -1` once it has been waited for. */
function isNoted(pidfd: number, pid: number): boolean {
  const info = readStart(`/proc/self/fdinfo/${pidfd}`)
  return info === undefined || Number(/^Pid:\s*(-?\d+)/m.exec(info)?.[1]) === pid
}

// ---- macOS

function lookOnMac(pid: number): Looked | undefined {
  const found = libc()
  if (found === undefined || process.platform !== 'darwin') return undefined
  const pathOf = found.libc.func('int proc_pidpath(int, void *, uint32_t)')
  const infoOf = found.libc.func('int proc_pidinfo(int, int, uint64_t, void *, int)')
  const executableOf = (of: number): string | undefined => {
    const buffer = Buffer.alloc(4096)
    const length = pathOf(of, buffer, buffer.length) as number
    return length > 0 ? buffer.toString('utf8', 0, length) : undefined
  }
  // PROC_PIDTBSDINFO: struct proc_bsdinfo has pbi_ppid at 16.
  const parentOf = (of: number): number => {
    const buffer = Buffer.alloc(136)
    return (infoOf(of, 3, 0, buffer, buffer.length) as number) > 0 ? buffer.readUInt32LE(16) : 0
  }
  const parents: CallerProcess[] = []
  for (let at = parentOf(pid); at > 0 && parents.length < maxParents; at = parentOf(at)) {
    const executable = executableOf(at)
    parents.push({ pid: at, ...(executable === undefined ? {} : { executable }) })
  }
  const executable = executableOf(pid)
  return { container: { kind: executable === undefined ? 'unknown' : 'none' }, parents, ...defined({ executable }) }
}
