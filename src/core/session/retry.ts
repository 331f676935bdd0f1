// What a failed refresh means for the next one: when to try again, and whether the refresh token may have been spent (R4, R7).

import type { Failure } from '../failures.ts'
import { backOff, isFromTheFuture, primaryToken } from './schedule.ts'
import type { EpochMs, SessionRecord, Trouble } from './session.ts'

/** A caller in need need not wait for the timer: a network that is back is noticed within this. */
const patience = 5_000
/** However long a server asks to wait. */
const maxRetryAfter = 24 * 3_600_000
/** Of a grace period, what is left for the request to reach the server: a quarter, at most this. */
const maxTransit = 5_000

/** The refresh token is as good as it was. */
export function definiteTrouble(record: SessionRecord, failure: Failure, attempts: number, now: EpochMs): Trouble {
  const pause = backOff(attempts, record.profile)
  const asked = failure.details.retryAfter
  const kind = { failure, attempts, at: now, ambiguous: false } as const
  if (asked === undefined) return { ...kind, retryAt: now + pause, notBefore: now + Math.min(pause, patience) }
  const retryAt = now + Math.min(Math.max(asked * 1000, pause), maxRetryAfter)
  return { ...kind, retryAt, notBefore: now + Math.min(asked * 1000, maxRetryAfter) }
}

/**
 * The refresh token may have been spent. Within a known grace period of the server it is sent again at once: the answer is
 * then had after all. Otherwise it is not, while a live access token can be served; then it is tried.
 */
export function ambiguousTrouble(
  record: SessionRecord,
  failure: Failure,
  attempts: number,
  now: EpochMs,
  replayGrace: number,
): Trouble {
  const pause = attempts === 0 ? 0 : backOff(attempts, record.profile)
  const kind = { failure, attempts, at: now, ambiguous: true } as const
  const replayUntil = endOfGrace(record, replayGrace, now)
  if (now < replayUntil) {
    // One more try just before the end is worth more than one after it.
    const retryAt = Math.min(now + pause, Math.max(now, replayUntil - 1))
    return { ...kind, replayUntil, retryAt, notBefore: Math.min(retryAt, now + patience) }
  }
  const served = servedUntil(record, now)
  return { ...kind, retryAt: Math.max(served, now + pause), notBefore: Math.max(served, now + Math.min(pause, patience)) }
}

/** How long the access token can stand in for a refresh; `now` where it cannot, or where nobody knows what is left of it. */
export function servedUntil(record: SessionRecord, now: EpochMs): EpochMs {
  const token = primaryToken(record)
  return token === undefined || isFromTheFuture(token.obtainedAt, now) ? now : Math.max(now, token.expiresAt ?? now)
}

/** The server counts from its first answer, which cannot have come before the intent was written (by a clock that is not ahead). */
function endOfGrace({ intent }: SessionRecord, replayGrace: number, now: EpochMs): EpochMs {
  if (intent === undefined || replayGrace === 0 || isFromTheFuture(intent.at, now)) return -Infinity
  return intent.at + replayGrace - Math.min(maxTransit, replayGrace / 4)
}
