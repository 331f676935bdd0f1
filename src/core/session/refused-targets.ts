// Targets that the server has refused (R17): a request for one of them fails at once and causes no request to the server.

import { Failure } from '../failures.ts'
import { isFromTheFuture } from './schedule.ts'
import { sameTarget } from './scope.ts'
import type { EpochMs, RefusedTarget, SessionRecord, Target } from './session.ts'

const minute = 60_000
const maxPauseMs = 60 * minute
/** Bounds the size of a record: beyond this number the oldest are forgotten. */
const maxRemembered = 32

/** How long a target is not requested again: 1, 2, 4 ... minutes, at most an hour. */
const pauseMs = (attempts: number): number => Math.min(2 ** Math.min(attempts - 1, 10) * minute, maxPauseMs)

/** The failure for a request for this target; undefined if the server may be asked. */
export function refusedTarget(
  { profile, refusedTargets = [] }: Pick<SessionRecord, 'profile' | 'refusedTargets'>,
  target: Target,
  now: EpochMs,
): Failure | undefined {
  const refused = refusedTargets.find((each) => sameTarget(each.target, target))
  if (refused === undefined || isFromTheFuture(refused.at, now)) return undefined
  const left = refused.at + pauseMs(refused.attempts) - now
  if (left <= 0) return undefined
  return new Failure(refused.code, refused.text, { profile, retryAfter: Math.ceil(left / 1000) })
}

export function withRefusedTarget(
  record: SessionRecord,
  target: Target,
  failure: Failure,
  now: EpochMs,
): readonly RefusedTarget[] {
  const { refusedTargets = [] } = record
  const attempts = (refusedTargets.find((each) => sameTarget(each.target, target))?.attempts ?? 0) + 1
  const others = refusedTargets.filter((each) => !sameTarget(each.target, target))
  return [...others, { target, at: now, attempts, code: failure.code, text: failure.message }].slice(-maxRemembered)
}

/** The server has issued a token for it. Undefined if none is left. */
export function withoutRefusedTarget(record: SessionRecord, target: Target): readonly RefusedTarget[] | undefined {
  const left = (record.refusedTargets ?? []).filter((each) => !sameTarget(each.target, target))
  return left.length === 0 ? undefined : left
}
