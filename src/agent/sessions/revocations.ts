// Revocation of tokens at the server (RFC 7009, P18): written down first, then tried until the server has answered, across
// restarts. logout.ts uses it.

import { randomUUID } from 'node:crypto'
import { asFailure, Failure } from '../../core/failures.ts'
import type { Clock, ConnectAuthorizationServer, RecordStore } from '../../core/ports.ts'
import type { Profile } from '../../core/profile.ts'
import type { Redacted } from '../../core/redacted.ts'
import { backOff } from '../../core/session/schedule.ts'
import type { SessionRecord } from '../../core/session/session.ts'
import type { LogoutAnswer } from '../../wire/messages.ts'
import type { EventHub } from '../events.ts'
import { decodeRevocation, encodeRevocation, type Revocation } from './revocation-record.ts'

const prefix = 'revocation.'
/** How long one attempt may take: the user who logs out waits for the first one. */
const attemptTimeoutMs = 10_000
/** Further attempts wait for the next start of the agent. */
const maxAttempts = 12
/** The first retry comes after the pause of this many failed attempts. */
const firstRetryPause = 5

export interface RevocationPorts {
  readonly clock: Clock
  readonly records: RecordStore
  readonly connect: ConnectAuthorizationServer
  readonly clientSecret: (profile: string) => Promise<Redacted<string> | undefined>
  readonly events: EventHub
}

export class Revocations {
  readonly #ports: RevocationPorts
  readonly #timers = new Set<() => void>()
  readonly #stopped = new AbortController()

  constructor(ports: RevocationPorts) {
    this.#ports = ports
  }

  /** Writes down what has to be revoked; undefined if the record holds no token. Durable when it resolves. */
  async prepare(profile: Profile, record: SessionRecord): Promise<Revocation | undefined> {
    const token = record.refreshToken ?? record.accessTokens[0]?.value
    if (token === undefined) return undefined
    const revocation: Revocation = {
      id: `${prefix}${randomUUID()}`,
      profile,
      kind: record.refreshToken === undefined ? 'access_token' : 'refresh_token',
      token,
      clientSecret: await this.#ports.clientSecret(profile.name),
    }
    await this.#ports.records.write(revocation.id, 1, encodeRevocation(revocation))
    return revocation
  }

  /** Tries once and reports what came of it; if it fails it is tried again later. */
  async revoke(revocation: Revocation): Promise<LogoutAnswer> {
    const { name } = revocation.profile
    try {
      return { profile: name, revocation: await this.#attempt(revocation) }
    } catch (error) {
      this.#retryLater(revocation, 1)
      return { profile: name, revocation: 'pending', detail: asFailure(error).message }
    }
  }

  /** Continues with the revocations that are still pending from before. */
  async resume(): Promise<void> {
    for (const id of await this.#ports.records.list()) {
      if (!id.startsWith(prefix)) continue
      const revocation = await this.#read(id)
      if (revocation !== undefined) this.#retryLater(revocation, 1)
    }
  }

  /** Whether one is to be tried again. */
  get isPending(): boolean {
    return this.#timers.size > 0
  }

  stop(): void {
    this.#stopped.abort()
    for (const cancel of this.#timers) cancel()
  }

  async #attempt(revocation: Revocation): Promise<'revoked' | 'unsupported'> {
    const server = this.#ports.connect(revocation.profile, async () => revocation.clientSecret)
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(attemptTimeoutMs)])
    const result = await server.revoke(revocation.token, revocation.kind, signal)
    await this.#ports.records.remove(revocation.id)
    return result
  }

  #retryLater(revocation: Revocation, attempts: number): void {
    const pause = backOff(attempts + firstRetryPause - 1, revocation.id)
    const cancel = this.#ports.clock.after(pause, () => {
      this.#timers.delete(cancel)
      this.#attempt(revocation).catch((error: unknown) => this.#failedAgain(revocation, attempts + 1, asFailure(error)))
    })
    this.#timers.add(cancel)
  }

  #failedAgain(revocation: Revocation, attempts: number, failure: Failure): void {
    if (this.#stopped.signal.aborted) return
    if (attempts < maxAttempts) return this.#retryLater(revocation, attempts)
    // The record is kept: the next start of the agent tries again.
    const { name } = revocation.profile
    this.#warn(`'${name}' was logged out here, but its token could not be revoked at the server: ${failure.message}`)
  }

  async #read(id: string): Promise<Revocation | undefined> {
    try {
      const sealed = await this.#ports.records.read(id)
      return sealed === undefined ? undefined : decodeRevocation(sealed.content.reveal(), id)
    } catch (error) {
      if (error instanceof Failure && error.code !== 'record_damaged') throw error
      this.#warn(`the pending revocation '${id}' cannot be read and was skipped; its file is kept`)
      return undefined
    }
  }

  #warn(text: string): void {
    this.#ports.events.publish({ type: 'warning', text })
  }
}
