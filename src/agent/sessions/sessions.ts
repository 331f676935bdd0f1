// All sessions of the agent: finds or loads the session of a request, and wakes each session when it has work to do.

import { asFailure, type Failure } from '../../core/failures.ts'
import { isInteractive } from '../../core/grant.ts'
import type { Clock, SessionLock } from '../../core/ports.ts'
import type { Profile } from '../../core/profile.ts'
import { changedProfile, checkTarget } from '../../core/session/profile-match.ts'
import { checkScope } from '../../core/session/scope.ts'
import type { AccessToken, EpochMs, LoginReason, SessionRecord, Target } from '../../core/session/session.ts'
import { loginRequired } from '../../core/session/tokens.ts'
import { defined } from '../../core/util/defined.ts'
import { thenSync } from '../../core/util/then-sync.ts'
import type { EventHub } from '../events.ts'
import type { LoginEnd } from '../notifications/notifier.ts'
import type { Profiles } from './profiles.ts'
import { Scheduler } from './scheduler.ts'
import { endsAt, type Entry, limitOf, loginEndOf, needsLogin, refreshAt, wakeAt } from './session-entry.ts'
import { eventOf } from './session-events.ts'
import { LiveSessionRunner, tooManyRefreshes } from './session-runner.ts'
import type { ServerTraits } from './server-traits.ts'
import type { SessionStore } from './session-store.ts'

interface SessionsPorts {
  readonly clock: Clock
  readonly store: SessionStore
  readonly lock: SessionLock
  readonly profiles: Profiles
  readonly events: EventHub
  readonly traits: ServerTraits
  readonly atFault?: (place: string) => void
  /** Creates a session with a grant that needs no user. */
  readonly logInUnattended: (profile: Profile) => Promise<void>
  /** Ends the session of a login that has reached its limits. Resolves to false if there is a newer login. */
  readonly end: (profile: Profile, runner: LiveSessionRunner, loggedInAt: EpochMs, reason: LoginReason) => Promise<boolean>
}

export interface Issued {
  readonly profile: string
  readonly token: AccessToken
}

/** At a start, this many sessions are read together: one sync of the folder makes them all durable. */
const loadBatchSize = 64
/** Until an end that could not be written is tried again. */
const endRetryMs = 30_000

export class Sessions {
  readonly #ports: SessionsPorts
  readonly #entries = new Map<string, Entry>()
  readonly #loading = new Map<string, Promise<Entry>>()
  readonly #unattended = new Map<string, Promise<void>>()
  readonly #scheduler: Scheduler<Entry>
  #closed: Failure | undefined

