// Back-off after wrong passphrases: 1, 2, 4 ... seconds, at most five minutes. A restart of the agent forgets it; what makes
// guessing expensive is the work factor of the age file.

import { Failure } from '../../core/failures.ts'

const firstDelayMs = 1000
const maxDelayMs = 300_000

export class PassphraseTries {
  #wrong = 0
  #nextAt = 0
  #seenAt = 0

  /** `now` in ms. Throws unlock_throttled while it is too early. */
  check(now: number): void {
    if (now < this.#seenAt) {
      // The clock was set back: the remaining delay stays the same.
      this.#nextAt = Math.min(this.#nextAt, now + (this.#nextAt - this.#seenAt))
    }
    this.#seenAt = now
    if (now >= this.#nextAt) return
    const retryAfter = Math.ceil((this.#nextAt - now) / 1000)
    throw new Failure('unlock_throttled', `too many wrong passphrases: wait ${retryAfter} s`, { retryAfter })
  }

  wrong(now: number): void {
    this.#wrong += 1
    this.#seenAt = now
    this.#nextAt = now + Math.min(firstDelayMs * 2 ** (this.#wrong - 1), maxDelayMs)
  }

  right(): void {
    this.#wrong = 0
    this.#nextAt = 0
  }
}
