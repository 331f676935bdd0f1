// A listening Unix socket that accepts nobody for a while. Who connects meanwhile waits in the kernel's queue, and costs this process nothing;
// if the queue is full, connect() waits or fails with EAGAIN.

import type { Server } from 'node:net'
import { closeSync } from 'node:fs'
import { libc } from './ffi.ts'

/** F_DUPFD_CLOEXEC of fcntl(2). */
const duplicate = { linux: 1030, darwin: 67 } as const

export class AcceptPause {
  readonly #server: Server
  readonly #backlog: number
  #paused: { readonly fd: number; readonly timer: NodeJS.Timeout } | undefined

  /** `server` listens at a Unix socket, with this backlog. */
  constructor(server: Server, backlog: number) {
    this.#server = server
    this.#backlog = backlog
  }

  /** Connections that were accepted go on. Does nothing if it is paused, or on a system without these calls. */
  pause(ms: number): void {
    if (this.#paused !== undefined) return
    const fd = duplicateOf(this.#server)
    if (fd === undefined) return
    // Closes its descriptor; the socket lives on, and so does its queue.
    this.#server.close()
    this.#paused = { fd, timer: setTimeout(() => this.#resume(fd), ms).unref() }
  }

  /** The server is about to be closed: nobody is accepted any more. */
  end(): void {
    if (this.#paused === undefined) return
    clearTimeout(this.#paused.timer)
    closeSync(this.#paused.fd)
    this.#paused = undefined
  }

  #resume(fd: number): void {
    this.#paused = undefined
    // For a descriptor, Node reads the backlog from here only.
    this.#server.listen({ fd }, this.#backlog)
  }
}

type Fcntl = (fd: number, command: number, type: 'int', from: number) => number
let fcntl: Fcntl | undefined

/** Another descriptor of what it listens at; undefined if this system has no call for it. */
export function duplicateOf(server: Server): number | undefined {
  const { platform } = process
  const { fd } = (server as { _handle?: { fd?: number } | null })._handle ?? {}
  if (fd === undefined || fd < 0 || (platform !== 'linux' && platform !== 'darwin')) return undefined
  fcntl ??= libc()?.libc.func('int fcntl(int, int, ...)') as Fcntl | undefined
  const copy = fcntl?.(fd, duplicate[platform], 'int', 0)
  return copy === undefined || copy < 0 ? undefined : copy
}
