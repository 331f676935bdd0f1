// The lock over records as src/store/files/locks.ts gives it: dropped at once when its holder dies on the same host, and taken for
// a dead one's after ten seconds where the holder is on another and does not touch it.

import { Failure } from '../../src/core/failures.ts'
import type { HeldLock, SessionLock } from '../../src/core/ports.ts'
import type { Host, Process, Scheduler } from './scheduler.ts'

const stale = 10_000
const update = 2_500

interface Holder {
  readonly process: Process
  touchedAt: number
}

export class SimulatedLocks {
  readonly #scheduler: Scheduler
  readonly #holders = new Map<string, Holder>()

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  of(process: Process): SessionLock {
    return {
      acquire: async (id, timeout, signal) => {
        const deadline = this.#scheduler.now + timeout
        for (let wait = 5; ; wait = Math.min(wait * 2, 250)) {
          await this.#scheduler.pause(2, process)
          if (signal.aborted) throw new Failure('cancelled', 'the wait for another agent was cancelled')
          if (this.#isFree(id, process.host)) return this.#hold(id, process)
          if (this.#scheduler.now >= deadline)
            throw new Failure('lock_timeout', 'another agent has held this session for too long')
          await this.#scheduler.pause(wait, process)
        }
      },
    }
  }

  #isFree(id: string, host: Host): boolean {
    const holder = this.#holders.get(id)
    if (holder === undefined) return true
    if (!holder.process.isAlive && holder.process.host === host) return true
    return holder.process.host !== host && this.#scheduler.now - holder.touchedAt > stale
  }

  #hold(id: string, process: Process): HeldLock {
    const holder: Holder = { process, touchedAt: this.#scheduler.now }
    this.#holders.set(id, holder)
    const isHeld = (): boolean => this.#holders.get(id) === holder && this.#scheduler.now - holder.touchedAt <= stale
    const touch = (): void => {
      if (this.#holders.get(id) !== holder) return
      // A lock that has gone stale is not made good again by a touch.
      if (isHeld()) holder.touchedAt = this.#scheduler.now
      this.#scheduler.after(update, process, touch)
    }
    this.#scheduler.after(update, process, touch)
    return {
      isHeld: async () => {
        await this.#scheduler.pause(1, process)
        return isHeld()
      },
      release: async () => {
        await this.#scheduler.pause(1, process)
        if (this.#holders.get(id) === holder) this.#holders.delete(id)
      },
    }
  }
}
