// One session while the agent runs: its state, the effects of core/session/transitions.ts carried out one after the other, and
// the callers that wait. It makes no decisions itself. Sessions (sessions.ts) creates it; logins and logouts replace its session.

import { asFailure, Failure } from '../../core/failures.ts'
import type { Clock } from '../../core/ports.ts'
import { resume } from '../../core/session/resume.ts'
import { isServable, primaryToken, wakeAt } from '../../core/session/schedule.ts'
import type { AccessToken, EpochMs, LiveSession, LoginReason, SessionRecord, Target } from '../../core/session/session.ts'
import type { Effect, Event, Notice } from '../../core/session/steps.ts'
import { canonicalTarget, decide, findToken, latest, withRefused } from '../../core/session/tokens.ts'
import { transition } from '../../core/session/transitions.ts'
import { type EffectPorts, SessionEffects } from './session-effects.ts'
import { Waiters } from './waiters.ts'

export interface SessionPorts extends EffectPorts {
  readonly clock: Clock
  /** The known grace period of the profile's server in ms, as configured now (R4). */
  readonly replayGrace: () => number
  readonly notify: (notice: Notice) => void
  /** The state, and with it the time of the next wake, has changed. */
  readonly changed: () => void
  /** Called before and after each effect; tests kill the agent there. */
  readonly atFault?: (place: string) => void
}

interface Replacement {
  readonly record: SessionRecord
  readonly replaced: SessionRecord | undefined
}

export class LiveSessionRunner {
  readonly profile: string
  readonly #ports: SessionPorts
  readonly #effects: SessionEffects
  readonly #waiters: Waiters
  #state: LiveSession
  /** The work under way: a series of effects, a login or a logout. */
  #running: Promise<void> | undefined

  constructor(profile: string, record: SessionRecord | undefined, ports: SessionPorts) {
    this.profile = profile
    this.#ports = ports
    this.#effects = new SessionEffects(profile, ports)
    this.#waiters = new Waiters({ profile, clock: ports.clock, session: () => this.#state })
    this.#state = record === undefined ? absent('never_logged_in', 'no login yet', 0) : this.#resume(record)
  }

  get state(): LiveSession {
    return this.#state
  }

