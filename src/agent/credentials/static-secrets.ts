// Static secrets in the vault: kept, found by place, watched for their end. The vault's word counts at each question, for
// another agent over this home, or a restored backup, may have changed it.

import { asFailure, Failure } from '../../core/failures.ts'
import { withoutUsername, parseUrlPattern, type UrlPattern, formatUrlPattern } from '../../core/credentials/url-pattern.ts'
import type { Clock, RecordStore } from '../../core/ports.ts'
import {
  bestFor,
  decodeSecret,
  encodeSecret,
  findable,
  type SecretEntry,
  isExpired,
  kindOfSecret,
  nameOfSecret,
  type StaticSecret,
} from '../../core/credentials/static-secret.ts'
import type { SecretStatus } from '../../wire/messages.ts'
import { fromNow } from '../../core/util/durations.ts'
import type { EventHub } from '../events.ts'
import { latestGeneration } from '../sessions/session-store.ts'

const prefix = 'secret.'
const hour = 3_600_000
/** How long before its end a secret is spoken of, in ms. */
const notice = 7 * 24 * hour
/** A suspended machine does not tick, and a timer takes 24 days at most. */
const maxWatch = 6 * hour

export interface SecretsPorts {
  readonly clock: Clock
  readonly records: RecordStore
  readonly events: EventHub
}

export type NewSecret = Omit<StaticSecret, 'createdAt'>

