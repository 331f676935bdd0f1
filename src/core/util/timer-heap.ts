// Items ordered by the time at which they are due: changing the time of one of n items costs O(log n).

import type { EpochMs } from '../session/session.ts'

interface Planned<T> {
  readonly at: EpochMs
  readonly item: T
}

export class TimerHeap<T extends object> {
  /** A binary heap by time. Entries that were replaced are still in it and are skipped. */
  readonly #heap: Planned<T>[] = []
  readonly #planned = new Map<T, Planned<T>>()

  /** Sets the time of an item; undefined removes it. */
  plan(item: T, at: EpochMs | undefined): void {
    if (this.#planned.get(item)?.at === at) return
    if (at === undefined) {
      this.#planned.delete(item)
      return
    }
    const planned = { at, item }
    this.#planned.set(item, planned)
    this.#push(planned)
    if (this.#heap.length > 2 * this.#planned.size + 64) this.#sweep()
  }

  /** The earliest time. */
  next(): EpochMs | undefined {
    return this.#top()?.at
  }

  /** Removes and yields the items that are due, the earliest first. */
  *due(now: EpochMs): Iterable<T> {
    for (let top = this.#top(); top !== undefined && top.at <= now; top = this.#top()) {
      this.#planned.delete(top.item)
      this.#pop()
      yield top.item
    }
  }

  clear(): void {
    this.#heap.length = 0
    this.#planned.clear()
  }

  #top(): Planned<T> | undefined {
    for (;;) {
      const top = this.#heap[0]
      if (top === undefined || this.#planned.get(top.item) === top) return top
      this.#pop()
    }
  }

  #push(planned: Planned<T>): void {
    const heap = this.#heap
    let index = heap.push(planned) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent]
      if (above === undefined || above.at <= planned.at) break
      heap[index] = above
      index = parent
    }
    heap[index] = planned
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let index = 0
    for (;;) {
      const left = heap[2 * index + 1]
      const right = heap[2 * index + 2]
      const child = right !== undefined && left !== undefined && right.at < left.at ? right : left
      if (child === undefined || child.at >= last.at) break
      heap[index] = child
      index = 2 * index + (child === left ? 1 : 2)
    }
    heap[index] = last
  }

  /** Drops the replaced entries. */
  #sweep(): void {
    const kept = [...this.#planned.values()]
    this.#heap.length = 0
    for (const planned of kept) this.#push(planned)
  }
}