  /**
   * A token for the target, from the cache or by one refresh shared by all callers (R1). `minTtl` in ms. `mayRefresh`: whether this
   * caller may have one begun; otherwise a live token has to do (S4). Throws a Failure.
   */
  token(requested: Target, minTtl: number | undefined, mayRefresh?: () => boolean): AccessToken | Promise<AccessToken> {
    const target = this.#state.kind === 'absent' ? requested : canonicalTarget(this.#state.record, requested)
    const decision = decide(this.#state, this.profile, target, minTtl, this.#ports.clock.now())
    switch (decision.kind) {
      case 'serve':
        if (decision.refreshAhead) this.#refresh(decision.token.target)
        return decision.token
      case 'fail':
        throw decision.failure
      case 'wait':
        return this.#waiters.add(target, minTtl)
      case 'refresh': {
        if (mayRefresh?.() === false) return this.#liveToken(target)
        const token = this.#waiters.add(target, minTtl)
        this.#refresh(target)
        return token
      }
    }
  }

  /** Throws too_many_requests if there is none. */
  #liveToken(target: Target): AccessToken {
    const token = this.#state.kind === 'absent' ? undefined : findToken(this.#state.record, target)
    if (token !== undefined && isServable(token, this.#ports.clock.now())) return token
    throw tooManyRefreshes(this.profile)
  }

  /** A resource server has refused this access token. Returns whether it was one of this session's. */
  refused(value: string): boolean {
    const state = this.#state
    if (state.kind === 'absent' || !state.record.accessTokens.some((token) => token.value.reveal() === value)) return false
    // A refresh that is under way brings a newer one anyway.
    if (this.#running === undefined && (state.kind === 'active' || state.kind === 'backing_off')) {
      this.#state = { ...state, record: withRefused(state.record, value, this.#ports.clock.now()) }
      this.#ports.changed()
    }
    return true
  }

  /** Reads the store before a caller is told to log in: another agent over the same home folder may have logged in. */
  async reload(): Promise<void> {
    if (this.#running !== undefined || (this.#state.kind !== 'absent' && this.#state.kind !== 'login_required')) return
    const stored = await this.#ports.store.loadDurable(this.profile)
    if (this.#running !== undefined || stored === undefined) return
    if (this.#state.kind === 'login_required' && latest(this.#state.record, stored) === this.#state.record) return
    this.#state = this.#resume(stored)
    this.#ports.changed()
  }

  /** When `wake` is next needed, by the wall clock. */
  wakeAt(refreshesAhead: boolean): EpochMs | undefined {
    return this.#running === undefined ? wakeAt(this.#state, refreshesAhead, this.#ports.clock.now()) : undefined
  }

  /** Does what is due: a refresh ahead of expiry, a retry, or a further attempt to save. */
  wake(): void {
    if (this.#state.kind === 'unsaved') this.#start({ type: 'wake' })
    else if (this.#state.kind !== 'absent') this.#refresh(this.#primaryTarget())
  }

  /** Refreshes now, whatever was planned (`authsock retry`). Resolves when that has ended; `state` says how. */
  async retry(): Promise<void> {
    await this.reload()
    await this.#idle()
    if (this.#state.kind === 'unsaved') this.#start({ type: 'wake' })
    else if (this.#state.kind !== 'absent') this.#refresh(this.#primaryTarget(), true)
    await this.#idle()
  }

  async #idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  #primaryTarget(): Target {
    return this.#state.kind === 'absent' ? {} : (primaryToken(this.#state.record)?.target ?? {})
  }

  /**
   * Replaces the session by that of a new login. Durable when it resolves; waiting callers are answered from it. `replaced`: the
   * session before, if it can be read.
   */
  async replace(record: Omit<SessionRecord, 'generation'>): Promise<Replacement> {
    return this.#exclusively(async () => {
      const held = this.#newestHeld()
      const stored = await this.#ports.store.loadDurable(this.profile).catch(() => undefined)
      const replaced = held === undefined || stored === undefined ? (held ?? stored) : latest(held, stored)
      const newest = await this.#ports.store.latestGeneration(this.profile, this.#ports.clock.now())
      const known = this.#state.kind === 'absent' ? 0 : this.#state.record.generation
      const next = { ...record, generation: Math.max(newest, known) + 1 }
      await this.#ports.store.save(next)
      this.#state = { kind: 'active', record: next }
      return { record: next, replaced }
    })
  }

  /** Deletes the session; `before` runs under the lock while it still exists. */
  async remove(before: (record: SessionRecord | undefined) => Promise<void>): Promise<void> {
    await this.#exclusively(async () => {
      await before(this.#newestHeld())
      await this.#ports.store.remove(this.profile)
      this.#state = absent('logged_out', 'it was logged out', this.#ports.clock.now())
    })
  }

  /** Deletes the session of one login that has ended. Resolves to false if there is a newer login. */
  async end(
    loggedInAt: EpochMs,
    reason: LoginReason,
    before: (record: SessionRecord | undefined) => Promise<void>,
  ): Promise<boolean> {
    return this.#exclusively(async () => {
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

  /** Resolves when nothing is under way. What the server has rotated is saved first. */
  async stop(): Promise<void> {
    await this.#running
    if (this.#state.kind === 'unsaved') {
      this.#start({ type: 'wake' })
      await this.#running
    }
  }

  /** Ends a request that hangs; its outcome is then ambiguous. */
  interrupt(): void {
    this.#effects.interrupt()
  }

  /** Every waiting caller gets this failure. */
  rejectWaiting(failure: Failure): void {
    this.#waiters.rejectAll(failure)
  }

  #newestHeld(): SessionRecord | undefined {
    if (this.#state.kind === 'absent') return undefined
    return this.#state.kind === 'unsaved' ? this.#state.next : this.#state.record
  }

  /** Runs `work` under the session's lock with no refresh under way; one that is gets interrupted. */
  async #exclusively<T>(work: () => Promise<T>): Promise<T> {
    while (this.#running !== undefined) {
      this.#effects.interrupt()
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
    this.#effects.begin()
    await this.#effects.takeLock()
    try {
      return await work()
    } finally {
      if (this.#state.kind !== 'unsaved') await this.#effects.releaseLock()
    }
  }

  #resume(record: SessionRecord): LiveSession {
    return resume(record, this.#ports.clock.now(), this.#ports.replayGrace())
  }

  #refresh(target: Target, forced = false): void {
    this.#start({ type: 'refresh', target, replayGrace: this.#ports.replayGrace(), forced })
  }

  #start(event: Event): void {
    if (this.#running !== undefined) return
    this.#effects.begin()
    this.#running = this.#run(event).then(
      () => this.#finished(),
      (error: unknown) => {
        this.#finished()
        this.rejectWaiting(asFailure(error))
      },
    )
    this.#ports.changed()
  }

  #finished(): void {
    this.#running = undefined
    this.#waiters.reconsider((target) => this.#refresh(target))
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

  /** Carries one effect out; its result is the next event. */
  async #perform(effect: Effect): Promise<Event | undefined> {
    switch (effect.type) {
      case 'answer':
        this.#waiters.answer(effect.target, effect.outcome)
        return undefined
      case 'notify':
        this.#ports.notify(effect.notice)
        return undefined
      default:
        return this.#effects.perform(effect, this.#state)
    }
  }
}

const absent = (code: LoginReason['code'], text: string, at: EpochMs): LiveSession => ({
  kind: 'absent',
  reason: { code, text, at },
})

export const tooManyRefreshes = (profile: string): Failure =>
  new Failure('too_many_requests', 'the clients of this share, or of all shares, have caused too many refreshes', {
    profile,
    retryAfter: 60,
  })
