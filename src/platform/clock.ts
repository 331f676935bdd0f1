// The wall clock and its timers.

import type { Clock } from '../core/ports.ts'

/** setTimeout fires at once if its delay is longer than this. */
const maxDelayMs = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delay, callback) => {
    const timer = setTimeout(callback, Math.min(delay, maxDelayMs))
    return () => clearTimeout(timer)
  },
}
