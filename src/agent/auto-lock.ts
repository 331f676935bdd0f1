// Locks the vault when the user has been quiet for as long as config.toml says, or when the screen is locked (L7). What comes by
// shared sockets is not the user, and keeps nothing open.

import { asFailure } from '../core/failures.ts'
import type { Clock } from '../core/ports.ts'
import type { EpochMs } from '../core/session.ts'
import type { Config } from '../config/config.ts'

/** A suspended machine does not tick: the wall clock is looked at, and often. */
const longestWait = 30_000

export interface AutoLockPorts {
  readonly clock: Clock
  readonly config: () => Config | Promise<Config>
  readonly isOpen: () => boolean
  readonly lock: (why: string) => Promise<unknown>
  /** Calls back whenever the screen is locked; gives what ends that. */
  readonly watchScreen: (locked: () => void) => () => void
  readonly onWarning: (text: string) => void
}

export class AutoLock {
  readonly #ports: AutoLockPorts
  #touchedAt: EpochMs
  #cancel: (() => void) | undefined
  #unwatch: (() => void) | undefined

  constructor(ports: AutoLockPorts) {
    this.#ports = ports
    this.#touchedAt = ports.clock.now()
  }

  /** The user has asked for something. */
  touch(): void {
    this.#touchedAt = this.#ports.clock.now()
  }

  start(): void {
    void this.#look().catch((error: unknown) => this.#ports.onWarning(asFailure(error).message))
  }

  stop(): void {
    this.#cancel?.()
    this.#unwatch?.()
  }

  async #look(): Promise<void> {
    const { clock, config, isOpen, lock } = this.#ports
    this.#next(longestWait)
    const { lockAfter, lockWithScreen } = await config()
    this.#watchScreen(lockWithScreen)
    if (lockAfter === undefined) return
    const quiet = lockAfter * 1000
    const left = isOpen() ? this.#touchedAt + quiet - clock.now() : quiet
    if (left <= 0) await lock(`nothing was asked for ${lockAfter} s`)
    this.#next(Math.min(left > 0 ? left : quiet, longestWait))
  }

  #next(delay: number): void {
    this.#cancel?.()
    this.#cancel = this.#ports.clock.after(delay, () => this.start())
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
