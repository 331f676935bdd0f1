// One session while the agent runs: carries out the effects of core/session/transitions.ts one after the other, and answers the
// callers who wait. It decides nothing itself; Sessions (sessions.ts) is its only user.

import { createHash } from 'node:crypto'
import { Failure, asFailure } from '../../core/failures.ts'
import { renewedBy } from '../../core/grant.ts'
import type { AuthorizationServer, Clock, HeldLock, SessionLock, TokenOutcome } from '../../core/ports.ts'
import { primaryToken, remaining, wakeAt } from '../../core/session/schedule.ts'
import type { AccessToken, EpochMs, LiveSession, LoginReason, SessionRecord, Target } from '../../core/session/session.ts'
import { canonicalTarget, decide, findToken, latest, withRefused } from '../../core/session/tokens.ts'
import { sameTarget } from '../../core/session/scope.ts'
import type { Effect, Event, Notice } from '../../core/session/steps.ts'
import { resume, transition } from '../../core/session/transitions.ts'
import { defined } from '../../core/util/defined.ts'
import { SessionStore } from './session-store.ts'

export interface SessionPorts {
  readonly clock: Clock
  readonly store: SessionStore
  readonly lock: SessionLock
  /** The server of the profile as it is configured now; throws when that is not the record's (P5). */
  readonly server: (record: SessionRecord) => Promise<AuthorizationServer>
  /** ms of the server's known grace period, as the profile has it now (R4). */
  readonly replayGrace: () => number
  readonly notify: (notice: Notice) => void
  /** The state, and with it the next wake, has changed. */
  readonly changed: () => void
  /** Told before and after each effect; tests kill the agent there. */
  readonly atFault?: (place: string) => void
}

interface Waiter {
  readonly target: Target
  /** Milliseconds. */
  readonly minTtl: number | undefined
  readonly resolve: (token: AccessToken) => void
  readonly reject: (failure: Failure) => void
  /** Of the timer after which less is taken. */
  cancel: () => void
}

/** How long a refresh waits for another agent's, in ms: longer than that one's own time-outs. */
const lockTimeout = 45_000
/** How long a caller waits for more life than the live token has, in ms. */
const maxInsistence = 5_000

export class LiveSessionRunner {
  readonly profile: string
  readonly #ports: SessionPorts
  readonly #waiters = new Set<Waiter>()
  #state: LiveSession
  /** The chain of effects under way, if one is. */
  #running: Promise<void> | undefined
  #abort = new AbortController()
  #held: HeldLock | undefined

  constructor(profile: string, record: SessionRecord | undefined, ports: SessionPorts) {
    this.profile = profile
    this.#ports = ports
    this.#state = record === undefined ? absent('never_logged_in', 'nobody has logged in yet', 0) : this.#resume(record)
  }

  get state(): LiveSession {
    return this.#state
  }

  get isBusy(): boolean {
    return this.#running !== undefined
  }

  /** A token for the target, from the cache or by one refresh shared by all who ask (R1). `minTtl` in ms. Throws a Failure. */
  token(wanted: Target, minTtl: number | undefined): AccessToken | Promise<AccessToken> {
    const target = this.#state.kind === 'absent' ? wanted : canonicalTarget(this.#state.record, wanted)
    const decision = decide(this.#state, this.profile, target, minTtl, this.#ports.clock.now())
    switch (decision.kind) {
      case 'serve':
        if (decision.refreshAhead) this.#refresh(decision.token.target)
        return decision.token
      case 'fail':
        throw decision.failure
      case 'refresh':
      case 'wait':
        return new Promise((resolve, reject) => {
          const waiter: Waiter = { target, minTtl, resolve, reject, cancel: () => {} }
          this.#waiters.add(waiter)
          this.#settleForLess(waiter)
          if (decision.kind === 'refresh') this.#refresh(target)
        })
    }
  }

  /** R7: who insists on more life than the token has is not kept waiting by a server that hangs. */
  #settleForLess(waiter: Waiter): void {
    const { clock } = this.#ports
    const live = (): AccessToken | undefined => {
      const token = this.#state.kind === 'absent' ? undefined : findToken(this.#state.record, waiter.target)
      return token !== undefined && remaining(token, clock.now()) > 0 ? token : undefined
    }
    if (live() === undefined) return
    waiter.cancel = clock.after(maxInsistence, () => {
      const token = live()
      if (token !== undefined && this.#waiters.delete(waiter)) waiter.resolve(token)
    })
  }

  #forget(waiter: Waiter): void {
    this.#waiters.delete(waiter)
    waiter.cancel()
  }

  /** A server has refused this access token. Whether it was one of this session's. */
  refused(value: string): boolean {
    const state = this.#state
    if (state.kind === 'absent' || !state.record.accessTokens.some((token) => token.value.reveal() === value)) return false
    // While a refresh is under way a newer one comes anyway.
    if (this.#running === undefined && (state.kind === 'active' || state.kind === 'troubled')) {
      this.#state = { ...state, record: withRefused(state.record, value, this.#ports.clock.now()) }
      this.#ports.changed()
    }
    return true
  }

