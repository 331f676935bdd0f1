// Digests of the access tokens that tools were given. A tool hands a token back to be stored or to say that it was refused,
// perhaps after it was replaced: it is recognised, and not stored as the user's own secret.

import { hash } from 'node:crypto'
import type { Redacted } from '../../core/redacted.ts'
import { keepNewest } from './keep-newest.ts'

const maxDigests = 4096

export class IssuedTokens {
  readonly #digests = new Set<string>()
  /** A cached token is issued many times. */
  readonly #known = new WeakMap<Redacted<string>, string>()

  add(token: Redacted<string>): void {
    const digest = this.#known.get(token) ?? digestOf(token.reveal())
    this.#known.set(token, digest)
    this.#digests.add(digest)
    keepNewest(this.#digests, maxDigests)
  }

  has(token: string): boolean {
    return this.#digests.has(digestOf(token))
  }
}

const digestOf = (value: string): string => hash('sha256', value, 'base64url')
