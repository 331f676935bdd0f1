// Stops refreshes that cannot help: if a server refuses one new token after the other, the reason is not the token. Without this, a tool
// that repeats its request after each 401 causes a refresh each time (H11).

import type { EpochMs } from '../../core/session/session.ts'
import { keepNewest } from './keep-newest.ts'

/** A token that is refused within this time after it was first issued is new. */
const newForMs = 60_000
const maxNewRefusals = 2
export const refusalPauseMs = 5 * 60_000
const maxPlaces = 256

interface Place {
  /** New tokens refused in a row. */
  readonly newRefusals: number
  readonly lastRefused: string
  readonly pausedUntil: EpochMs
}

/** `replace`: serve another token. `pause`: go on serving this one, and ignore further reports for a while. `ignore`: paused. */
export type RefusalVerdict = 'replace' | 'pause' | 'ignore'

export class RefusalGuard {
  readonly #places = new Map<string, Place>()

  /** `host`: of the server that refused. `issuedAt`: when the token was first issued, undefined if it was not issued by this agent. */
  refused(host: string, digest: string, issuedAt: EpochMs | undefined, now: EpochMs): RefusalVerdict {
    const before = this.#places.get(host)
    // After the clock was set back, a pause lasts no longer than it was meant to.
    const isPaused = before !== undefined && before.pausedUntil > now && before.pausedUntil <= now + refusalPauseMs
    if (isPaused) return 'ignore'
    if (before?.lastRefused === digest) return 'replace'
    const isNew = issuedAt !== undefined && now - issuedAt < newForMs
    const newRefusals = isNew ? (before?.newRefusals ?? 0) + 1 : 0
    const isPauseDue = newRefusals >= maxNewRefusals
    this.#places.delete(host)
    this.#places.set(host, {
      newRefusals: isPauseDue ? 0 : newRefusals,
      lastRefused: digest,
      pausedUntil: isPauseDue ? now + refusalPauseMs : 0,
    })
    keepNewest(this.#places, maxPlaces)
    return isPauseDue ? 'pause' : 'replace'
  }

  /** The server accepted a token. */
  accepted(host: string): void {
    this.#places.delete(host)
  }
}
