// Budgets of what the clients of shares may use up (L15): a limit for each share, and one for all of them together. Pure accounting;
// agent/server/budget.ts has the figures.

import type { EpochMs } from '../session/session.ts'
import { TokenBucket } from '../util/token-bucket.ts'

/** What is held and given back: connections, bytes. */
export class Quota {
  readonly #total: number
  readonly #each: number
  readonly #held = new Map<string, number>()
  #sum = 0

  constructor({ total, each }: { readonly total: number; readonly each: number }) {
    this.#total = total
    this.#each = each
  }

  /** False, and nothing is taken, if the holder or all together would have more than they may. */
  take(holder: string, amount = 1): boolean {
    if (this.exceeded(holder, amount) !== undefined) return false
    this.#held.set(holder, this.held(holder) + amount)
    this.#sum += amount
    return true
  }

  /** Which limit stands in the way. */
  exceeded(holder: string, amount = 1): 'own' | 'total' | undefined {
    if (this.held(holder) + amount > this.#each) return 'own'
    return this.#sum + amount > this.#total ? 'total' : undefined
  }

  release(holder: string, amount = 1): void {
    const left = this.held(holder) - amount
    if (left < 0) throw new Error(`${holder} gives back more than it has`)
    this.#sum -= amount
    if (left === 0) this.#held.delete(holder)
    else this.#held.set(holder, left)
  }

  held(holder: string): number {
    return this.#held.get(holder) ?? 0
  }

  /** Those who have something, the largest first. */
  holders(): readonly string[] {
    return [...this.#held].sort(([, a], [, b]) => b - a).map(([holder]) => holder)
  }
}

/** A burst, and then so many a second. */
export interface Rate {
  readonly burst: number
  readonly perSecond: number
}

/** Holders whose rate is remembered; shares are fewer. */
const maxRemembered = 8192

/** What is used up: refreshes, questions, log lines. */
export class RateBudget {
  readonly #each: Rate
  readonly #total: TokenBucket
  readonly #own = new Map<string, TokenBucket>()

  constructor({ total, each, now }: { readonly total: Rate; readonly each: Rate; readonly now: EpochMs }) {
    this.#each = each
    this.#total = new TokenBucket(total.burst, total.perSecond, now)
  }

  /** False if the holder has used up its own, or all together theirs. What a holder has no right to costs the others nothing. */
  take(holder: string, now: EpochMs): boolean {
    const known = this.#own.get(holder)
    const own = known ?? new TokenBucket(this.#each.burst, this.#each.perSecond, now)
    if (known === undefined) {
      if (this.#own.size >= maxRemembered) this.#own.clear()
      this.#own.set(holder, own)
    }
    return own.take(now) && this.#total.take(now)
  }
}

/**
 * A burst for each holder, and then so many a second for all together, in equal parts for those who have used up some of their burst. Who
 * asks seldom never waits, whatever the others do.
 */
export class FairRate {
  readonly #rate: Rate
  readonly #used = new Map<string, { left: number; at: EpochMs }>()

  constructor(rate: Rate) {
    this.#rate = rate
  }

  take(holder: string, now: EpochMs): boolean {
    this.#refill(now)
    const own = this.#used.get(holder)
    if (own === undefined) {
      this.#used.set(holder, { left: this.#rate.burst - 1, at: now })
      return true
    }
    if (own.left < 1) return false
    own.left -= 1
    return true
  }

  #refill(now: EpochMs): void {
    const perSecond = this.#rate.perSecond / this.#used.size
    for (const [holder, own] of this.#used) {
      own.left += (Math.max(0, now - own.at) / 1000) * perSecond
      own.at = now
      if (own.left >= this.#rate.burst) this.#used.delete(holder)
    }
  }
}
