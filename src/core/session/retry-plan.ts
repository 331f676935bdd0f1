// When a failed refresh is tried again, and whether the refresh token may have been spent (R4, R7).

import type { Failure } from '../failures.ts'
import { backOff, isFromTheFuture, primaryToken, servableUntil } from './schedule.ts'
import type { EpochMs, RetryPlan, SessionRecord } from './session.ts'

/** A caller without a live token waits at most this long before it causes a retry: a network that is back is soon noticed. */
const maxCallerPauseMs = 5_000
/** Upper limit of a server's Retry-After: some write milliseconds, and a wrong value must not block callers for hours (N15). */
const maxRetryAfterMs = 15 * 60_000
/** The last quarter of a grace period, at most this, is left for the request to reach the server. */
const maxTransitMs = 5_000

/** The refresh token was not spent. */
export function planRetry(record: SessionRecord, failure: Failure, attempts: number, now: EpochMs): RetryPlan {
  const pause = backOff(attempts, record.profile)
  const { retryAfter } = failure.details
  const plan = { failure, attempts, failedAt: now, ambiguous: false } as const
  if (retryAfter === undefined) return { ...plan, retryAt: now + pause, notBefore: now + Math.min(pause, maxCallerPauseMs) }
  const retryAt = now + Math.min(Math.max(retryAfter * 1000, pause), maxRetryAfterMs)
  return { ...plan, retryAt, notBefore: now + Math.min(retryAfter * 1000, maxRetryAfterMs) }
}

/**
 * The refresh token may have been spent. Within a known grace period of the server it is sent again at once: the server
 * then repeats its answer. Otherwise it is not sent while a live access token can be served; after that it is tried.
 */
export function planAmbiguousRetry(
  record: SessionRecord,
  failure: Failure,
  attempts: number,
  now: EpochMs,
  replayGrace: number,
): RetryPlan {
  const pause = attempts === 0 ? 0 : backOff(attempts, record.profile)
  const plan = { failure, attempts, failedAt: now, ambiguous: true } as const
  const replayUntil = endOfGrace(record, replayGrace, now)
  if (now < replayUntil) {
    // One more attempt just before the end is worth more than one after it.
    const retryAt = Math.min(now + pause, Math.max(now, replayUntil - 1))
    return { ...plan, replayUntil, retryAt, notBefore: Math.min(retryAt, now + maxCallerPauseMs) }
  }
  const served = servedUntil(record, now)
  return {
    ...plan,
    retryAt: Math.max(served, now + pause),
    notBefore: Math.max(served, now + Math.min(pause, maxCallerPauseMs)),
  }
}

/** Until when the access token can be served in place of a refresh; `now` if it cannot, or if its end is not known. */
export function servedUntil(record: SessionRecord, now: EpochMs): EpochMs {
  const token = primaryToken(record)
  return token === undefined || isFromTheFuture(token.obtainedAt, now) ? now : Math.max(now, servableUntil(token) ?? now)
}

/** The server counts from its first answer, which cannot precede the intent (if that was dated by a clock that was right). */
function endOfGrace({ intent }: SessionRecord, replayGrace: number, now: EpochMs): EpochMs {
  if (intent === undefined || replayGrace === 0 || isFromTheFuture(intent.at, now)) return -Infinity
  return intent.at + replayGrace - Math.min(maxTransitMs, replayGrace / 4)
}
