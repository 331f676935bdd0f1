// A session: what the vault keeps of it, and the states it can be in while the agent runs. Times are milliseconds since
// the epoch by the wall clock; no timer is trusted (R8).

import type { Failure } from '../failures.ts'
import type { TokenRefusal } from './token-refusal.ts'
import type { Grant } from '../grant.ts'
import type { Redacted } from '../redacted.ts'

export type EpochMs = number

/** What a caller asks for. With the key binding (none yet) and the session this is the cache key of P13. */
export interface Target {
  /** Sorted, without doubles; undefined: whatever the session was granted. */
  readonly scope?: readonly string[]
  readonly resource?: string
  readonly audience?: string
}

export interface AccessToken {
  readonly value: Redacted<string>
  /** The scheme of the Authorization header: `Bearer` or `DPoP`. */
  readonly tokenType: string
  readonly target: Target
  /** The scope granted (P14): the server's word where it gave one, else what was asked for. */
  readonly scope: readonly string[]
  readonly obtainedAt: EpochMs
  /** Undefined where the server does not say: the token is then served until it is replaced. */
  readonly expiresAt?: EpochMs
  /** That came with it; it has an expiry of its own. */
  readonly idToken?: Redacted<string>
}

/** From the ID token, verified at login (P11). */
export interface Identity {
  readonly issuer: string
  readonly subject: string
  readonly name?: string
  readonly email?: string
  readonly preferredUsername?: string
}

/** A refresh that was about to be sent: written before the POST, so that a restart knows what may have been spent (R3). */
export interface Intent {
  /** SHA-256 of the refresh token, base64url. */
  readonly digest: string
  readonly at: EpochMs
}

export interface LoginReason {
  readonly code:
    | 'refused'
    | 'refused_after_ambiguous'
    | 'no_refresh_token'
    | 'expired'
    | 'profile_changed'
    | 'identity_changed'
    | 'never_logged_in'
    | 'logged_out'
  /** One sentence for people. */
  readonly text: string
  readonly at: EpochMs
}

/** What the vault keeps; sealed, since it holds the tokens. */
export interface SessionRecord {
  readonly profile: string
  readonly issuer: string
  readonly clientId: string
  readonly grant: Grant
  /** Grows by one with each durable write; bound into the seal. */
  readonly generation: number
  readonly loggedInAt: EpochMs
  readonly refreshedAt?: EpochMs
  readonly scope: readonly string[]
  readonly identity?: Identity
  readonly refreshToken?: Redacted<string>
  readonly refreshTokenExpiresAt?: EpochMs
  readonly accessTokens: readonly AccessToken[]
  readonly intent?: Intent
  /** Set when the server has refused the refresh token. Nothing else is deleted (R5). */
  readonly loginRequired?: LoginReason
}

/** What went wrong last, and when to try again. */
export interface Trouble {
  readonly failure: Failure
  readonly attempts: number
  readonly at: EpochMs
  /** By the timer. */
  readonly retryAt: EpochMs
  /** By a caller who would otherwise get nothing. */
  readonly notBefore: EpochMs
  /** The refresh token may have been spent by a request whose answer never came (R4). */
  readonly ambiguous: boolean
  /** The server's known grace period: until then the refresh token may be sent again although it may have been spent. */
  readonly replayUntil?: EpochMs
}

export type LiveSession =
  | { readonly kind: 'absent'; readonly reason: LoginReason }
  | { readonly kind: 'active'; readonly record: SessionRecord }
  | { readonly kind: 'troubled'; readonly record: SessionRecord; readonly trouble: Trouble }
  | Refreshing
  | Unsaved
  | { readonly kind: 'login_required'; readonly record: SessionRecord; readonly reason: LoginReason }

/** One refresh in flight (R1). Each step waits for one event; a result that belongs to another step is dropped. */
export type Refreshing = {
  readonly kind: 'refreshing'
  /** What is durable. */
  readonly record: SessionRecord
  readonly target: Target
  readonly startedAt: EpochMs
  /** Failed attempts before this one. */
  readonly attempts: number
  /** ms of the server's known grace period. */
  readonly replayGrace: number
} & (
  | { readonly step: 'lock' }
  | { readonly step: 'journal'; readonly next: SessionRecord }
  /** `mayBeSpent`: the refresh token was journalled before this attempt, and may have been spent then (R4). */
  | { readonly step: 'post'; readonly mayBeSpent: boolean }
  /** The server refused the refresh token: has another agent stored a newer one (R5)? */
  | { readonly step: 'check'; readonly mayBeSpent: boolean; readonly refusal: TokenRefusal }
  | { readonly step: 'store'; readonly next: SessionRecord }
  /** The lock was lost while the answer was awaited, and another agent has written: what? */
  | { readonly step: 'superseded' }
  /** Writes down how a failed refresh ended; the session then becomes `ending`. */
  | { readonly step: 'conclude'; readonly next: SessionRecord; readonly ending: Outcome }
)

export type Outcome =
  | { readonly kind: 'active'; readonly failure: Failure }
  | { readonly kind: 'troubled'; readonly trouble: Trouble; readonly failure: Failure }
  | { readonly kind: 'login_required'; readonly reason: LoginReason; readonly failure: Failure }

/** The server has rotated and the disk refused the result: it is kept in memory and written again until it holds (R2). */
export interface Unsaved {
  readonly kind: 'unsaved'
  /** What is durable. */
  readonly record: SessionRecord
  /** What must become durable before anybody sees it. */
  readonly next: SessionRecord
  readonly target: Target
  readonly failure: Failure
  readonly attempts: number
  readonly failedAt: EpochMs
  readonly retryAt: EpochMs
  /** A write is under way. */
  readonly saving: boolean
}
