// A process that has nothing to do gives back what it does not need, once, and is left alone. V8 left to itself looks every eight
// seconds whether there is something to collect, for ever; when all has been collected, it stops.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { libc } from '../ffi.ts'

/** ms without anything to do. */
const lull = 5_000
/** Bytes that it must have grown by since it rested. */
const growth = 4 * 2 ** 20
/** Bytes: to collect all of a larger heap takes longer than a caller should wait. */
const maxHeap = 128 * 2 ** 20

export class IdleMemoryTrimmer {
  #timer: NodeJS.Timeout | undefined
  #isBusy = false
  #after = 0

  /** Something is done. */
  touch(): void {
    this.#isBusy = true
    this.#timer ??= this.#wait()
  }

  #wait(): NodeJS.Timeout {
    this.#isBusy = false
    return setTimeout(() => {
      this.#timer = this.#isBusy ? this.#wait() : undefined
      if (this.#timer === undefined) this.#rest()
    }, lull).unref()
  }

  #rest(): void {
    if (process.memoryUsage.rss() < this.#after + growth) return
    if (process.memoryUsage().heapUsed < maxHeap) collect()
    trim()
    this.#after = process.memoryUsage.rss()
  }
}

function collect(): void {
  setFlagsFromString('--expose-gc')
  const gc: unknown = runInNewContext('globalThis.gc')
  setFlagsFromString('--no-expose-gc')
  if (typeof gc === 'function') gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}

/** What was allocated beside V8's heap and freed goes back to the system. */
function trim(): void {
  try {
    libc()?.libc.func('int malloc_trim(size_t)')(0)
  } catch {
    // The GNU library alone has it.
  }
}
