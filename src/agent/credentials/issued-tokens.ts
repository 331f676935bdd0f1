// Digests of the access tokens that tools were given. A tool hands a token back to be stored or to say that it was refused,
// perhaps after it was replaced: it is recognised, and not stored as the user's own secret.

import { hash } from 'node:crypto'
import type { Redacted } from '../../core/redacted.ts'
import type { EpochMs } from '../../core/session/session.ts'
import { keepNewest } from './keep-newest.ts'

const maxDigests = 4096

export class IssuedTokens {
  /** When each was first issued. */
  readonly #digests = new Map<string, EpochMs>()
  /** A cached token is issued many times. */
  readonly #known = new WeakMap<Redacted<string>, string>()

  add(token: Redacted<string>, now: EpochMs): void {
    const digest = this.#known.get(token) ?? digestOf(token.reveal())
    this.#known.set(token, digest)
    if (this.#digests.has(digest)) return
    this.#digests.set(digest, now)
    keepNewest(this.#digests, maxDigests)
  }

  has(token: string): boolean {
    return this.#digests.has(digestOf(token))
  }

  /** Undefined for a token that was not issued to a tool. */
  firstIssuedAt(digest: string): EpochMs | undefined {
    return this.#digests.get(digest)
  }
}

export const digestOf = (value: string): string => hash('sha256', value, 'base64url')
