// The wall clock and its timers.

import type { Clock } from '../core/ports.ts'

/** setTimeout takes a longer delay for none at all. */
const maxDelay = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delay, callback) => {
    const timer = setTimeout(callback, Math.min(delay, maxDelay))
    return () => clearTimeout(timer)
  },
}
