// The metadata of one profile's server: asked for once for all who need it at the same time, and kept for an hour.

import type { ServerMetadata } from 'openid-client'
import { Failure } from '../core/failures.ts'
import type { Clock } from '../core/ports.ts'

const lifetimeMs = 3_600_000
/** After a discovery that failed, while older metadata is used. */
const retryAfterMs = 60_000

interface Entry {
  readonly promise: Promise<ServerMetadata>
  readonly at: number
  /** Being asked for. */
  readonly isPending: boolean
}

export class MetadataCache {
  readonly #discover: () => Promise<ServerMetadata>
  readonly #clock: Clock
  readonly #host: string
  #entry: Entry | undefined

  constructor(issuer: string, clock: Clock, discover: () => Promise<ServerMetadata>) {
    this.#host = new URL(issuer).host
    this.#clock = clock
    this.#discover = discover
  }

  /**
   * At most `maxAgeMs` old, unless the server cannot be asked now. Throws what `discover` throws, or cancelled, server_timeout if
   * `signal` ends the wait: discovery goes on for the others.
   */
  async get(signal: AbortSignal, maxAgeMs = lifetimeMs): Promise<ServerMetadata> {
    return unlessAborted(this.#current(maxAgeMs), signal, this.#host)
  }

  #current(maxAgeMs: number): Promise<ServerMetadata> {
    const now = this.#clock.now()
    const known = this.#entry
    if (known !== undefined && (known.isPending || (now >= known.at && now - known.at < maxAgeMs))) return known.promise
    const fetched = this.#discover()
    // What was known before is better than nothing while the server cannot be asked.
    const promise = known === undefined ? fetched : fetched.catch(() => known.promise)
    const entry: Entry = { promise, at: now, isPending: true }
    this.#entry = entry
    const settle = (next: Entry | undefined): void => {
      if (this.#entry === entry) this.#entry = next
    }
    fetched.then(
      () => settle({ promise, at: now, isPending: false }),
      () => settle(known === undefined ? undefined : { ...known, at: this.#clock.now() - lifetimeMs + retryAfterMs }),
    )
    return promise
  }
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal, host: string): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const giveUp = (): void => {
    const isTimeout = (signal.reason as Error | undefined)?.name === 'TimeoutError'
    reject(
      isTimeout
        ? new Failure('server_timeout', `${host} did not answer in time`)
        : new Failure('cancelled', `the request to ${host} was cancelled`),
    )
  }
  if (signal.aborted) giveUp()
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}
