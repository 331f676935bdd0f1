// Credentials of cloud roles that tokens were exchanged for, kept while they live, so that a tool that asks for each of its
// processes makes one exchange.

import type { AwsCredentials } from '../../core/credentials/cloud-role.ts'
import type { EpochMs } from '../../core/session/session.ts'
import { keepNewest } from './keep-newest.ts'

/** ms that must be left: botocore asks again for what has less than 15 minutes, and a minute for the way. */
const minLifeMs = 16 * 60_000
/** A tool may name each of its role sessions anew. */
const maxRoles = 256

export class CloudRoles {
  readonly #roles = new Map<string, Promise<AwsCredentials>>()

  has(key: string): boolean {
    return this.#roles.has(key)
  }

  /** What is kept under the key and lives long enough, else what `exchange` brings; requests that come meanwhile share it. */
  async get(key: string, now: EpochMs, exchange: () => Promise<AwsCredentials>): Promise<AwsCredentials> {
    const known = await this.#roles.get(key)?.catch(() => undefined)
    if (known?.expiresAt !== undefined && known.expiresAt - now > minLifeMs) return known
    const running = this.#roles.get(key)
    if (running !== undefined && known === undefined) return running
    const exchanged = exchange()
    this.#roles.set(key, exchanged)
    keepNewest(this.#roles, maxRoles)
    exchanged.catch(() => {
      if (this.#roles.get(key) === exchanged) this.#roles.delete(key)
    })
    return exchanged
  }

  clear(): void {
    this.#roles.clear()
  }
}
