// Locks the vault when the user has been quiet for as long as config.toml says, or when the screen is locked (L7). What comes by
// shared sockets is not the user, and keeps nothing open.

import { asFailure } from '../../core/failures.ts'
import type { Clock } from '../../core/ports.ts'
import type { EpochMs } from '../../core/session/session.ts'
import type { Service } from '../service.ts'
import type { Config } from '../../config/config.ts'

/** A suspended machine does not tick: the wall clock is looked at, and often. */
const maxWait = 30_000
/** ms. */
const leastBetweenLooks = 1_000

export interface AutoLockPorts {
  readonly clock: Clock
  readonly config: () => Promise<Config>
  readonly isOpen: () => boolean
  readonly lock: (why: string) => Promise<unknown>
  /** Calls back whenever the screen is locked; gives what ends that. */
  readonly watchScreen: (locked: () => void) => () => void
  readonly onWarning: (text: string) => void
}

export class AutoLock {
  readonly #ports: AutoLockPorts
  #touchedAt: EpochMs
  #lookedAt: EpochMs = 0
  #cancel: (() => void) | undefined
  #isStopped = false
  #unwatch: (() => void) | undefined

  constructor(ports: AutoLockPorts) {
    this.#ports = ports
    this.#touchedAt = ports.clock.now()
  }

  /** The user has asked for something, perhaps after a change of config.toml. */
  touch(): void {
    const now = this.#ports.clock.now()
    this.#touchedAt = now
    if (this.#cancel === undefined && Math.abs(now - this.#lookedAt) > leastBetweenLooks) this.start()
  }

  /** The vault is open from now on. */
  opened(): void {
    this.#touchedAt = this.#ports.clock.now()
    this.start()
  }

  start(): void {
    this.#lookedAt = this.#ports.clock.now()
    void this.#look().catch((error: unknown) => this.#ports.onWarning(asFailure(error).message))
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel?.()
    this.#unwatch?.()
  }

  /** Started by whoever has opened the store. */
  service(): Service {
    return { name: 'automatic lock', start: async () => {}, stop: async () => this.stop() }
  }

  /** Nothing wakes the machine where nothing is to be locked. */
  async #look(): Promise<void> {
    this.#cancel?.()
    this.#cancel = undefined
    const { clock, config, isOpen, lock } = this.#ports
    const { lockAfter, lockWithScreen } = await config()
    if (this.#isStopped) return
    this.#watchScreen(lockWithScreen)
    if (lockAfter === undefined || !isOpen()) return
    const quiet = lockAfter * 1000
    const left = this.#touchedAt + quiet - clock.now()
    if (left <= 0) await lock(`nothing was asked for ${lockAfter} s`)
    else this.#cancel = clock.after(Math.min(left, maxWait), () => this.start())
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
