// A share: which profiles, scopes and resource its socket issues tokens for, and until when (L3). authorize.ts decides by it.

import { Failure } from '../failures.ts'
import type { EpochMs } from '../session/session.ts'

export interface Share {
  readonly name: string
  /** The first is the default of a request that names none. */
  readonly profiles: readonly string[]
  /** Static secrets that helpers may use. */
  readonly secrets: readonly string[]
  /** The most that is issued, and the default of a request that names no scope. Undefined: what the profile's session has. */
  readonly scope?: readonly string[]
  /** Fixed: a request may name it, or nothing. Neither: the profile's own resource and audience are fixed, unless `anyTarget`. */
  readonly resource?: string
  readonly audience?: string
  /** A request may name any resource and audience that the server accepts. */
  readonly anyTarget?: boolean
  /** A token with more scopes than `scope` may leave, if that is what the server grants. */
  readonly allowWiderScope?: boolean
  readonly createdAt: EpochMs
  readonly expiresAt: EpochMs
  /** A port of 127.0.0.1 in addition to the socket. */
  readonly tcp?: ShareTcp
}

export interface ShareTcp {
  /** Kept for as long as the share exists. */
  readonly port: number
  /** SHA-256 (hex) of the secret that each request carries. */
  readonly secretHash: string
}

/** The refusal says what the share does issue. */
export const shareLimited = (share: Share, what: string): Failure =>
  new Failure('share_limited', `the share '${share.name}' ${what}; it issues ${boundsText(share)}`, {
    hint: 'ask for what it issues, or have its owner create another one: `authsock share create`',
  })

export const shareExpired = (share: Share): Failure => new Failure('share_expired', `the share '${share.name}' has expired`)

/** For any operation but a token or a helper's call. */
export const notShared = (share: Share): Failure => shareLimited(share, 'answers requests for credentials and nothing else')

/** For people. */
function boundsText({ profiles, secrets, scope, resource, audience }: Share): string {
  const tokens = [
    `tokens of ${profiles.map((profile) => `'${profile}'`).join(', ')}`,
    ...(scope === undefined ? [] : [`(scope: ${scope.join(' ')})`]),
    ...(resource === undefined ? [] : [`for ${resource}`]),
    ...(audience === undefined ? [] : [`for ${audience}`]),
  ].join(' ')
  const ofSecrets = `the secrets ${secrets.map((secret) => `'${secret}'`).join(', ')}`
  return [...(profiles.length === 0 ? [] : [tokens]), ...(secrets.length === 0 ? [] : [ofSecrets])].join(' and ')
}