  /** Another agent over the same home may have logged in since: looks at the store before a caller is told to. */
  async reload(): Promise<void> {
    if (this.#running !== undefined || (this.#state.kind !== 'absent' && this.#state.kind !== 'login_required')) return
    const stored = await this.#ports.store.loadDurable(this.profile)
    if (this.#running !== undefined || stored === undefined) return
    if (this.#state.kind === 'login_required' && latest(this.#state.record, stored) === this.#state.record) return
    this.#state = this.#resume(stored)
    this.#ports.changed()
  }

  /** When the session next needs `wake`, by the wall clock. */
  wakeAt(refreshesAhead: boolean): EpochMs | undefined {
    return this.#running === undefined ? wakeAt(this.#state, refreshesAhead, this.#ports.clock.now()) : undefined
  }

  /** Does what is due: a refresh ahead of expiry, a retry, or saving what could not be saved. */
  wake(): void {
    if (this.#state.kind === 'unsaved') this.#start({ type: 'wake' })
    else if (this.#state.kind === 'active' || this.#state.kind === 'troubled') {
      this.#refresh(primaryToken(this.#state.record)?.target ?? {})
    }
  }

  /** Replaces the session by a new login's. Durable when it resolves; callers who waited are answered from it. */
  async replace(record: Omit<SessionRecord, 'generation'>): Promise<SessionRecord> {
    return this.#alone(async () => {
      const latest = await this.#ports.store.latestGeneration(this.profile, this.#ports.clock.now())
      const known = this.#state.kind === 'absent' ? 0 : this.#state.record.generation
      const next = { ...record, generation: Math.max(latest, known) + 1 }
      await this.#ports.store.save(next)
      this.#state = { kind: 'active', record: next }
      return next
    })
  }

  /** Deletes the session; `before` runs while it is still there, under the lock. */
  async remove(before: (record: SessionRecord | undefined) => Promise<void>): Promise<void> {
    await this.#alone(async () => {
      await before(this.#newestHeld())
      await this.#ports.store.remove(this.profile)
      this.#state = absent('logged_out', 'it was logged out', this.#ports.clock.now())
    })
  }

  /** Deletes the session of one login, which is over, unless somebody has logged in anew: then it resolves to false. */
  async end(
    loggedInAt: EpochMs,
    reason: LoginReason,
    before: (record: SessionRecord | undefined) => Promise<void>,
  ): Promise<boolean> {
    return this.#alone(async () => {
      const held = this.#newestHeld()
      const stored = await this.#ports.store.loadDurable(this.profile)
      const newest = held === undefined || stored === undefined ? (held ?? stored) : latest(held, stored)
      if (newest?.loggedInAt !== loggedInAt) {
        if (newest !== undefined && newest !== held) this.#state = this.#resume(newest)
        return false
      }
      await before(newest)
      await this.#ports.store.remove(this.profile)
      this.#state = { kind: 'absent', reason }
      return true
    })
  }

  #newestHeld(): SessionRecord | undefined {
    if (this.#state.kind === 'absent') return undefined
    return this.#state.kind === 'unsaved' ? this.#state.next : this.#state.record
  }

  /** Stops what is under way and resolves when nothing is. What was rotated is saved first. */
  async stop(): Promise<void> {
    await this.#running
    if (this.#state.kind === 'unsaved') {
      this.#start({ type: 'wake' })
      await this.#running
    }
  }

  /** Ends a request that hangs; its outcome is then ambiguous. */
  interrupt(): void {
    this.#abort.abort()
  }

  /** Everybody who waits gets this. */
  dismiss(failure: Failure): void {
    for (const waiter of this.#waiters) {
      this.#forget(waiter)
      waiter.reject(failure)
    }
  }

  /** Runs `work` under the session's lock with no refresh under way; one that is gets cut short. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    while (this.#running !== undefined) {
      this.#abort.abort()
      await this.#running
    }
    const result = this.#underLock(work)
    this.#running = result.then(
      () => undefined,
      () => undefined,
    )
    try {
      return await result
    } finally {
      this.#finished()
    }
  }

  async #underLock<T>(work: () => Promise<T>): Promise<T> {
    this.#abort = new AbortController()
    await this.#takeLock()
    try {
      return await work()
    } finally {
      if (this.#state.kind !== 'unsaved') await this.#releaseLock()
    }
  }

  #resume(record: SessionRecord): LiveSession {
    return resume(record, this.#ports.clock.now(), this.#ports.replayGrace())
  }

  #refresh(target: Target): void {
    this.#start({ type: 'refresh', target, replayGrace: this.#ports.replayGrace() })
  }

  #start(event: Event): void {
    if (this.#running !== undefined) return
    this.#abort = new AbortController()
    this.#running = this.#run(event).then(
      () => this.#finished(),
      (error: unknown) => {
        this.#finished()
        this.dismiss(asFailure(error))
      },
    )
    this.#ports.changed()
  }

  #finished(): void {
    this.#running = undefined
    for (const waiter of this.#waiters) this.#reconsider(waiter)
    this.#ports.changed()
  }

  async #run(first: Event): Promise<void> {
    let event: Event | undefined = first
    while (event !== undefined) {
      const step = transition(this.#state, event, this.#ports.clock.now())
      this.#state = step.session
      event = undefined
      for (const effect of step.effects) {
        this.#ports.atFault?.(`before ${effect.type}`)
        event = (await this.#perform(effect)) ?? event
        this.#ports.atFault?.(`after ${effect.type}`)
      }
    }
  }

  /** Carries one effect out; what comes of it is the next event. */
  async #perform(effect: Effect): Promise<Event | undefined> {
    const { store } = this.#ports
    switch (effect.type) {
      case 'acquire_lock':
        try {
          await this.#takeLock()
          return { type: 'lock_acquired', ...(await this.#read()) }
        } catch (error) {
          await this.#releaseLock()
          return { type: 'lock_failed', failure: asFailure(error) }
        }
      case 'release_lock':
        await this.#releaseLock()
        return undefined
      case 'save':
        try {
          // Taken again if it was lost: what another agent has written meanwhile then stands in the way.
          await this.#takeLock()
          await store.save(effect.record)
          return { type: 'saved' }
        } catch (error) {
          return { type: 'save_failed', failure: asFailure(error) }
        }
      case 'post':
        return this.#post(effect.record, effect.target)
      case 'read':
        try {
          return { type: 'checked', ...(await this.#read()) }
        } catch {
          // Unreadable just now: the record in hand is what was durable a moment ago.
          return this.#state.kind === 'refreshing'
            ? { type: 'checked', stored: this.#state.record, digest: digest(this.#state.record) }
            : undefined
        }
      case 'answer':
        for (const waiter of this.#waiters) if (sameTarget(waiter.target, effect.target)) this.#answer(waiter, effect.outcome)
        return undefined
      case 'notify':
        this.#ports.notify(effect.notice)
        return undefined
    }
  }

  async #post(record: SessionRecord, target: Target): Promise<Event> {
    try {
      const server = await this.#ports.server(record)
      if ((await this.#held?.isHeld()) !== true) {
        throw new Failure('lock_timeout', 'the lock over this session was lost before the refresh was sent')
      }
      const { refreshToken, identity } = record
      const { signal } = this.#abort
      let outcome: TokenOutcome
      if (renewedBy(record.grant) === 'grant') outcome = await server.renewByGrant(record.grant, target, signal)
      else if (refreshToken !== undefined) outcome = await server.refresh(defined({ refreshToken, target, identity }), signal)
      else throw new Failure('login_required', 'the session has no refresh token', { profile: record.profile })
      return outcome.kind === 'tokens' ? { type: 'tokens', response: outcome.response } : { type: 'refused', refusal: outcome }
    } catch (error) {
      // The port tells outcomes; a throw comes from before the request: the configuration or the client secret.
      return { type: 'refused', refusal: { kind: 'not_sent', failure: asFailure(error) } }
    }
  }

  async #read(): Promise<{ stored: SessionRecord | undefined; digest: string | undefined }> {
    const stored = await this.#ports.store.loadDurable(this.profile)
    const held = this.#state.kind === 'absent' ? undefined : this.#state.record
    const newer = stored === undefined || held === undefined ? (stored ?? held) : latest(held, stored)
    return { stored, digest: newer === undefined ? undefined : digest(newer) }
  }

  async #takeLock(): Promise<void> {
    if ((await this.#held?.isHeld()) === true) return
    await this.#releaseLock()
    this.#held = await this.#ports.lock.acquire(SessionStore.lockId(this.profile), lockTimeout, this.#abort.signal)
  }

  async #releaseLock(): Promise<void> {
    const held = this.#held
    this.#held = undefined
    await held?.release()
  }

  #answer(waiter: Waiter, outcome: AccessToken | Failure): void {
    // The machine may have slept while it was saved: a token that has expired meanwhile is asked for anew (R8).
    if (!(outcome instanceof Failure) && remaining(outcome, this.#ports.clock.now()) <= 0) return
    this.#forget(waiter)
    if (!(outcome instanceof Failure)) return waiter.resolve(outcome)
    const decision = decide(this.#state, this.profile, waiter.target, waiter.minTtl, this.#ports.clock.now())
    return decision.kind === 'serve' ? waiter.resolve(decision.token) : waiter.reject(outcome)
  }

  /** Those who wait for another target than the one just refreshed are next. */
  #reconsider(waiter: Waiter): void {
    const decision = decide(this.#state, this.profile, waiter.target, waiter.minTtl, this.#ports.clock.now())
    if (decision.kind === 'refresh') this.#refresh(waiter.target)
    if (decision.kind === 'serve' || decision.kind === 'fail') this.#forget(waiter)
    if (decision.kind === 'serve') waiter.resolve(decision.token)
    if (decision.kind === 'fail') waiter.reject(decision.failure)
  }
}

const absent = (code: LoginReason['code'], text: string, at: EpochMs): LiveSession => ({
  kind: 'absent',
  reason: { code, text, at },
})

const digest = (record: SessionRecord): string | undefined =>
  record.refreshToken === undefined ? undefined : createHash('sha256').update(record.refreshToken.reveal()).digest('base64url')
