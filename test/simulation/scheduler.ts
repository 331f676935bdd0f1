// Time that passes only from one event to the next, and one host's view of it. Nothing in a simulation waits for real.

import type { Clock } from '../../src/core/ports.ts'
import type { Random } from './random.ts'

interface Entry {
  at: number
  readonly order: number
  /** Whose processor runs it: it waits while that one sleeps, and is dropped when the process is dead. */
  readonly process: Process | undefined
  readonly run: () => void
}

/** A machine: its clock can be wrong and can be set, and it can sleep. */
export class Host {
  offset = 0
  clockSetAt = Number.NEGATIVE_INFINITY
  asleepUntil = 0
  /** Since when it has been awake. */
  awakeSince = 0
}

/** One run of an agent. When it is dead, nothing of it happens any more. */
export class Process {
  readonly host: Host
  isAlive = true

  constructor(host: Host) {
    this.host = host
  }
}

export class Scheduler {
  /** True time, ms. */
  now: number
  steps = 0
  readonly random: Random
  readonly #heap: Entry[] = []
  #order = 0

  constructor(random: Random, start: number) {
    this.random = random
    this.now = start
  }

  /** Runs it `delay` ms from now. Gives the cancel. */
  after(delay: number, process: Process | undefined, run: () => void): () => void {
    let isCancelled = false
    this.#push({
      at: this.now + Math.max(0, delay),
      order: this.#order++,
      process,
      run: () => {
        if (!isCancelled) run()
      },
    })
    return () => {
      isCancelled = true
    }
  }

  /** Resolves after a random time of up to `most` ms; never, if the process dies first. */
  pause(most: number, process: Process | undefined): Promise<void> {
    return new Promise((resolve) => {
      this.after(this.random.between(0, most), process, resolve)
    })
  }

  /** One event, and all that follows from it at once. False when there is none before `limit`. */
  async step(limit: number): Promise<boolean> {
    for (;;) {
      const entry = this.#pop()
      if (entry === undefined) return false
      if (entry.process?.isAlive === false) continue
      const asleepUntil = entry.process?.host.asleepUntil ?? 0
      if (asleepUntil > entry.at) {
        this.#push({ ...entry, at: asleepUntil })
        continue
      }
      if (entry.at > limit) {
        this.#push(entry)
        this.now = limit
        return false
      }
      this.now = Math.max(this.now, entry.at)
      this.steps += 1
      entry.run()
      await settled()
      return true
    }
  }

  /** The host's clock; its timers do not tick while it sleeps. */
  clock(process: Process): Clock {
    return {
      now: () => Math.floor(this.now + process.host.offset),
      after: (delay, callback) => this.after(delay, process, callback),
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let index = heap.push(entry) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!isBefore(entry, heap[parent] as Entry)) break
      heap[index] = heap[parent] as Entry
      index = parent
    }
    heap[index] = entry
  }

  #pop(): Entry | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) child += 1
      if (!isBefore(heap[child] as Entry, last)) break
      heap[index] = heap[child] as Entry
      index = child
    }
    heap[index] = last
    return first
  }
}

const isBefore = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

/** Promises settle among themselves; nothing here waits for more than that. */
const settled = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })
