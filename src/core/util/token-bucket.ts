// A token bucket: allows `burst` at once, then `perSecond`.

import type { EpochMs } from '../session/session.ts'

export class TokenBucket {
  readonly #burst: number
  readonly #perSecond: number
  #left: number
  #at: EpochMs

  constructor(burst: number, perSecond: number, now: EpochMs) {
    this.#burst = burst
    this.#perSecond = perSecond
    this.#left = burst
    this.#at = now
  }

  /** Takes one; false if none is left. */
  take(now: EpochMs): boolean {
    this.#left = Math.min(this.#burst, this.#left + (Math.max(0, now - this.#at) / 1000) * this.#perSecond)
    this.#at = now
    if (this.#left < 1) return false
    this.#left -= 1
    return true
  }
}
