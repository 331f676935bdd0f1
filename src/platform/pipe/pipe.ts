// A named pipe whose instances are made here, because Node does not tell who connects to a pipe. It lets in this user and the system;
// each instance that a client has connected to becomes a socket of Node's, and is given to the server.

import { closeSync } from 'node:fs'
import { type Server, Socket } from 'node:net'
import { Failure } from '../../core/failures.ts'
import { readPipeCaller, setPipeCaller } from './pipe-caller.ts'
import { PipeSecurity } from './pipe-security.ts'
import type { Handle, Overlapped, Win32 } from './win32.ts'

/** Instances of a pipe that wait for a client. */
const maxIdle = 8
/** Of all pipes together. Node's C runtime has 8192 descriptors, and files need some. */
const maxConnected = 4096

const connected = new Set<Socket>()

interface Instance {
  readonly handle: Handle
  /** Absent if a client had already connected: Windows then has no pending operation. */
  readonly overlapped?: Overlapped
}

/** One listening pipe: its instances, and the sockets that they became. Owned by the PipeWaiter, which calls `sweep`. */
export class Pipe {
  readonly #system: Win32
  readonly #event: Handle
  readonly #server: Server
  readonly #name: string
  readonly #security: PipeSecurity
  #idle: readonly Instance[] = []
  readonly #connected = new Set<Socket>()

  constructor(system: Win32, event: Handle, server: Server, name: string) {
    this.#system = system
    this.#event = event
    this.#server = server
    this.#name = name
    this.#security = new PipeSecurity(system)
    try {
      this.#idle = [this.#makeInstance(true)]
    } catch (error) {
      this.#security.free()
      throw error
    }
  }

  /** Accepts the clients that have connected and makes new instances for the next ones. False: there was nothing to do. */
  sweep(): boolean {
    const arrived = this.#idle.filter((each) => !this.#isPending(each))
    const missing = maxIdle - this.#idle.length + arrived.length
    if (missing === 0) return false
    const added: Instance[] = []
    try {
      // Made before the accepted ones can close: without any instance the name would be free for another process.
      while (added.length < missing) added.push(this.#makeInstance(false))
    } catch {
      // A resource is exhausted: the waiter tries again later.
      if (added.length === 0 && arrived.length === 0) return false
    }
    this.#idle = [...this.#idle.filter((each) => !arrived.includes(each)), ...added]
    for (const { handle } of arrived) this.#take(handle)
    return true
  }

  get isShort(): boolean {
    return this.#idle.length < maxIdle
  }

  close(): void {
    for (const { handle, overlapped } of this.#idle) {
      // The system may write to the OVERLAPPED until the operation has ended.
      if (overlapped !== undefined && this.#system.CancelIoEx(handle, overlapped) !== 0) {
        this.#system.GetOverlappedResult(handle, overlapped, Buffer.alloc(4), 1)
      }
      this.#system.CloseHandle(handle)
    }
    this.#idle = []
    this.#security.free()
  }

  #makeInstance(isFirst: boolean): Instance {
    const [duplex, overlappedFlag, firstInstance] = [0x3, 0x4000_0000, 0x8_0000]
    const [bytes, rejectRemote, unlimited, size] = [0, 0x8, 255, 65_536]
    const open = duplex | overlappedFlag | (isFirst ? firstInstance : 0)
    const { attributes } = this.#security
    const handle = this.#system.CreateNamedPipeW(this.#name, open, bytes | rejectRemote, unlimited, size, size, 0, attributes)
    if (handle === -1) throw this.#failure('cannot be created')
    // An ArrayBuffer of its own is never moved.
    const overlapped = Buffer.from(new ArrayBuffer(32))
    overlapped.writeBigInt64LE(BigInt(this.#event), 24)
    const [ioPending, pipeConnected, noData] = [997, 535, 232]
    const error = this.#system.ConnectNamedPipe(handle, overlapped) === 0 ? this.#system.GetLastError() : pipeConnected
    if (error === ioPending) return { handle, overlapped }
    // A client connected before this call, or has already disconnected.
    if (error === pipeConnected || error === noData) return { handle }
    const failure = this.#failure('cannot listen')
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
    const caller = this.#isFull() ? undefined : readPipeCaller(this.#system, handle)
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
    setPipeCaller(socket, caller)
    this.#server.emit('connection', socket)
  }

  #isFull(): boolean {
    return connected.size >= maxConnected || this.#connected.size >= (this.#server.maxConnections ?? maxConnected)
  }
}
