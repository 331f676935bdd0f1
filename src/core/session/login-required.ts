// When a refused refresh token is tried again (R18). One refusal is not always the last word: conditional access, a policy or a
// replica that is behind may pass. A token that is really dead costs a few requests, at a slowing pace, and then none.

import { defined } from '../util/defined.ts'
import { servedUntil } from './retry-plan.ts'
import { isFromTheFuture, isRenewable } from './schedule.ts'
import type { EpochMs, LoginReason, LoginRequired, SessionRecord } from './session.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute

/** After the first, second ... refusal in a row; after the last one it is not tried again by itself. */
const pauses: readonly number[] = [30 * second, 2 * minute, 10 * minute, hour, 6 * hour, 24 * hour]
/** If the server's reason may pass; the last one repeats. */
const pausesIfItMayPass: readonly number[] = [15 * second, minute, 5 * minute, 15 * minute, hour]

export function loginRequiredState(record: SessionRecord, reason: LoginReason, now: EpochMs, notBefore = 0): LoginRequired {
  const pause = isRenewable(record) ? pauseAfter(reason) : undefined
  // A refusal dated by a clock that was set back since counts from now.
  const from = isFromTheFuture(reason.at, now) ? now : reason.at
  // A live token comes first: to send the refresh token again may end it (R4).
  const retryAt = pause === undefined ? undefined : Math.max(from + pause, notBefore, servedUntil(record, now))
  return { kind: 'login_required', record, reason, since: now, ...defined({ retryAt }) }
}

function pauseAfter({ refusals, mayPass }: LoginReason): number | undefined {
  if (refusals === undefined) return undefined
  return mayPass === true ? (pausesIfItMayPass[refusals - 1] ?? hour) : pauses[refusals - 1]
}

/** Whether the refresh token is tried again now. */
export const isRetryDue = ({ retryAt, since }: LoginRequired, now: EpochMs): boolean =>
  retryAt !== undefined && (now >= retryAt || isFromTheFuture(since, now))
