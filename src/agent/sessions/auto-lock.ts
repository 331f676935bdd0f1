// Locks the store after a time without requests (`lock_after`), or when the screen is locked (`lock_with_screen`) (L7). Requests
// over shared sockets do not count as use.

import { asFailure } from '../../core/failures.ts'
import type { Clock } from '../../core/ports.ts'
import type { EpochMs } from '../../core/session/session.ts'
import type { Service } from '../service.ts'
import type { Config } from '../../config/config.ts'

/** Timers do not advance while the machine is suspended: the wall clock is checked at least this often. */
const maxTimerMs = 30_000
const minCheckIntervalMs = 1_000

export interface AutoLockPorts {
  readonly clock: Clock
  readonly config: () => Promise<Config>
  readonly isOpen: () => boolean
  readonly lock: (why: string) => Promise<unknown>
  /** Calls back whenever the screen is locked. Returns a function that ends it. */
  readonly watchScreen: (locked: () => void) => () => void
  readonly onWarning: (text: string) => void
}

export class AutoLock {
  readonly #ports: AutoLockPorts
  #touchedAt: EpochMs
  #checkedAt: EpochMs = 0
  #cancel: (() => void) | undefined
  #isStopped = false
  #unwatch: (() => void) | undefined

  constructor(ports: AutoLockPorts) {
    this.#ports = ports
    this.#touchedAt = ports.clock.now()
  }

  /** The user has sent a request; config.toml may have changed since the last check. */
  touch(): void {
    const now = this.#ports.clock.now()
    this.#touchedAt = now
    if (this.#cancel === undefined && Math.abs(now - this.#checkedAt) > minCheckIntervalMs) this.start()
  }

  /** The store was opened. */
  opened(): void {
    this.#touchedAt = this.#ports.clock.now()
    this.start()
  }

  start(): void {
    this.#checkedAt = this.#ports.clock.now()
    void this.#check().catch((error: unknown) => {
      const { code, message } = asFailure(error)
      // A mistake in config.toml is reported where the file is read.
      if (code !== 'config_invalid') this.#ports.onWarning(message)
    })
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel?.()
    this.#unwatch?.()
  }

  /** Started when the store has been opened. */
  service(): Service {
    return { name: 'automatic lock', start: async () => {}, stop: async () => this.stop() }
  }

  /** Sets a timer only if there is something to lock. */
  async #check(): Promise<void> {
    this.#cancel?.()
    this.#cancel = undefined
    const { clock, config, isOpen, lock } = this.#ports
    const { lockAfter, lockWithScreen } = await config()
    if (this.#isStopped) return
    this.#watchScreen(lockWithScreen)
    if (lockAfter === undefined || !isOpen()) return
    const left = this.#touchedAt + lockAfter * 1000 - clock.now()
    if (left <= 0) await lock(`no request for ${lockAfter} s`)
    else this.#cancel = clock.after(Math.min(left, maxTimerMs), () => this.start())
  }

  #watchScreen(isWanted: boolean): void {
    if (isWanted && this.#unwatch === undefined) {
      this.#unwatch = this.#ports.watchScreen(() => {
        if (this.#ports.isOpen()) void this.#ports.lock('the screen was locked').catch(() => {})
      })
    } else if (!isWanted) {
      this.#unwatch?.()
      this.#unwatch = undefined
    }
  }
}
