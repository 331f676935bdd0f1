// All sessions of the agent: finds or loads the one a request is about, and wakes each when something of it is due.

import { thenSync } from '../../core/util/then-sync.ts'
import { asFailure, type Failure } from '../../core/failures.ts'
import { isInteractive, renewedBy } from '../../core/grant.ts'
import type { Clock, SessionLock } from '../../core/ports.ts'
import type { Profile } from '../../core/profile.ts'
import { endOf } from '../../core/session/limits.ts'
import { checkScope } from '../../core/session/scope.ts'
import type { AccessToken, EpochMs, LoginReason, SessionRecord, Target } from '../../core/session/session.ts'
import { loginRequired } from '../../core/session/tokens.ts'
import type { Notice } from '../../core/session/steps.ts'
import { Scheduler } from './scheduler.ts'
import type { EventHub } from '../events.ts'
import { LiveSessionRunner } from './session-runner.ts'
import type { LoginEnd } from '../notifications/notifier.ts'
import type { Profiles } from './profiles.ts'
import type { SessionStore } from './session-store.ts'

interface Entry {
  readonly runner: LiveSessionRunner
  profile: Profile
  usedAt: EpochMs
  /** When its end by the user's limits is next to be tried: one that could not be written down is tried again. */
  endsFrom: EpochMs
}

interface SessionsPorts {
  readonly clock: Clock
  readonly store: SessionStore
  readonly lock: SessionLock
  readonly profiles: Profiles
  readonly events: EventHub
  readonly atFault?: (place: string) => void
  /** Makes a session by a grant that needs no user. */
  readonly logInUnattended: (profile: Profile) => Promise<void>
  /** Ends the session of a login that has reached its limits; false: there is a new one. */
  readonly end: (profile: Profile, runner: LiveSessionRunner, loggedInAt: EpochMs, reason: LoginReason) => Promise<boolean>
}

export interface Issued {
  readonly profile: string
  readonly token: AccessToken
}

/** At a start: so many are read before the disk is asked to make them durable. */
const loadedTogether = 64
/** ms until an end that failed is tried again. */
const endAgainAfter = 30_000

export class Sessions {
  readonly #ports: SessionsPorts
  readonly #entries = new Map<string, Entry>()
  readonly #loading = new Map<string, Promise<Entry>>()
  readonly #unattended = new Map<string, Promise<void>>()
  readonly #alarm: Scheduler<Entry>
  #closed: Failure | undefined

