// The static secrets of the vault: stored, found by URL, and announced before they expire. Each lookup reads the vault, since another
// agent over the same home, or a restored backup, may have changed it.

import { asFailure, Failure } from '../../core/failures.ts'
import { withoutUsername, parseUrlPattern, type UrlPattern, formatUrlPattern } from '../../core/credentials/url-pattern.ts'
import type { Clock, RecordStore } from '../../core/ports.ts'
import {
  bestFor,
  findable,
  type SecretEntry,
  isExpired,
  kindOfSecret,
  nameOfSecret,
  type StaticSecret,
} from '../../core/credentials/static-secret.ts'
import { decodeSecret, encodeSecret } from '../../core/credentials/secret-record.ts'
import type { SecretStatus } from '../../wire/messages.ts'
import { defined } from '../../core/util/defined.ts'
import { fromNow } from '../../core/util/durations.ts'
import type { EventHub } from '../events.ts'
import { latestGeneration } from '../sessions/session-store.ts'

const prefix = 'secret.'
const hourMs = 3_600_000
/** The user is warned this long before a secret expires. */
const warningMs = 7 * 24 * hourMs
/** Timers stop while the machine is suspended, and take 24 days at most. */
const maxTimerMs = 6 * hourMs

export interface SecretsPorts {
  readonly clock: Clock
  readonly records: RecordStore
  readonly events: EventHub
}

export type NewSecret = Omit<StaticSecret, 'createdAt'>

export class Secrets {
  readonly #ports: SecretsPorts
  readonly #warned = new Set<string>()
  /** The URLs of the secrets, as of a version of the vault. */
  #index: { readonly version: string; readonly all: readonly SecretEntry[] } | undefined
  #cancelWatch: (() => void) | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(ports: SecretsPorts) {
    this.#ports = ports
  }

  /** All that can be read, by name; a damaged one is reported once. Rejects with vault_locked, keychain_*. */
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

  /** The most specific one for a URL. The index of URLs is read again only when the vault has changed. */
  async find(url: UrlPattern): Promise<StaticSecret | undefined> {
    const { clock, records } = this.#ports
    const version = await records.version()
    if (version !== undefined && version === this.#index?.version) {
      const name = bestFor(url, this.#index.all, clock.now())?.name
      if (name === undefined) return undefined
      const secret = await this.#readOrWarn(name)
      // It may have been replaced since, by one for another URL.
      if (secret !== undefined && bestFor(url, findable([secret]), clock.now()) !== undefined) return secret
    }
    const { readable, isAll } = await this.#read()
    const index = findable(readable)
    // A damaged file may be repaired in place, which does not change the version.
    this.#index = version === undefined || !isAll ? undefined : { version, all: index }
    const name = bestFor(url, index, clock.now())?.name
    return readable.find((secret) => secret.name === name)
  }

  /** Durable when it resolves; replaces a secret of the same name. The vault must have been prepared. */
  put(secret: NewSecret): Promise<void> {
    return this.#inTurn(() => this.#put(secret))
  }

  async #put(secret: NewSecret): Promise<void> {
    const { clock, records } = this.#ports
    const id = prefix + secret.name
    const generation = await latestGeneration(records, id, clock.now())
    await records.write(id, generation + 1, encodeSecret({ ...secret, createdAt: clock.now() }))
    this.#warned.delete(secret.name)
    void this.watch()
  }

  /** What a tool stores for a URL; replaces what a tool stored there for the same user name. Resolves to the name. */
  store(url: UrlPattern, value: StaticSecret['value'], expiresAt: number | undefined): Promise<string> {
    return this.#inTurn(() => this.#store(url, value, expiresAt))
  }

  async #store(pattern: UrlPattern, value: StaticSecret['value'], expiresAt: number | undefined): Promise<string> {
    const { username } = pattern
    const url = formatUrlPattern(withoutUsername(pattern))
    const all = await this.all()
    const same = all.find((secret) => secret.origin === 'tool' && secret.url === url && secret.username === username)
    // One that cannot be read now may be the user's, or of a later version.
    const taken = new Set(await this.#ports.records.list())
    const name = same?.name ?? nameOfSecret(pattern, (name) => taken.has(prefix + name))
    await this.#put({ name, value, url, origin: 'tool', ...defined({ username, expiresAt }) })
    return name
  }

  /** Throws not_found. */
  async remove(name: string): Promise<void> {
    const there = (await this.#ports.records.list()).includes(prefix + name)
    if (!there) {
      throw new Failure('not_found', `there is no secret '${name}'`, { hint: '`authsock secret list` shows all of them' })
    }
    await this.#ports.records.remove(prefix + name)
  }

  /** Removes what a tool stored for exactly this URL; with a value, only if that is stored. Resolves to the names. */
  async forget(url: UrlPattern, value: string | undefined): Promise<readonly string[]> {
    const gone = (await this.all()).filter((secret) => {
      if (secret.origin !== 'tool' || (value !== undefined && secret.value.reveal() !== value)) return false
      const at = secret.url === undefined ? undefined : parseUrlPattern(secret.url)
      const isThere = at !== undefined && formatUrlPattern(at) === formatUrlPattern(withoutUsername(url))
      return isThere && (url.username === undefined || url.username === secret.username)
    })
    for (const { name } of gone) await this.#ports.records.remove(prefix + name)
    return gone.map(({ name }) => name)
  }

  /** Warns of those that expire soon, once each, and sets a timer for the next. */
  async watch(): Promise<void> {
    const { clock, events } = this.#ports
    this.#cancelWatch?.()
    const now = clock.now()
    const secrets = await this.all().catch(() => [])
    for (const text of secrets.flatMap((secret) => (this.#warned.has(secret.name) ? [] : (warningOf(secret, now) ?? [])))) {
      events.publish({ type: 'warning', text })
    }
    for (const secret of secrets) if (warningOf(secret, now) !== undefined) this.#warned.add(secret.name)
    const next = secrets.flatMap(({ expiresAt }) => (expiresAt === undefined ? [] : [expiresAt - warningMs, expiresAt]))
    const waits = next.filter((at) => at > now).map((at) => at - now)
    this.#cancelWatch?.()
    this.#cancelWatch = waits.length === 0 ? undefined : clock.after(Math.min(...waits, maxTimerMs), () => void this.watch())
  }

  /** For the status. */
  async warnings(): Promise<readonly string[]> {
    const now = this.#ports.clock.now()
    return (await this.all()).flatMap((secret) => warningOf(secret, now) ?? [])
  }

  stop(): void {
    this.#cancelWatch?.()
  }

  /** Changes run one after the other. */
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
      if (!this.#warned.has(name)) this.#ports.events.publish({ type: 'warning', text: failure.message })
      this.#warned.add(name)
      return undefined
    }
  }
}

/** For display. */
export function secretStatus(secret: StaticSecret): SecretStatus {
  const { name, value, url, username, createdAt, expiresAt, origin } = secret
  const kind = kindOfSecret(value.reveal())
  const expiry = expiresAt === undefined ? undefined : Math.floor(expiresAt / 1000)
  return { name, origin, created_at: Math.floor(createdAt / 1000), ...defined({ url, username, kind, expires_at: expiry }) }
}

function warningOf(secret: StaticSecret, now: number): string | undefined {
  const { name, expiresAt } = secret
  if (expiresAt === undefined || expiresAt - now > warningMs) return undefined
  const when = fromNow(expiresAt / 1000, now / 1000)
  return isExpired(secret, now)
    ? `the secret '${name}' has expired (${when}): \`authsock secret add ${name}\` replaces it`
    : `the secret '${name}' expires ${when}`
}
