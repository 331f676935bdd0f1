// What the agent has learned about an authorization server by an answer that cost something: kept for the issuer in the store, so
// that it does not happen again with another profile or after another login.

import { createHash } from 'node:crypto'
import { asFailure, Failure } from '../../core/failures.ts'
import type { Clock, RecordStore } from '../../core/ports.ts'
import { boolean, object, optional } from '../../core/util/json-decoder.ts'
import type { EventHub } from '../events.ts'
import { latestGeneration } from './session-store.ts'

export interface Traits {
  /** A refresh for fewer scopes binds the session to these (finding L13): no fewer scopes are requested any more. */
  readonly narrows?: boolean
  /** A revoked refresh token ends other logins of the same user and client as well: a replaced one is not revoked. */
  readonly revocationEndsAll?: boolean
}

interface TraitsPorts {
  readonly clock: Clock
  readonly records: RecordStore
  readonly events: EventHub
}

const unknown: Traits = {}

export class ServerTraits {
  readonly #ports: TraitsPorts
  readonly #known = new Map<string, Traits>()

  constructor(ports: TraitsPorts) {
    this.#ports = ports
  }

  /** Nothing is known of a server that was not loaded. */
  of(issuer: string): Traits {
    return this.#known.get(issuer) ?? unknown
  }

  /** Once for each issuer. A record that cannot be read counts as none. Throws vault_locked, keychain_*. */
  async load(issuer: string): Promise<void> {
    if (!this.#known.has(issuer)) this.#known.set(issuer, await this.#read(issuer))
  }

  /** Never rejects: what cannot be written holds as long as the agent runs. */
  async remember(issuer: string, learned: Traits): Promise<void> {
    const { clock, records, events } = this.#ports
    const traits = { ...this.of(issuer), ...learned }
    this.#known.set(issuer, traits)
    try {
      const id = idOf(issuer)
      const generation = (await latestGeneration(records, id, clock.now())) + 1
      await records.write(id, generation, new TextEncoder().encode(JSON.stringify({ issuer, ...traits })))
    } catch (error) {
      events.publish({ type: 'warning', text: `what was learned about ${issuer} was not kept: ${asFailure(error).message}` })
    }
  }

  async #read(issuer: string): Promise<Traits> {
    try {
      const sealed = await this.#ports.records.read(idOf(issuer))
      if (sealed === undefined) return unknown
      const json = object(JSON.parse(new TextDecoder().decode(sealed.content.reveal())), 'traits')
      return {
        ...optional('narrows', json['narrows'], boolean),
        ...optional('revocationEndsAll', json['revocationEndsAll'], boolean),
      }
    } catch (error) {
      if (error instanceof Failure && error.code !== 'record_damaged') throw error
      return unknown
    }
  }
}

const idOf = (issuer: string): string => `server.${createHash('sha256').update(issuer).digest('hex').slice(0, 32)}`