export class Secrets {
  readonly #ports: SecretsPorts
  readonly #spokenOf = new Set<string>()
  /** Where secrets are for, as of a version of the vault. */
  #places: { readonly version: string; readonly all: readonly SecretEntry[] } | undefined
  #cancelWatch: (() => void) | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(ports: SecretsPorts) {
    this.#ports = ports
  }

  /** All that can be read, by name; what is damaged is said once. Fails with vault_locked, keychain_*. */
  async all(): Promise<readonly StaticSecret[]> {
    return (await this.#read()).readable
  }

  async #read(): Promise<{ readonly readable: readonly StaticSecret[]; readonly isAll: boolean }> {
    const ids = (await this.#ports.records.list()).filter((id) => id.startsWith(prefix))
    const read = await Promise.all(ids.map((id) => this.#readOrWarn(id.slice(prefix.length))))
    const readable = read.filter((secret) => secret !== undefined).sort((a, b) => (a.name < b.name ? -1 : 1))
    return { readable, isAll: readable.length === read.length }
  }

  async get(name: string): Promise<StaticSecret | undefined> {
    const sealed = await this.#ports.records.read(prefix + name)
    return sealed === undefined ? undefined : decodeSecret(sealed.content.reveal(), name)
  }

  /** The one that says most about the place. Which there are is looked up once for as long as nobody changes the vault. */
  async find(place: UrlPattern): Promise<StaticSecret | undefined> {
    const { clock, records } = this.#ports
    const version = await records.version()
    if (version !== undefined && version === this.#places?.version) {
      const name = bestFor(place, this.#places.all, clock.now())?.name
      if (name === undefined) return undefined
      const secret = await this.#readOrWarn(name)
      // It may have been replaced just now, by one that is for another place.
      if (secret !== undefined && bestFor(place, findable([secret]), clock.now()) !== undefined) return secret
    }
    const { readable, isAll } = await this.#read()
    const places = findable(readable)
    // A file that is damaged may be mended where it lies, and its folder is as it was.
    this.#places = version === undefined || !isAll ? undefined : { version, all: places }
    const name = bestFor(place, places, clock.now())?.name
    return readable.find((secret) => secret.name === name)
  }

  /** Durable when it resolves; what has the name is replaced. The vault must have been prepared. */
  put(secret: NewSecret): Promise<void> {
    return this.#inTurn(() => this.#put(secret))
  }

  async #put(secret: NewSecret): Promise<void> {
    const { clock, records } = this.#ports
    const id = prefix + secret.name
    const generation = await latestGeneration(records, id, clock.now())
    await records.write(id, generation + 1, encodeSecret({ ...secret, createdAt: clock.now() }))
    this.#spokenOf.delete(secret.name)
    void this.watch()
  }

  /** What a tool stores for a place: takes the place of what was stored there for the same user. Gives the name. */
  store(place: UrlPattern, value: StaticSecret['value'], expiresAt: number | undefined): Promise<string> {
    return this.#inTurn(() => this.#store(place, value, expiresAt))
  }

  async #store(place: UrlPattern, value: StaticSecret['value'], expiresAt: number | undefined): Promise<string> {
    const { username } = place
    const url = formatUrlPattern(withoutUsername(place))
    const all = await this.all()
    const same = all.find((secret) => secret.origin === 'tool' && secret.url === url && secret.username === username)
    // One that cannot be read now may be the user's, or a later version's.
    const taken = new Set(await this.#ports.records.list())
    const name = same?.name ?? nameOfSecret(place, (name) => taken.has(prefix + name))
    await this.#put({
      name,
      value,
      url,
      origin: 'tool',
      ...(username === undefined ? {} : { username }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    })
    return name
  }

  /** Throws not_found. */
  async remove(name: string): Promise<void> {
    const there = (await this.#ports.records.list()).includes(prefix + name)
    if (!there) {
      throw new Failure('not_found', `there is no secret '${name}'`, { hint: '`authsock secret list` shows those there are' })
    }
    await this.#ports.records.remove(prefix + name)
  }

  /** What a tool stored for exactly this place goes when the tool says so; with a value, only if it is that one. Gives the names. */
  async forget(place: UrlPattern, value: string | undefined): Promise<readonly string[]> {
    const gone = (await this.all()).filter((secret) => {
      if (secret.origin !== 'tool' || (value !== undefined && secret.value.reveal() !== value)) return false
      const at = secret.url === undefined ? undefined : parseUrlPattern(secret.url)
      const isThere = at !== undefined && formatUrlPattern(at) === formatUrlPattern(withoutUsername(place))
      return isThere && (place.username === undefined || place.username === secret.username)
    })
    for (const { name } of gone) await this.#ports.records.remove(prefix + name)
    return gone.map(({ name }) => name)
  }

  /** Speaks of those that end soon, once each, and looks again in time. */
  async watch(): Promise<void> {
    const { clock, events } = this.#ports
    this.#cancelWatch?.()
    const now = clock.now()
    const secrets = await this.all().catch(() => [])
    for (const text of secrets.flatMap((secret) => (this.#spokenOf.has(secret.name) ? [] : (warningOf(secret, now) ?? [])))) {
      events.publish({ type: 'warning', text })
    }
    for (const secret of secrets) if (warningOf(secret, now) !== undefined) this.#spokenOf.add(secret.name)
    const next = secrets.flatMap(({ expiresAt }) => (expiresAt === undefined ? [] : [expiresAt - notice, expiresAt]))
    const waits = next.filter((at) => at > now).map((at) => at - now)
    this.#cancelWatch?.()
    this.#cancelWatch = waits.length === 0 ? undefined : clock.after(Math.min(...waits, maxWatch), () => void this.watch())
  }

  /** Sentences for the status. */
  async warnings(): Promise<readonly string[]> {
    const now = this.#ports.clock.now()
    return (await this.all()).flatMap((secret) => warningOf(secret, now) ?? [])
  }

  stop(): void {
    this.#cancelWatch?.()
  }

  /** One change after the other: each starts from what the one before has left. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => {})
    return turn
  }

  async #readOrWarn(name: string): Promise<StaticSecret | undefined> {
    try {
      return await this.get(name)
    } catch (error) {
      const failure = asFailure(error)
      if (failure.code !== 'record_damaged') throw failure
      if (!this.#spokenOf.has(name)) this.#ports.events.publish({ type: 'warning', text: failure.message })
      this.#spokenOf.add(name)
      return undefined
    }
  }
}

/** For display. */
export function secretStatus(secret: StaticSecret): SecretStatus {
  const { name, value, url, username, createdAt, expiresAt, origin } = secret
  const kind = kindOfSecret(value.reveal())
  return {
    name,
    origin,
    created_at: Math.floor(createdAt / 1000),
    ...(url === undefined ? {} : { url }),
    ...(username === undefined ? {} : { username }),
    ...(kind === undefined ? {} : { kind }),
    ...(expiresAt === undefined ? {} : { expires_at: Math.floor(expiresAt / 1000) }),
  }
}

function warningOf(secret: StaticSecret, now: number): string | undefined {
  const { name, expiresAt } = secret
  if (expiresAt === undefined || expiresAt - now > notice) return undefined
  const when = fromNow(expiresAt / 1000, now / 1000)
  return isExpired(secret, now)
    ? `the secret '${name}' has expired (${when}): \`authsock secret add ${name}\` replaces it`
    : `the secret '${name}' expires ${when}`
}
