// Logging out (P18): what is to be revoked is written down first, the session is deleted always, and a revocation that
// fails is tried again until the server has answered, across restarts.

import { randomUUID } from 'node:crypto'
import { asFailure, Failure } from '../../core/failures.ts'
import type { Clock, ConnectAuthorizationServer, RecordStore } from '../../core/ports.ts'
import type { Profile } from '../../core/profile.ts'
import { type Redacted, redact } from '../../core/redacted.ts'
import { backOff } from '../../core/session/schedule.ts'
import type { EpochMs, LoginReason, SessionRecord } from '../../core/session/session.ts'
import type { LogoutAnswer } from '../../wire/messages.ts'
import type { EventHub } from '../events.ts'
import type { LiveSessionRunner } from './session-runner.ts'
import { changedProfile } from './sessions.ts'

const prefix = 'revocation.'
/** How long a user who logs out waits for the server, in ms. */
const patience = 10_000
/** A server that has refused for this long never will answer otherwise. */
const maxAttempts = 12

interface Revocation {
  readonly id: string
  readonly profile: Profile
  readonly kind: 'refresh_token' | 'access_token'
  readonly token: Redacted<string>
  readonly clientSecret: Redacted<string> | undefined
}

interface Leaving {
  readonly revocation?: Revocation
  readonly moved?: Failure
}

interface LogoutPorts {
  readonly clock: Clock
  readonly records: RecordStore
  readonly connect: ConnectAuthorizationServer
  readonly clientSecret: (profile: string) => Promise<Redacted<string> | undefined>
  readonly events: EventHub
}

export class Logout {
  readonly #ports: LogoutPorts
  readonly #timers = new Set<() => void>()
  readonly #stopped = new AbortController()

  constructor(ports: LogoutPorts) {
    this.#ports = ports
  }

  /** Deletes the session of a profile; resolves when that is durable and the revocation has been tried once. */
  async logOut(profile: Profile, runner: LiveSessionRunner): Promise<LogoutAnswer> {
    let leaving: Leaving = {}
    await runner.remove(async (record) => {
      leaving = await this.#prepare(profile, record)
    })
    return this.#left(profile, leaving)
  }

  /** The same where it is not the user's wish but his limit (L7). False: somebody has logged in anew meanwhile. */
  async end(profile: Profile, runner: LiveSessionRunner, loggedInAt: EpochMs, reason: LoginReason): Promise<boolean> {
    let leaving: Leaving = {}
    const isOver = await runner.end(loggedInAt, reason, async (record) => {
      leaving = await this.#prepare(profile, record)
    })
    if (isOver) await this.#left(profile, leaving)
    return isOver
  }

  async #prepare(profile: Profile, record: SessionRecord | undefined): Promise<Leaving> {
    if (record === undefined) return {}
    // P5: the token of one server is never shown to another.
    const moved = changedProfile(profile, record)
    if (moved !== undefined) return { moved }
    const revocation = await this.#writeDown(profile, record)
    return revocation === undefined ? {} : { revocation }
  }

  async #left(profile: Profile, { revocation, moved }: Leaving): Promise<LogoutAnswer> {
    this.#ports.events.publish({ type: 'logged_out', profile: profile.name })
    if (revocation !== undefined) return this.#revoke(revocation)
    const answer = { profile: profile.name, revocation: 'nothing_to_revoke' } as const
    return moved === undefined
      ? answer
      : { ...answer, detail: 'the profile points to another server or client than the session: revoke it there' }
  }

  /** Takes up the revocations that were left from before. */
  async resume(): Promise<void> {
    for (const id of await this.#ports.records.list()) {
      if (!id.startsWith(prefix)) continue
      const revocation = await this.#read(id)
      if (revocation !== undefined) this.#retry(revocation, 1)
    }
  }

  stop(): void {
    this.#stopped.abort()
    for (const cancel of this.#timers) cancel()
  }

  async #revoke(revocation: Revocation): Promise<LogoutAnswer> {
    const { name } = revocation.profile
    try {
      return { profile: name, revocation: await this.#try(revocation) }
    } catch (error) {
      this.#retry(revocation, 1)
      return { profile: name, revocation: 'pending', detail: asFailure(error).message }
    }
  }

  async #try(revocation: Revocation): Promise<'revoked' | 'unsupported'> {
    const server = this.#ports.connect(revocation.profile, async () => revocation.clientSecret)
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(patience)])
    const result = await server.revoke(revocation.token, revocation.kind, signal)
    await this.#ports.records.remove(revocation.id)
    return result
  }

  #retry(revocation: Revocation, attempts: number): void {
    const cancel = this.#ports.clock.after(backOff(attempts + 4, revocation.id), () => {
      this.#timers.delete(cancel)
      this.#try(revocation).catch((error: unknown) => this.#failedAgain(revocation, attempts + 1, asFailure(error)))
    })
    this.#timers.add(cancel)
  }

  #failedAgain(revocation: Revocation, attempts: number, failure: Failure): void {
    if (this.#stopped.signal.aborted) return
    if (attempts < maxAttempts) return this.#retry(revocation, attempts)
    // It stays written down: the next start of the agent tries again.
    const { name } = revocation.profile
    this.#ports.events.publish({
      type: 'warning',
      text: `'${name}' was logged out here, but not revoked at the server: ${failure.message}`,
    })
  }

  async #writeDown(profile: Profile, record: SessionRecord): Promise<Revocation | undefined> {
    const token = record.refreshToken ?? record.accessTokens[0]?.value
    if (token === undefined) return undefined
    const revocation: Revocation = {
      id: `${prefix}${randomUUID()}`,
      profile,
      kind: record.refreshToken === undefined ? 'access_token' : 'refresh_token',
      token,
      clientSecret: await this.#ports.clientSecret(profile.name),
    }
    const plain = { ...revocation, token: token.reveal(), clientSecret: revocation.clientSecret?.reveal() }
    await this.#ports.records.write(revocation.id, 1, new TextEncoder().encode(JSON.stringify(plain)))
    return revocation
  }

  async #read(id: string): Promise<Revocation | undefined> {
    try {
      const sealed = await this.#ports.records.read(id)
      if (sealed === undefined) return undefined
      const plain = JSON.parse(new TextDecoder().decode(sealed.content.reveal())) as {
        profile: Profile
        kind: Revocation['kind']
        token: string
        clientSecret?: string
      }
      const { profile, kind, token, clientSecret } = plain
      return {
        id,
        profile,
        kind,
        token: redact(token),
        clientSecret: clientSecret === undefined ? undefined : redact(clientSecret),
      }
    } catch (error) {
      if (error instanceof Failure && error.code !== 'record_damaged') throw error
      this.#ports.events.publish({
        type: 'warning',
        text: 'a revocation that was pending cannot be read and is left where it is',
      })
      return undefined
    }
  }
}