  constructor(ports: SessionsPorts) {
    this.#ports = ports
    this.#scheduler = new Scheduler({
      clock: ports.clock,
      all: () => this.#entries.values(),
      // An entry that was replaced after its record was damaged no longer counts.
      wakeAt: (entry) => (this.#entries.get(entry.profile.name) === entry ? wakeAt(entry) : undefined),
      onDue: (entry, now) => this.#onDue(entry, now),
    })
  }

  /**
   * A token for a caller. Synchronous when it is cached and nothing has to be looked up. `minTtl` in seconds; `mayRefresh` is asked before
   * a refresh is begun for this caller. Throws a Failure.
   */
  token(profile: Profile, target: Target, minTtl: number | undefined, mayRefresh?: () => boolean): Issued | Promise<Issued> {
    const entry = this.#entries.get(profile.name)
    if (entry?.profile !== profile || needsLogin(entry)) return this.#loadToken(profile, target, minTtl, mayRefresh)
    return this.#tokenOf(entry, target, minTtl, mayRefresh)
  }

  /** The scope that the session of a profile was granted, if it is loaded. */
  grantedScope(profile: Profile): readonly string[] | undefined {
    const state = this.#entries.get(profile.name)?.runner.state
    return state === undefined || state.kind === 'absent' ? undefined : state.record.scope
  }

  async #loadToken(
    profile: Profile,
    target: Target,
    minTtl: number | undefined,
    mayRefresh: (() => boolean) | undefined,
  ): Promise<Issued> {
    const entry = await this.#entry(profile)
    if (needsLogin(entry)) {
      await entry.runner.reload()
      if (!isInteractive(profile.grant) && needsLogin(entry)) {
        if (mayRefresh?.() === false) throw tooManyRefreshes(profile.name)
        await this.#logInUnattended(profile)
      }
    }
    return this.#tokenOf(entry, target, minTtl, mayRefresh)
  }

  #tokenOf(
    entry: Entry,
    wanted: Target,
    minTtl: number | undefined,
    mayRefresh: (() => boolean) | undefined,
  ): Issued | Promise<Issued> {
    if (this.#closed !== undefined) throw this.#closed
    const { runner, profile } = entry
    const { state } = runner
    this.#refuseIfOver(entry)
    if (state.kind !== 'absent') {
      const mismatch = changedProfile(profile, state.record)
      if (mismatch !== undefined) throw mismatch
      checkScope(profile, state.record, wanted)
      checkTarget(profile, wanted)
    }
    const token = runner.token(this.#requestable(profile, wanted), minTtl === undefined ? undefined : minTtl * 1000, mayRefresh)
    return thenSync(token, (token) => ({ profile: profile.name, token }))
  }

  /** A server that narrows sessions is not asked for fewer scopes. */
  #requestable({ issuer }: Profile, target: Target): Target {
    if (target.scope === undefined || this.#ports.traits.of(issuer).narrows !== true) return target
    const { scope: _fewer, ...rest } = target
    return rest
  }

  /** Refreshes now, whatever was planned. Resolves when that has ended. Throws a Failure if nothing can be tried. */
  async retry(profile: Profile): Promise<void> {
    const entry = await this.#entry(profile)
    this.#refuseIfOver(entry)
    await entry.runner.retry()
  }

  /** L7: no token leaves after the session's end, whether its record is deleted already or not. */
  #refuseIfOver(entry: Entry): void {
    const now = this.#ports.clock.now()
    const end = limitOf(entry)
    if (end === undefined || end.at > now) {
      entry.usedAt = now
      return
    }
    this.#end(entry, end)
    throw loginRequired(entry.profile.name, end)
  }

  #end(entry: Entry, reason: LoginReason): void {
    const { clock, events, end } = this.#ports
    const { profile, runner } = entry
    if (entry.endsFrom > clock.now() || runner.state.kind === 'absent') return
    entry.endsFrom = clock.now() + endRetryMs
    void end(profile, runner, runner.state.record.loggedInAt, reason).then(
      (isOver) => {
        entry.endsFrom = 0
        if (isOver) events.publish({ type: 'login_required', profile: profile.name, reason: reason.text })
        else this.#scheduler.changed(entry)
      },
      (error: unknown) => {
        const text = `the session of '${profile.name}' has ended (${reason.text}), but could not be deleted: ${asFailure(error).message}`
        events.publish({ type: 'warning', text })
      },
    )
  }

  /** A resource server has refused this access token: if another can be had, it is served no more. Returns whether it was a session's. */
  refused(value: string): boolean {
    return [...this.#entries.values()].some(({ runner }) => runner.refused(value))
  }

  /** When the logins of the loaded sessions end, if that is known and use does not postpone it. */
  *loginEnds(): Iterable<LoginEnd> {
    for (const entry of this.#entries.values()) {
      const end = loginEndOf(entry)
      if (end !== undefined) yield end
    }
  }

  /** When the next loaded session has work to do, whether or not a caller asks. */
  nextWake(): EpochMs | undefined {
    return this.#scheduler.next()
  }

  /** When a login will be needed; undefined if that is not known. */
  endsAt(name: string): EpochMs | undefined {
    const entry = this.#entries.get(name)
    return entry === undefined ? undefined : endsAt(entry)
  }

  /** Whether it is an access token of a session. Fails with vault_locked, keychain_*. */
  async holds(value: string): Promise<boolean> {
    await this.loadAll()
    return [...this.#entries.values()].some(({ runner: { state } }) => {
      return state.kind !== 'absent' && state.record.accessTokens.some((token) => token.value.reveal() === value)
    })
  }

  /** The live session of a profile, loaded from the store if necessary. Fails with vault_locked, keychain_*, record_damaged. */
  async runner(profile: Profile): Promise<LiveSessionRunner> {
    return (await this.#entry(profile)).runner
  }

  /** For a login when the stored record cannot be read: the new record replaces it. */
  runnerOverDamaged(profile: Profile): LiveSessionRunner {
    return this.#enter(profile, undefined).runner
  }

  /** The live session of a profile if it is loaded. */
  loaded(name: string): LiveSessionRunner | undefined {
    return this.#entries.get(name)?.runner
  }

  /** Loads the stored sessions of all profiles, so that their refreshes are scheduled. A damaged record affects no other. */
  async loadAll(): Promise<void> {
    const profiles = await this.#ports.profiles.all()
    for (let first = 0; first < profiles.length; first += loadBatchSize) {
      await Promise.all(profiles.slice(first, first + loadBatchSize).map((profile) => this.#loadOne(profile)))
    }
  }

  async #loadOne(profile: Profile): Promise<void> {
    try {
      await this.#entry(profile)
    } catch (error) {
      const failure = asFailure(error)
      if (failure.code !== 'record_damaged') throw failure
      this.#ports.events.publish({ type: 'warning', text: failure.message })
    }
  }

  /** From now on no token leaves, and waiting callers get this failure. Refreshes under way continue. */
  refuse(reason: Failure): void {
    this.#closed = reason
    this.#scheduler.stop()
    for (const { runner } of this.#entries.values()) runner.rejectWaiting(reason)
  }

  /** From now on no token leaves. Refreshes under way are finished and saved, then the sessions are dropped from memory. */
  async close(reason: Failure): Promise<void> {
    this.refuse(reason)
    await Promise.all([...this.#entries.values()].map(({ runner }) => runner.stop()))
    for (const [name, { runner }] of this.#entries) if (runner.state.kind !== 'unsaved') this.#entries.delete(name)
  }

  /** Ends requests that hang. */
  interrupt(): void {
    for (const { runner } of this.#entries.values()) runner.interrupt()
  }

  open(): void {
    this.#closed = undefined
    this.#scheduler.start()
  }

  async #entry(profile: Profile): Promise<Entry> {
    if (this.#closed !== undefined) throw this.#closed
    const entry = this.#entries.get(profile.name)
    if (entry !== undefined) {
      const isOther = entry.profile !== profile
      entry.profile = profile
      if (isOther) this.#scheduler.changed(entry)
      return entry
    }
    const loading = this.#loading.get(profile.name) ?? this.#load(profile)
    this.#loading.set(profile.name, loading)
    try {
      return await loading
    } finally {
      this.#loading.delete(profile.name)
    }
  }

  async #load(profile: Profile): Promise<Entry> {
    await this.#ports.traits.load(profile.issuer)
    return this.#enter(profile, await this.#ports.store.loadDurable(profile.name))
  }

  #enter(profile: Profile, record: SessionRecord | undefined): Entry {
    const { clock, store, lock, profiles, events, traits, atFault } = this.#ports
    const { name } = profile
    const runner = new LiveSessionRunner(name, record, {
      clock,
      store,
      lock,
      server: async (record) => {
        const current = await profiles.profile(name)
        const mismatch = changedProfile(current, record)
        if (mismatch !== undefined) throw mismatch
        return profiles.server(current)
      },
      replayGrace: () => (this.#entries.get(name)?.profile ?? profile).refreshGrace * 1000,
      notify: (notice) => {
        events.publish(eventOf(name, notice))
        if (notice.type === 'narrowed' && notice.afterNarrowRequest) void traits.remember(profile.issuer, { narrows: true })
      },
      changed: () => this.#scheduler.changed(entry),
      ...defined({ atFault }),
    })
    const entry: Entry = { runner, profile, usedAt: clock.now(), endsFrom: 0 }
    if (this.#closed === undefined) {
      this.#entries.set(name, entry)
      this.#scheduler.changed(entry)
    }
    return entry
  }

  #logInUnattended(profile: Profile): Promise<void> {
    const running = this.#unattended.get(profile.name)
    if (running !== undefined) return running
    const login = this.#ports.logInUnattended(profile).finally(() => this.#unattended.delete(profile.name))
    this.#unattended.set(profile.name, login)
    return login
  }

  #onDue(entry: Entry, now: EpochMs): void {
    const end = limitOf(entry)
    const at = refreshAt(entry)
    if (end !== undefined && end.at <= now) this.#end(entry, end)
    else if (at !== undefined && at <= now) entry.runner.wake()
  }
}
