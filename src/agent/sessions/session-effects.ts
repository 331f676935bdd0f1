// Carries out the effects of the refresh engine for one session: its lock, its record in the store, the token request. Each
// method ends in the event that core/session/steps.ts names. Only session-runner.ts uses it.

import { createHash } from 'node:crypto'
import { asFailure, Failure } from '../../core/failures.ts'
import { renewedBy } from '../../core/grant.ts'
import type { AuthorizationServer, HeldLock, SessionLock, TokenOutcome } from '../../core/ports.ts'
import type { LiveSession, SessionRecord, Target } from '../../core/session/session.ts'
import type { Effect, Event } from '../../core/session/steps.ts'
import { latest } from '../../core/session/tokens.ts'
import { defined } from '../../core/util/defined.ts'
import { SessionStore } from './session-store.ts'

export interface EffectPorts {
  readonly store: SessionStore
  readonly lock: SessionLock
  /** The server of the profile as it is configured now; throws if that is not the record's server (P5). */
  readonly server: (record: SessionRecord) => Promise<AuthorizationServer>
}

/** Effects on the store, the lock or the server; the others are the runner's. */
export type OuterEffect = Exclude<Effect, { type: 'answer' | 'notify' }>

/** How long a refresh waits for another agent's: longer than the time-outs of a refresh. */
const lockTimeoutMs = 45_000

export class SessionEffects {
  readonly #profile: string
  readonly #ports: EffectPorts
  #abort = new AbortController()
  #lock: HeldLock | undefined

  constructor(profile: string, ports: EffectPorts) {
    this.#profile = profile
    this.#ports = ports
  }

  /** Called before a series of effects: an earlier `interrupt` no longer counts. */
  begin(): void {
    this.#abort = new AbortController()
  }

  /** Ends a request or a wait for the lock; the outcome of a request is then ambiguous. */
  interrupt(): void {
    this.#abort.abort()
  }

  async perform(effect: OuterEffect, session: LiveSession): Promise<Event | undefined> {
    switch (effect.type) {
      case 'acquire_lock':
        return this.#acquireLock(session)
      case 'release_lock':
        await this.releaseLock()
        return undefined
      case 'save':
        return this.#save(effect.record)
      case 'post':
        return this.#post(effect.record, effect.target)
      case 'read':
        return this.#check(session)
    }
  }

  /** Throws lock_timeout, cancelled. */
  async takeLock(): Promise<void> {
    if ((await this.#lock?.isHeld()) === true) return
    await this.releaseLock()
    this.#lock = await this.#ports.lock.acquire(SessionStore.lockId(this.#profile), lockTimeoutMs, this.#abort.signal)
  }

  async releaseLock(): Promise<void> {
    const lock = this.#lock
    this.#lock = undefined
    await lock?.release()
  }

  async #acquireLock(session: LiveSession): Promise<Event> {
    try {
      await this.takeLock()
      return { type: 'lock_acquired', ...(await this.#read(session)) }
    } catch (error) {
      await this.releaseLock()
      return { type: 'lock_failed', failure: asFailure(error) }
    }
  }

  async #save(record: SessionRecord): Promise<Event> {
    try {
      // Taken again if it was lost: the generation check then refuses the write if another agent has written meanwhile.
      await this.takeLock()
      await this.#ports.store.save(record)
      return { type: 'saved' }
    } catch (error) {
      return { type: 'save_failed', failure: asFailure(error) }
    }
  }

  async #post(record: SessionRecord, target: Target): Promise<Event> {
    try {
      const server = await this.#ports.server(record)
      if ((await this.#lock?.isHeld()) !== true) {
        throw new Failure('lock_timeout', 'the lock over this session was lost before the refresh was sent')
      }
      const outcome = await this.#request(server, record, target)
      return outcome.kind === 'tokens' ? { type: 'tokens', response: outcome.response } : { type: 'refused', refusal: outcome }
    } catch (error) {
      // The server reports outcomes and does not throw: this error comes from before the request (configuration, client secret).
      return { type: 'refused', refusal: { kind: 'not_sent', failure: asFailure(error) } }
    }
  }

  async #request(server: AuthorizationServer, record: SessionRecord, target: Target): Promise<TokenOutcome> {
    const { signal } = this.#abort
    const { grant, refreshToken, identity, profile } = record
    if (renewedBy(grant) === 'grant') return server.renewByGrant(grant, target, signal)
    if (refreshToken !== undefined) return server.refresh(defined({ refreshToken, target, identity }), signal)
    throw new Failure('login_required', 'the session has no refresh token', { profile })
  }

  async #check(session: LiveSession): Promise<Event | undefined> {
    try {
      return { type: 'checked', ...(await this.#read(session)) }
    } catch {
      // The store cannot be read now; the session's record was durable a moment ago.
      return session.kind === 'refreshing'
        ? { type: 'checked', stored: session.record, digest: digest(session.record) }
        : undefined
    }
  }

  async #read(session: LiveSession): Promise<{ stored: SessionRecord | undefined; digest: string | undefined }> {
    const stored = await this.#ports.store.loadDurable(this.#profile)
    const held = session.kind === 'absent' ? undefined : session.record
    const newer = stored === undefined || held === undefined ? (stored ?? held) : latest(held, stored)
    return { stored, digest: newer === undefined ? undefined : digest(newer) }
  }
}

const digest = (record: SessionRecord): string | undefined =>
  record.refreshToken === undefined ? undefined : createHash('sha256').update(record.refreshToken.reveal()).digest('base64url')
