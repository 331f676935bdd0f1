// What Windows tells about a process: its program, its parents, its user. It has no containers that show here.

import { ancestors, type Link } from '../../core/access/caller.ts'
import { defined } from '../../core/util/defined.ts'
import { type Handle, win32, type Win32 } from '../pipe/win32.ts'
import type { ProcessInfo } from './process-info.ts'

const queryLimitedInformation = 0x1000
const tokenQuery = 0x0008

/** Undefined if there is no such process, or it may not be read. */
export function readWindowsProcess(pid: number): ProcessInfo | undefined {
  const system = win32()
  if (system === undefined) return undefined
  // While a handle is open, the pid is not given to another process.
  return withProcess(system, pid, (process) => {
    const link = linkOf(system, process, pid)
    if (link === undefined) return undefined
    const { executable } = link
    const sid = sidOf(system, process)
    const parents = ancestors(link, (of) => withProcess(system, of, (parent) => linkOf(system, parent, of)))
    return { container: { kind: 'none' }, parents, ...defined({ executable, sid }) }
  })
}

export function ownSid(): string | undefined {
  const system = win32()
  return system === undefined ? undefined : sidOf(system, system.GetCurrentProcess())
}

function withProcess<T>(system: Win32, pid: number, use: (process: Handle) => T): T | undefined {
  const process = system.OpenProcess(queryLimitedInformation, 0, pid)
  if (process === 0) return undefined
  try {
    return use(process)
  } finally {
    system.CloseHandle(process)
  }
}

function linkOf(system: Win32, process: Handle, pid: number): Link | undefined {
  const created = Buffer.alloc(8)
  const unused = Buffer.alloc(8)
  // PROCESS_BASIC_INFORMATION: InheritedFromUniqueProcessId is its last field.
  const basic = Buffer.alloc(48)
  const processBasicInformation = 0
  if (system.GetProcessTimes(process, created, unused, unused, unused) === 0) return undefined
  if (system.NtQueryInformationProcess(process, processBasicInformation, basic, basic.length, null) < 0) return undefined
  return {
    pid,
    parent: Number(basic.readBigUInt64LE(40)),
    created: created.readBigUInt64LE(),
    ...defined({ executable: executableOf(system, process) }),
  }
}

/** UTF-16 units. */
const maxPath = 32_768
let name: Buffer | undefined

function executableOf(system: Win32, process: Handle): string | undefined {
  // Allocated once: 64 KB, and a chain of parents has up to 16 processes.
  name ??= Buffer.alloc(maxPath * 2)
  const size = Buffer.alloc(4)
  size.writeUInt32LE(maxPath)
  return system.QueryFullProcessImageNameW(process, 0, name, size) === 0
    ? undefined
    : name.toString('utf16le', 0, size.readUInt32LE() * 2)
}

function sidOf(system: Win32, process: Handle): string | undefined {
  const out = Buffer.alloc(8)
  if (system.OpenProcessToken(process, tokenQuery, out) === 0) return undefined
  const token = Number(out.readBigInt64LE())
  try {
    const tokenUser = 1
    // TOKEN_USER: a pointer and attributes, then the SID that it points to (max 68 bytes).
    const user = Buffer.alloc(128)
    if (system.GetTokenInformation(token, tokenUser, user, user.length, Buffer.alloc(4)) === 0) return undefined
    return sidText(user.subarray(Number(user.readBigUInt64LE() - system.koffi.address(user))))
  } finally {
    system.CloseHandle(token)
  }
}

/** `S-1-5-21-...`: revision, authority (48 bits, big-endian) and sub-authorities (32 bits each, little-endian). */
export function sidText(sid: Buffer): string {
  const subs = Array.from({ length: sid.readUInt8(1) }, (_, index) => sid.readUInt32LE(8 + index * 4))
  return ['S', sid.readUInt8(0), sid.readUIntBE(2, 6), ...subs].join('-')
}
