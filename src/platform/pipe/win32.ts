// The functions of Windows for pipes, processes and users, by koffi. A handle is a number; output parameters are buffers.

import { ffi, type Koffi } from '../ffi.ts'

export type Handle = number
type Bool = number
/** May be written to after the call that it was passed to has returned. */
export type Overlapped = Buffer

export interface Win32 {
  readonly koffi: Koffi
  readonly CloseHandle: (handle: Handle) => Bool
  readonly GetLastError: () => number
  readonly LocalFree: (pointer: bigint) => bigint

  readonly CreateEventW: (security: null, isManual: Bool, isSet: Bool, name: null) => Handle
  readonly SetEvent: (event: Handle) => Bool
  readonly WaitForSingleObject: {
    (handle: Handle, ms: number): number
    async(handle: Handle, ms: number, done: (error: unknown, result: number) => void): void
  }

  readonly CreateNamedPipeW: (
    name: string,
    open: number,
    mode: number,
    maxInstances: number,
    outBytes: number,
    inBytes: number,
    timeoutMs: number,
    security: Buffer,
  ) => Handle
  readonly ConnectNamedPipe: (pipe: Handle, overlapped: Overlapped) => Bool
  readonly GetNamedPipeClientProcessId: (pipe: Handle, pid: Buffer) => Bool
  readonly GetOverlappedResult: (handle: Handle, overlapped: Overlapped, count: Buffer, waits: Bool) => Bool
  readonly CancelIoEx: (handle: Handle, overlapped: Overlapped) => Bool

  readonly OpenProcess: (access: number, isInherited: Bool, pid: number) => Handle
  readonly GetCurrentProcess: () => Handle
  readonly GetProcessTimes: (process: Handle, created: Buffer, ended: Buffer, kernel: Buffer, user: Buffer) => Bool
  readonly QueryFullProcessImageNameW: (process: Handle, flags: number, name: Buffer, size: Buffer) => Bool

  readonly OpenProcessToken: (process: Handle, access: number, token: Buffer) => Bool
  readonly GetTokenInformation: (token: Handle, kind: number, into: Buffer, size: number, needed: Buffer) => Bool
  readonly ConvertStringSecurityDescriptorToSecurityDescriptorW: (
    text: string,
    revision: number,
    descriptor: Buffer,
    size: null,
  ) => Bool

  readonly NtQueryInformationProcess: (process: Handle, kind: number, into: Buffer, size: number, length: null) => number
  readonly NtQueryInformationFile: (file: Handle, status: Buffer, into: Buffer, size: number, kind: number) => number

  /** libuv's: a descriptor of Node's C runtime, which owns the handle from then on; below 0 if none is left. */
  readonly uv_open_osfhandle: (handle: Handle) => number
}

/** The library of each, and its prototype in koffi's form. */
const signatures = `
  kernel32 int CloseHandle(intptr_t)
  kernel32 uint32_t GetLastError()
  kernel32 uint64_t LocalFree(uint64_t)
  kernel32 intptr_t CreateEventW(void *, int, int, void *)
  kernel32 int SetEvent(intptr_t)
  kernel32 uint32_t WaitForSingleObject(intptr_t, uint32_t)
  kernel32 intptr_t CreateNamedPipeW(str16, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, void *)
  kernel32 int ConnectNamedPipe(intptr_t, void *)
  kernel32 int GetNamedPipeClientProcessId(intptr_t, void *)
  kernel32 int GetOverlappedResult(intptr_t, void *, void *, int)
  kernel32 int CancelIoEx(intptr_t, void *)
  kernel32 intptr_t OpenProcess(uint32_t, int, uint32_t)
  kernel32 intptr_t GetCurrentProcess()
  kernel32 int GetProcessTimes(intptr_t, void *, void *, void *, void *)
  kernel32 int QueryFullProcessImageNameW(intptr_t, uint32_t, void *, void *)
  advapi32 int OpenProcessToken(intptr_t, uint32_t, void *)
  advapi32 int GetTokenInformation(intptr_t, int, void *, uint32_t, void *)
  advapi32 int ConvertStringSecurityDescriptorToSecurityDescriptorW(str16, uint32_t, void *, void *)
  ntdll int32_t NtQueryInformationProcess(intptr_t, int, void *, uint32_t, void *)
  ntdll int32_t NtQueryInformationFile(intptr_t, void *, void *, uint32_t, int)
  node int uv_open_osfhandle(intptr_t)
`

let loaded: Win32 | undefined | null = null

/** Undefined on other systems, and if one of the functions is missing. */
export function win32(): Win32 | undefined {
  if (loaded !== null) return loaded
  loaded = undefined
  const koffi = ffi()
  if (process.platform !== 'win32' || koffi === undefined) return undefined
  try {
    const functions: Record<string, unknown> = { koffi }
    for (const line of signatures.trim().split('\n')) {
      const [, library = '', signature = '', name = ''] = /^\s*(\w+) (.* (\w+)\(.*\))$/.exec(line) ?? []
      // All libraries are loaded already; `null` is the program itself.
      functions[name] = koffi.load(library === 'node' ? null : `${library}.dll`).func(signature)
    }
    loaded = functions as unknown as Win32
  } catch {
    // Callers treat it as unavailable.
  }
  return loaded
}
