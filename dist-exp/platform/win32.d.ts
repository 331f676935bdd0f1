import { type Koffi } from './ffi.ts';
export type Handle = number;
type Bool = number;
/** What may be written to after the call that it was given to has returned. */
export type Overlapped = Buffer;
export interface Win32 {
    readonly koffi: Koffi;
    readonly CloseHandle: (handle: Handle) => Bool;
    readonly GetLastError: () => number;
    readonly LocalFree: (pointer: bigint) => bigint;
    readonly CreateEventW: (security: null, isManual: Bool, isSet: Bool, name: null) => Handle;
    readonly SetEvent: (event: Handle) => Bool;
    readonly WaitForSingleObject: {
        (handle: Handle, ms: number): number;
        async(handle: Handle, ms: number, done: (error: unknown, result: number) => void): void;
    };
    readonly CreateNamedPipeW: (name: string, open: number, mode: number, most: number, out: number, into: number, ms: number, security: Buffer) => Handle;
    readonly ConnectNamedPipe: (pipe: Handle, overlapped: Overlapped) => Bool;
    readonly GetNamedPipeClientProcessId: (pipe: Handle, pid: Buffer) => Bool;
    readonly GetOverlappedResult: (handle: Handle, overlapped: Overlapped, count: Buffer, waits: Bool) => Bool;
    readonly CancelIoEx: (handle: Handle, overlapped: Overlapped) => Bool;
    readonly OpenProcess: (access: number, isInherited: Bool, pid: number) => Handle;
    readonly GetCurrentProcess: () => Handle;
    readonly GetProcessTimes: (process: Handle, created: Buffer, ended: Buffer, kernel: Buffer, user: Buffer) => Bool;
    readonly QueryFullProcessImageNameW: (process: Handle, flags: number, name: Buffer, size: Buffer) => Bool;
    readonly OpenProcessToken: (process: Handle, access: number, token: Buffer) => Bool;
    readonly GetTokenInformation: (token: Handle, kind: number, into: Buffer, size: number, needed: Buffer) => Bool;
    readonly ConvertStringSecurityDescriptorToSecurityDescriptorW: (text: string, revision: number, descriptor: Buffer, size: null) => Bool;
    readonly NtQueryInformationProcess: (process: Handle, kind: number, into: Buffer, size: number, length: null) => number;
    readonly NtQueryInformationFile: (file: Handle, status: Buffer, into: Buffer, size: number, kind: number) => number;
    /** libuv's: a descriptor of Node's own C runtime, which owns the handle from then on; below 0 where there is none left. */
    readonly uv_open_osfhandle: (handle: Handle) => number;
}
/** Undefined elsewhere, and where one of them is missing. */
export declare function win32(): Win32 | undefined;
export {};
