// One timer for many items, each due at its own time. No timer is trusted (R8): machines sleep and clocks are set, so no timer is
// long, and after a clock step all items are planned again.

import type { Clock } from '../../core/ports.ts'
import { nextWake } from '../../core/session/schedule.ts'
import type { EpochMs } from '../../core/session/session.ts'
import { TimerHeap } from '../../core/util/timer-heap.ts'

export interface SchedulerPorts<T> {
  readonly clock: Clock
  readonly all: () => Iterable<T>
  /** When the item is next due; undefined: never. */
  readonly wakeAt: (item: T) => EpochMs | undefined
  readonly onDue: (item: T, now: EpochMs) => void
}

/** Clock steps up to this size cause no new planning. */
const clockSlackMs = 10_000

export class Scheduler<T extends object> {
  readonly #ports: SchedulerPorts<T>
  readonly #wakes = new TimerHeap<T>()
  #cancel: (() => void) | undefined
  #isQueued = false
  #isStopped = false
  #seenAt: EpochMs = 0
  #expectedAt: EpochMs = 0

  constructor(ports: SchedulerPorts<T>) {
    this.#ports = ports
  }

  /** The item may be due at another time now. The timer is set once after a burst of changes. */
  changed(item: T): void {
    if (this.#isStopped) return
    this.#plan(item)
    this.#setTimer()
  }

  /** Plans all items. */
  start(): void {
    this.#isStopped = false
    this.#planAll()
    this.#setTimer()
  }

  /** When the next item is due. */
  next(): EpochMs | undefined {
    return this.#wakes.next()
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel?.()
    this.#wakes.clear()
  }

  #plan(item: T): void {
    this.#wakes.plan(item, this.#ports.wakeAt(item))
  }

  #planAll(): void {
    this.#wakes.clear()
    for (const item of this.#ports.all()) this.#plan(item)
  }

  #setTimer(): void {
    if (this.#isQueued) return
    this.#isQueued = true
    queueMicrotask(() => {
      this.#isQueued = false
      this.#cancel?.()
      if (this.#isStopped) return
      const now = this.#ports.clock.now()
      if (now < this.#seenAt - clockSlackMs) this.#planAll()
      this.#seenAt = now
      const delay = nextWake(this.#wakes.next(), now)
      this.#expectedAt = now + (delay ?? 0)
      this.#cancel = delay === undefined ? undefined : this.#ports.clock.after(delay, () => this.#onTimer())
    })
  }

  #onTimer(): void {
    const now = this.#ports.clock.now()
    if (Math.abs(now - this.#expectedAt) > clockSlackMs) this.#planAll()
    this.#seenAt = now
    const due = [...this.#wakes.due(now)]
    for (const item of due) this.#ports.onDue(item, now)
    for (const item of due) this.#plan(item)
    if (due.length === 0) this.#planAll()
    this.#setTimer()
  }
}
