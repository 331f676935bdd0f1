// The callers that wait for a token of one session. Only session-runner.ts uses it.

import { Failure } from '../../core/failures.ts'
import type { Clock } from '../../core/ports.ts'
import { isServable, remaining } from '../../core/session/schedule.ts'
import { sameTarget } from '../../core/session/scope.ts'
import type { AccessToken, LiveSession, Target } from '../../core/session/session.ts'
import { decide, type Decision, findToken } from '../../core/session/tokens.ts'

interface Waiter {
  readonly target: Target
  /** Milliseconds. */
  readonly minTtl: number | undefined
  readonly resolve: (token: AccessToken) => void
  readonly reject: (failure: Failure) => void
  cancelTimer: () => void
}

interface WaitersPorts {
  readonly profile: string
  readonly clock: Clock
  readonly session: () => LiveSession
}

/** How long a caller with a live token waits for one with more remaining lifetime. */
const maxWaitForMoreMs = 5_000

export class Waiters {
  readonly #ports: WaitersPorts
  readonly #waiters = new Set<Waiter>()

  constructor(ports: WaitersPorts) {
    this.#ports = ports
  }

  /** Resolves when `answer` or `reconsider` has a token for it. `minTtl` in ms. Rejects with a Failure. */
  add(target: Target, minTtl: number | undefined): Promise<AccessToken> {
    const { promise, resolve, reject } = Promise.withResolvers<AccessToken>()
    const waiter: Waiter = { target, minTtl, resolve, reject, cancelTimer: () => {} }
    this.#waiters.add(waiter)
    this.#serveLiveTokenAfterTimeout(waiter)
    return promise
  }

  /** The result of a refresh, for all that wait for its target. */
  answer(target: Target, outcome: AccessToken | Failure): void {
    for (const waiter of this.#waiters) if (sameTarget(waiter.target, target)) this.#answer(waiter, outcome)
  }

  /** Decides anew for each waiter after a refresh has ended; `refresh` is called with a target that still needs one. */
  reconsider(refresh: (target: Target) => void): void {
    for (const waiter of this.#waiters) {
      const decision = this.#decide(waiter)
      if (decision.kind === 'refresh') refresh(waiter.target)
      if (decision.kind === 'serve' || decision.kind === 'fail') this.#remove(waiter)
      if (decision.kind === 'serve') waiter.resolve(decision.token)
      if (decision.kind === 'fail') waiter.reject(decision.failure)
    }
  }

  rejectAll(failure: Failure): void {
    for (const waiter of this.#waiters) {
      this.#remove(waiter)
      waiter.reject(failure)
    }
  }

  /** R7: a server that hangs does not block a caller that has a live token and requires one with more lifetime. */
  #serveLiveTokenAfterTimeout(waiter: Waiter): void {
    if (this.#liveToken(waiter) === undefined) return
    waiter.cancelTimer = this.#ports.clock.after(maxWaitForMoreMs, () => {
      const token = this.#liveToken(waiter)
      if (token !== undefined && this.#waiters.delete(waiter)) waiter.resolve(token)
    })
  }

  #liveToken({ target }: Waiter): AccessToken | undefined {
    const { session, clock } = this.#ports
    const state = session()
    const token = state.kind === 'absent' ? undefined : findToken(state.record, target)
    return token !== undefined && isServable(token, clock.now()) ? token : undefined
  }

  #answer(waiter: Waiter, outcome: AccessToken | Failure): void {
    // The machine may have slept during the write: `reconsider` refreshes for a token that has expired meanwhile (R8).
    if (!(outcome instanceof Failure) && remaining(outcome, this.#ports.clock.now()) <= 0) return
    this.#remove(waiter)
    if (!(outcome instanceof Failure)) return waiter.resolve(outcome)
    // A live token with less lifetime than required is better than a failure, whether or not a retry is due already (R7).
    const token = this.#liveToken(waiter)
    return token === undefined ? waiter.reject(outcome) : waiter.resolve(token)
  }

  #decide({ target, minTtl }: Waiter): Decision {
    const { session, profile, clock } = this.#ports
    return decide(session(), profile, target, minTtl, clock.now())
  }

  #remove(waiter: Waiter): void {
    this.#waiters.delete(waiter)
    waiter.cancelTimer()
  }
}
