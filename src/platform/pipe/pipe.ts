// A named pipe that says who connects: Node does not tell it of its own. The instances are made here and let in this user and the
// system alone; each that somebody has connected to becomes a socket of Node's, and the server's.

import { closeSync } from 'node:fs'
import { type Server, Socket } from 'node:net'
import { Failure } from '../../core/failures.ts'
import { type Handle, type Overlapped, win32, type Win32 } from './win32.ts'
import { type Looked, lookAtProcess, ownSid } from '../process/windows-process.ts'

/** Instances of a pipe that wait for somebody. */
const waiting = 8
/** Of all pipes together. Node's C runtime has 8192 descriptors, and files want some. */
const maxConnected = 4096
/** ms */
const untilNextTry = 1000

export interface PipeCaller {
  readonly pid: number
  /** Undefined where the process is gone, and its pid perhaps another's. */
  readonly process?: Looked
}

const callers = new WeakMap<Socket, PipeCaller>()
const connected = new Set<Socket>()

/** Undefined of what did not come through a pipe that is served here. */
export const pipeCaller = (socket: Socket): PipeCaller | undefined => callers.get(socket)

/** Gives the end of it; undefined where Windows' functions cannot be called. Throws where the pipe cannot be made. */
export function servePipe(server: Server, name: string): (() => void) | undefined {
  const system = win32()
  if (system === undefined) return undefined
  waiter ??= new Waiter(system)
  const pipe = new Pipe(system, waiter.event, server, name)
  waiter.add(pipe)
  return () => waiter?.remove(pipe)
}

interface Instance {
  readonly handle: Handle
  /** Undefined where somebody was there before he was waited for: then Windows writes nothing there. */
  readonly overlapped?: Overlapped
}

class Pipe {
  readonly #system: Win32
  readonly #event: Handle
  readonly #server: Server
  readonly #name: string
  readonly #security: Security
  #waiting: readonly Instance[] = []
  readonly #connected = new Set<Socket>()

  constructor(system: Win32, event: Handle, server: Server, name: string) {
    this.#system = system
    this.#event = event
    this.#server = server
    this.#name = name
    this.#security = new Security(system)
    try {
      this.#waiting = [this.#makeInstance(true)]
    } catch (error) {
      this.#security.free()
      throw error
    }
  }

  /** Takes whoever has connected, and sees to it that the next find an instance. Whether there was anything to do. */
  sweep(): boolean {
    const arrived = this.#waiting.filter((each) => !this.#isPending(each))
    const missing = waiting - this.#waiting.length + arrived.length
    if (missing === 0) return false
    const added: Instance[] = []
    try {
      // Before those that have come can end: one of them is always there, or the name would be free for others.
      while (added.length < missing) added.push(this.#makeInstance(false))
    } catch {
      // Out of something that comes back: tried again below.
      if (added.length === 0 && arrived.length === 0) return false
    }
    this.#waiting = [...this.#waiting.filter((each) => !arrived.includes(each)), ...added]
    for (const { handle } of arrived) this.#take(handle)
    return true
  }

  get isShort(): boolean {
    return this.#waiting.length < waiting
  }

  close(): void {
    for (const { handle, overlapped } of this.#waiting) {
      // Until the system is done with it, the memory has to stay.
      if (overlapped !== undefined && this.#system.CancelIoEx(handle, overlapped) !== 0) {
        this.#system.GetOverlappedResult(handle, overlapped, Buffer.alloc(4), 1)
      }
      this.#system.CloseHandle(handle)
    }
    this.#waiting = []
    this.#security.free()
  }

  #makeInstance(isFirst: boolean): Instance {
    const [duplex, overlappedFlag, firstInstance] = [0x3, 0x4000_0000, 0x8_0000]
    const [bytes, rejectRemote, unlimited, size] = [0, 0x8, 255, 65_536]
    const open = duplex | overlappedFlag | (isFirst ? firstInstance : 0)
    const { attributes } = this.#security
    const handle = this.#system.CreateNamedPipeW(this.#name, open, bytes | rejectRemote, unlimited, size, size, 0, attributes)
    if (handle === -1) throw this.#failure('cannot be made')
    // Of an ArrayBuffer of its own, which is never moved.
    const overlapped = Buffer.from(new ArrayBuffer(32))
    overlapped.writeBigInt64LE(BigInt(this.#event), 24)
    const [ioPending, pipeConnected, noData] = [997, 535, 232]
    const error = this.#system.ConnectNamedPipe(handle, overlapped) === 0 ? this.#system.GetLastError() : pipeConnected
    if (error === ioPending) return { handle, overlapped }
    // Somebody was faster, or has come and gone already.
    if (error === pipeConnected || error === noData) return { handle }
    const failure = this.#failure('cannot be connected to')
    this.#system.CloseHandle(handle)
    throw failure
  }

  #failure(what: string): Failure {
    const error = this.#system.GetLastError()
    const accessDenied = 5
    return error === accessDenied
      ? new Failure('agent_untrusted', `the pipe ${this.#name} belongs to another process`)
      : new Failure('unexpected', `the pipe ${this.#name} ${what} (Windows error ${error})`)
  }

  #isPending({ handle, overlapped }: Instance): boolean {
    const ioIncomplete = 996
    return (
      overlapped !== undefined &&
      this.#system.GetOverlappedResult(handle, overlapped, Buffer.alloc(4), 0) === 0 &&
      this.#system.GetLastError() === ioIncomplete
    )
  }