  constructor(ports: SessionsPorts) {
    this.#ports = ports
    this.#alarm = new Scheduler({
      clock: ports.clock,
      all: () => this.#entries.values(),
      // One that was replaced over a damaged record is nobody's any more.
      wakeOf: (entry) => (this.#entries.get(entry.profile.name) === entry ? wakeOf(entry) : undefined),
      ring: (entry, now) => this.#ring(entry, now),
    })
  }

  /** A token for a caller. Synchronous when it is cached and nothing has to be looked up. `minTtl` in seconds. Throws a Failure. */
  token(profile: Profile, target: Target, minTtl: number | undefined): Issued | Promise<Issued> {
    const entry = this.#entries.get(profile.name)
    if (entry?.profile !== profile || needsLogin(entry)) return this.#loadToken(profile, target, minTtl)
    return this.#tokenOf(entry, target, minTtl)
  }

  /** The scope that the session of a profile was granted, if it is loaded. */
  grantedScope(profile: Profile): readonly string[] | undefined {
    const state = this.#entries.get(profile.name)?.runner.state
    return state === undefined || state.kind === 'absent' ? undefined : state.record.scope
  }

  async #loadToken(profile: Profile, target: Target, minTtl: number | undefined): Promise<Issued> {
    const entry = await this.#entry(profile)
    if (needsLogin(entry)) {
      await entry.runner.reload()
      if (!isInteractive(profile.grant) && needsLogin(entry)) await this.#logInUnattended(profile)
    }
    return this.#tokenOf(entry, target, minTtl)
  }

  #tokenOf(entry: Entry, wanted: Target, minTtl: number | undefined): Issued | Promise<Issued> {
    if (this.#closed !== undefined) throw this.#closed
    const { runner, profile } = entry
    const { state } = runner
    this.#refuseOver(entry)
    if (state.kind !== 'absent') {
      const mismatch = changedProfile(profile, state.record)
      if (mismatch !== undefined) throw mismatch
      checkScope(profile, state.record, wanted)
    }
    const token = runner.token(wanted, minTtl === undefined ? undefined : minTtl * 1000)
    return thenSync(token, (token) => ({ profile: profile.name, token }))
  }

  /** L7: nothing leaves after the end, whether the session is gone already or not. */
  #refuseOver(entry: Entry): void {
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
    entry.endsFrom = clock.now() + endAgainAfter
    void end(profile, runner, runner.state.record.loggedInAt, reason).then(
      (isOver) => {
        entry.endsFrom = 0
        if (isOver) events.publish({ type: 'login_required', profile: profile.name, reason: reason.text })
        else this.#alarm.changed(entry)
      },
      (error: unknown) => {
        const text = `'${profile.name}' is over (${reason.text}), and cannot be deleted yet: ${asFailure(error).message}`
        events.publish({ type: 'warning', text })
      },
    )
  }

  /** A server has refused this access token: it is served no more where another can be had. Whether it was a session's. */
  refused(value: string): boolean {
    return [...this.#entries.values()].some(({ runner }) => runner.refused(value))
  }

  /** When the logins of what is loaded end, where that is known and use does not put it off. */
  *loginEnds(): Iterable<LoginEnd> {
    for (const [profile, entry] of this.#entries) {
      const { state } = entry.runner
      if (state.kind === 'absent' || state.kind === 'login_required' || !isInteractive(state.record.grant)) continue
      const { loggedInAt, refreshedAt = loggedInAt } = state.record
      const { lifetime = Infinity } = entry.profile
      const at = Math.min(serverEndOf(state.record) ?? Infinity, loggedInAt + lifetime * 1000)
      if (at !== Infinity) yield { profile, at, loggedInAt, refreshedAt }
    }
  }

  /** By the user's limits, or because the server's refresh token ends; undefined: nobody knows. */
  endsAt(name: string): EpochMs | undefined {
    const entry = this.#entries.get(name)
    if (entry === undefined || needsLogin(entry)) return undefined
    const { state } = entry.runner
    const ofToken = state.kind === 'absent' ? undefined : serverEndOf(state.record)
    const at = Math.min(limitOf(entry)?.at ?? Infinity, ofToken ?? Infinity)
    return at === Infinity ? undefined : at
  }

  /** Whether it is an access token of a session. Fails with vault_locked, keychain_*. */
  async holds(value: string): Promise<boolean> {
    await this.loadAll()
    return [...this.#entries.values()].some(({ runner: { state } }) => {
      return state.kind !== 'absent' && state.record.accessTokens.some((token) => token.value.reveal() === value)
    })
  }

  /** The live session of a profile, loaded from the vault if need be. Fails with vault_locked, keychain_*, record_damaged. */
  async runner(profile: Profile): Promise<LiveSessionRunner> {
    return (await this.#entry(profile)).runner
  }

  /** For a login over a record that cannot be read: the new one takes its place. */
  runnerOverDamaged(profile: Profile): LiveSessionRunner {
    return this.#enter(profile, undefined).runner
  }

  /** What is loaded, without loading anything. */
  loaded(name: string): LiveSessionRunner | undefined {
    return this.#entries.get(name)?.runner
  }

  /** Loads what the vault holds for the profiles there are, so that what is due is done. A damaged record harms no other. */
  async loadAll(): Promise<void> {
    const profiles = await this.#ports.profiles.all()
    for (let first = 0; first < profiles.length; first += loadedTogether) {
      await Promise.all(profiles.slice(first, first + loadedTogether).map((profile) => this.#loadOne(profile)))
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

  /** No token leaves from now on, and all who wait for one get this. What is under way goes on. */
  refuse(reason: Failure): void {
    this.#closed = reason
    this.#alarm.stop()
    for (const { runner } of this.#entries.values()) runner.dismiss(reason)
  }

  /** No token leaves from now on; what is under way is finished and saved, then all is forgotten. */
  async close(reason: Failure): Promise<void> {
    this.refuse(reason)
    await Promise.all([...this.#entries.values()].map(({ runner }) => runner.stop()))
    for (const [name, { runner }] of this.#entries) if (runner.state.kind !== 'unsaved') this.#entries.delete(name)
  }

  /** Cuts short what hangs. */
  interrupt(): void {
    for (const { runner } of this.#entries.values()) runner.interrupt()
  }

  open(): void {
    this.#closed = undefined
    this.#alarm.start()
  }

  async #entry(profile: Profile): Promise<Entry> {
    if (this.#closed !== undefined) throw this.#closed
    const entry = this.#entries.get(profile.name)
    if (entry !== undefined) {
      const isOther = entry.profile !== profile
      entry.profile = profile
      if (isOther) this.#alarm.changed(entry)
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
    return this.#enter(profile, await this.#ports.store.loadDurable(profile.name))
  }

  #enter(profile: Profile, record: SessionRecord | undefined): Entry {
    const { clock, store, lock, profiles, events, atFault } = this.#ports
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
      notify: (notice) => events.publish(eventOf(name, notice)),
      changed: () => this.#alarm.changed(entry),
      ...(atFault === undefined ? {} : { atFault }),
    })
    const entry: Entry = { runner, profile, usedAt: clock.now(), endsFrom: 0 }
    if (this.#closed === undefined) {
      this.#entries.set(name, entry)
      this.#alarm.changed(entry)
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

  #ring(entry: Entry, now: EpochMs): void {
    const end = limitOf(entry)
    const at = refreshOf(entry)
    if (end !== undefined && end.at <= now) this.#end(entry, end)
    else if (at !== undefined && at <= now) entry.runner.wake()
  }
}

/** The next thing that is due, whether anybody asks or not. */
function wakeOf(entry: Entry): EpochMs | undefined {
  const end = limitOf(entry)
  const refresh = refreshOf(entry)
  if (end === undefined) return refresh
  return Math.min(Math.max(end.at, entry.endsFrom), refresh ?? Infinity)
}

const limitOf = ({ runner: { state }, profile, usedAt }: Entry): LoginReason | undefined =>
  state.kind === 'absent' ? undefined : endOf(profile, state.record, usedAt)

/** As far as the server says. */
function serverEndOf({ grant, refreshToken, refreshTokenExpiresAt, accessTokens }: SessionRecord): EpochMs | undefined {
  if (renewedBy(grant) === 'grant' || refreshToken !== undefined) return refreshTokenExpiresAt
  // Without a refresh token the last access token is the end.
  const ends = accessTokens.flatMap(({ expiresAt }) => (expiresAt === undefined ? [] : [expiresAt]))
  return ends.length === 0 ? undefined : Math.max(...ends)
}

const refreshOf = ({ runner, profile }: Entry): EpochMs | undefined => {
  const { state } = runner
  if (state.kind !== 'absent' && changedProfile(profile, state.record) !== undefined) return undefined
  return runner.wakeAt(profile.refresh === 'ahead')
}

const needsLogin = ({ runner }: Entry): boolean => runner.state.kind === 'absent' || runner.state.kind === 'login_required'

/** P5: a session belongs to the server and client it was made with; a profile that points elsewhere needs a login there. */
export function changedProfile(profile: Profile, record: SessionRecord): Failure | undefined {
  if (record.issuer === profile.issuer && record.clientId === profile.clientId) return undefined
  const what = record.issuer === profile.issuer ? 'client' : 'issuer'
  return loginRequired(profile.name, {
    code: 'profile_changed',
    text: `its ${what} was changed since the last login`,
    at: record.loggedInAt,
  })
}

const eventOf = (profile: string, notice: Notice) => {
  switch (notice.type) {
    case 'refreshed': {
      const expiresAt = notice.record.accessTokens[0]?.expiresAt
      return {
        type: 'refreshed',
        profile,
        ...(expiresAt === undefined ? {} : { expires_at: Math.floor(expiresAt / 1000) }),
      } as const
    }
    case 'refresh_failed':
      return {
        type: 'refresh_failed',
        profile,
        reason: notice.failure.message,
        retry_at: Math.ceil(notice.retryAt / 1000),
      } as const
    case 'login_required':
      return { type: 'login_required', profile, reason: notice.reason.text } as const
  }
}
