// Gives memory back to the system when the process becomes idle. It also stops V8's idle timer, which would otherwise wake the
// process every eight seconds as long as there is something to collect.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { libc } from '../ffi.ts'

const idleMs = 5_000
/** Growth of the resident memory since the last trim below which nothing is done. */
const minGrowthBytes = 4 * 2 ** 20
/** A full collection of a larger heap would delay callers. */
const maxHeapBytes = 128 * 2 ** 20

export class IdleMemoryTrimmer {
  #timer: NodeJS.Timeout | undefined
  #isBusy = false
  #rssAfterTrim = 0

  /** To be called for each request. */
  touch(): void {
    this.#isBusy = true
    this.#timer ??= this.#wait()
  }

  #wait(): NodeJS.Timeout {
    this.#isBusy = false
    return setTimeout(() => {
      this.#timer = this.#isBusy ? this.#wait() : undefined
      if (this.#timer === undefined) this.#trim()
    }, idleMs).unref()
  }

  #trim(): void {
    if (process.memoryUsage.rss() < this.#rssAfterTrim + minGrowthBytes) return
    if (process.memoryUsage().heapUsed < maxHeapBytes) collect()
    trimMalloc()
    this.#rssAfterTrim = process.memoryUsage.rss()
  }
}

function collect(): void {
  setFlagsFromString('--expose-gc')
  const gc: unknown = runInNewContext('globalThis.gc')
  setFlagsFromString('--no-expose-gc')
  if (typeof gc === 'function') gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}

/** Freed memory outside of V8's heap. */
function trimMalloc(): void {
  try {
    libc()?.libc.func('int malloc_trim(size_t)')(0)
  } catch {
    // Only the GNU C library has it.
  }
}
