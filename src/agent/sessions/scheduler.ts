// One timer for many things that are due at times of their own. No timer is trusted (R8): a machine sleeps and clocks are set, so
// none is set for long, and after a leap everything is looked at anew.

import type { Clock } from '../../core/ports.ts'
import { nextWake } from '../../core/session/schedule.ts'
import type { EpochMs } from '../../core/session/session.ts'
import { TimerHeap } from '../../core/util/timer-heap.ts'

export interface AlarmPorts<T> {
  readonly clock: Clock
  readonly all: () => Iterable<T>
  /** When something of it is due; undefined: nothing is. */
  readonly wakeOf: (item: T) => EpochMs | undefined
  readonly ring: (item: T, now: EpochMs) => void
}

/** ms by which a clock may be set without everything being looked at. */
const slack = 10_000

export class Scheduler<T extends object> {
  readonly #ports: AlarmPorts<T>
  readonly #wakes = new TimerHeap<T>()
  #cancel: (() => void) | undefined
  #isQueued = false
  #isStopped = false
  #seenAt: EpochMs = 0
  #expectedAt: EpochMs = 0

  constructor(ports: AlarmPorts<T>) {
    this.#ports = ports
  }

  /** It is due at another time, perhaps. The timer is set anew once after a burst of changes. */
  changed(item: T): void {
    if (this.#isStopped) return
    this.#plan(item)
    this.#set()
  }

  /** Everything is looked at anew. */
  start(): void {
    this.#isStopped = false
    this.#planAll()
    this.#set()
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel?.()
    this.#wakes.clear()
  }

  #plan(item: T): void {
    this.#wakes.plan(item, this.#ports.wakeOf(item))
  }

  #planAll(): void {
    this.#wakes.clear()
    for (const item of this.#ports.all()) this.#plan(item)
  }

  #set(): void {
    if (this.#isQueued) return
    this.#isQueued = true
    queueMicrotask(() => {
      this.#isQueued = false
      this.#cancel?.()
      if (this.#isStopped) return
      const now = this.#ports.clock.now()
      if (now < this.#seenAt - slack) this.#planAll()
      this.#seenAt = now
      const delay = nextWake(this.#wakes.next(), now)
      this.#expectedAt = now + (delay ?? 0)
      this.#cancel = delay === undefined ? undefined : this.#ports.clock.after(delay, () => this.#ring())
    })
  }

  #ring(): void {
    const now = this.#ports.clock.now()
    if (Math.abs(now - this.#expectedAt) > slack) this.#planAll()
    this.#seenAt = now
    const due = [...this.#wakes.due(now)]
    for (const item of due) this.#ports.ring(item, now)
    for (const item of due) this.#plan(item)
    if (due.length === 0) this.#planAll()
    this.#set()
  }
}
