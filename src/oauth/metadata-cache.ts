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

  /** Throws what `discover` throws, or cancelled, server_timeout if `signal` ends the wait: discovery goes on for the others. */
  async get(signal: AbortSignal): Promise<ServerMetadata> {
    return unlessAborted(this.#current(), signal, this.#host)
  }

  #current(): Promise<ServerMetadata> {
    const now = this.#clock.now()
    const known = this.#entry
    if (known !== undefined && now >= known.at && now - known.at < lifetimeMs) return known.promise
    const fetched = this.#discover()
    // What was known before is better than nothing while the server cannot be asked.
    const entry = { promise: known === undefined ? fetched : fetched.catch(() => known.promise), at: now }
    this.#entry = entry
    fetched.catch(() => {
      if (this.#entry !== entry) return
      this.#entry = known === undefined ? undefined : { ...known, at: this.#clock.now() - lifetimeMs + retryAfterMs }
    })
    return entry.promise
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