  #take(handle: Handle): void {
    const caller = this.#isFull() ? undefined : this.#callerOf(handle)
    const fd = caller === undefined ? -1 : this.#system.uv_open_osfhandle(handle)
    if (caller === undefined || fd < 0) return void this.#system.CloseHandle(handle)
    let socket: Socket
    try {
      socket = new Socket({ fd, readable: true, writable: true, allowHalfOpen: true })
    } catch {
      return closeSync(fd)
    }
    for (const all of [connected, this.#connected]) {
      all.add(socket)
      socket.once('close', () => all.delete(socket))
    }
    callers.set(socket, caller)
    this.#server.emit('connection', socket)
  }

  #isFull(): boolean {
    return connected.size >= maxConnected || this.#connected.size >= (this.#server.maxConnections ?? maxConnected)
  }

  /** Undefined where nobody is there any more. */
  #callerOf(handle: Handle): PipeCaller | undefined {
    const out = Buffer.alloc(4)
    if (this.#system.GetNamedPipeClientProcessId(handle, out) === 0) return undefined
    const pid = out.readUInt32LE()
    const process = lookAtProcess(pid)
    // Only now: while it holds its end of the pipe it lives, and its pid is no other's.
    return process !== undefined && this.#isConnected(handle) ? { pid, process } : { pid }
  }

  #isConnected(handle: Handle): boolean {
    // FILE_PIPE_LOCAL_INFORMATION: ten numbers, NamedPipeState the ninth.
    const information = Buffer.alloc(40)
    const [filePipeLocalInformation, connectedState] = [24, 3]
    const status = this.#system.NtQueryInformationFile(handle, Buffer.alloc(16), information, 40, filePipeLocalInformation)
    return status >= 0 && information.readUInt32LE(32) === connectedState
  }
}

/** SECURITY_ATTRIBUTES: everything for this user and the system, nothing for anybody else; not inherited by children. */
class Security {
  readonly attributes = Buffer.alloc(24)
  readonly #system: Win32
  readonly #descriptor: bigint

  constructor(system: Win32) {
    this.#system = system
    const out = Buffer.alloc(8)
    const sid = ownSid()
    const revision = 1
    const access = `D:P(A;;GA;;;SY)(A;;GA;;;${sid})`
    if (sid === undefined || system.ConvertStringSecurityDescriptorToSecurityDescriptorW(access, revision, out, null) === 0) {
      throw new Failure('unexpected', `Windows takes no access list for the pipe (error ${system.GetLastError()})`)
    }
    this.#descriptor = out.readBigUInt64LE()
    this.attributes.writeUInt32LE(this.attributes.length)
    this.attributes.writeBigUInt64LE(this.#descriptor, 8)
  }

  free(): void {
    this.#system.LocalFree(this.#descriptor)
  }
}

/** One thread of Node's pool waits, for all pipes: every connection sets the same event. */
class Waiter {
  readonly event: Handle
  readonly #system: Win32
  readonly #pipes = new Set<Pipe>()
  #isWaiting = false
  #nextTry: NodeJS.Timeout | undefined

  constructor(system: Win32) {
    this.#system = system
    const [resetsItself, isUnset] = [0, 0]
    this.event = system.CreateEventW(null, resetsItself, isUnset, null)
    // Node joins its threads when it exits.
    process.on('exit', () => system.SetEvent(this.event))
  }

  add(pipe: Pipe): void {
    this.#pipes.add(pipe)
    this.#sweep()
  }

  remove(pipe: Pipe): void {
    if (!this.#pipes.delete(pipe)) return
    pipe.close()
    if (this.#pipes.size === 0) this.#system.SetEvent(this.event)
  }

  #sweep(): void {
    // To wait for a connection unsets the event: what came meanwhile is found by looking once more than there was to do.
    while ([...this.#pipes].map((pipe) => pipe.sweep()).includes(true)) continue
    clearTimeout(this.#nextTry)
    if ([...this.#pipes].some((pipe) => pipe.isShort)) {
      this.#nextTry = setTimeout(() => this.#system.SetEvent(this.event), untilNextTry).unref()
    }
    if (this.#isWaiting || this.#pipes.size === 0) return
    this.#isWaiting = true
    const forEver = 0xffff_ffff
    this.#system.WaitForSingleObject.async(this.event, forEver, () => {
      this.#isWaiting = false
      this.#sweep()
    })
  }
}

let waiter: Waiter | undefined
