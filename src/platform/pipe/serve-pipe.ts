// Serving named pipes on Windows: one waiter for all of them.

import type { Server } from 'node:net'
import { Pipe } from './pipe.ts'
import { type Handle, win32, type Win32 } from './win32.ts'

const retryDelayMs = 1000

/** The result stops it. Undefined if Windows' functions cannot be called. Throws agent_untrusted if another process has the name. */
export function servePipe(server: Server, name: string): (() => void) | undefined {
  const system = win32()
  if (system === undefined) return undefined
  waiter ??= new PipeWaiter(system)
  const pipe = new Pipe(system, waiter.event, server, name)
  waiter.add(pipe)
  return () => waiter?.remove(pipe)
}

/** One thread of Node's pool waits for all pipes: each connection sets the same event. */
class PipeWaiter {
  readonly event: Handle
  readonly #system: Win32
  readonly #pipes = new Set<Pipe>()
  #isWaiting = false
  #nextTry: NodeJS.Timeout | undefined

  constructor(system: Win32) {
    this.#system = system
    const [resetsItself, isUnset] = [0, 0]
    this.event = system.CreateEventW(null, resetsItself, isUnset, null)
    // Node joins its threads when it exits: wake the one that waits.
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
    // Waiting for a connection resets the event, so sweep until there is nothing to do: clients may have connected meanwhile.
    while ([...this.#pipes].map((pipe) => pipe.sweep()).includes(true)) continue
    clearTimeout(this.#nextTry)
    if ([...this.#pipes].some((pipe) => pipe.isShort)) {
      this.#nextTry = setTimeout(() => this.#system.SetEvent(this.event), retryDelayMs).unref()
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

let waiter: PipeWaiter | undefined
