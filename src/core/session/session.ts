// A session: what the store keeps of it, and the states it can be in while the agent runs. Times are milliseconds since
// the epoch by the wall clock; no timer is trusted (R8).

import type { Failure, FailureCode } from '../failures.ts'
import type { Grant } from '../grant.ts'
import type { Redacted } from '../redacted.ts'
import type { TokenRefusal } from './token-refusal.ts'

export type EpochMs = number

/** What a caller asks for. Together with the session it is the cache key of an access token (P13). */
export interface Target {
  /** Sorted, without duplicates; undefined: whatever the session was granted. */
  readonly scope?: readonly string[]
  readonly resource?: string
  readonly audience?: string
}

export interface AccessToken {
  readonly value: Redacted<string>
  /** The scheme of the Authorization header: `Bearer` or `DPoP`. */
  readonly tokenType: string
  readonly target: Target
  /** The scope granted (P14, R16): what the server or the token itself reported, else what was requested. */
  readonly scope: readonly string[]
  /** Who accepts it, by the `aud` of a JWT; undefined: it does not say. The target's is what was requested. */
  readonly audience?: readonly string[]
  readonly obtainedAt: EpochMs
  /** Undefined if the server does not say: the token is then served until it is replaced. */
  readonly expiresAt?: EpochMs
  /** The ID token of the same answer; it has an expiry of its own. */
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

/** A refresh that was about to be sent: durable before the POST, so that a restart knows what may have been spent (R3). */
export interface Intent {
  /** SHA-256 of the refresh token, base64url. */
  readonly digest: string
  readonly at: EpochMs
  /** The server refused the target of this request; it may have spent the refresh token before it looked at the target. */
  readonly targetRefused?: boolean
}

/** The server has refused a target: requests for it fail until `retryAt` without another request to the server (R17). */
export interface RefusedTarget {
  readonly target: Target
  readonly at: EpochMs
  /** Refusals in a row. */
  readonly attempts: number
  readonly code: FailureCode
  /** One sentence for people, with the server's own words. */
  readonly text: string
}

export const loginReasonCodes = [
  'refused',
  'refused_after_ambiguous',
  'no_refresh_token',
  'expired',
  'profile_changed',
  'identity_changed',
  'never_logged_in',
  'logged_out',
] as const

export interface LoginReason {
  readonly code: (typeof loginReasonCodes)[number]
  /** One sentence for people. */
  readonly text: string
  readonly at: EpochMs
  /** How often the refresh token was refused in a row; undefined: it was not refused. */
  readonly refusals?: number
  /** The server's reason may pass by itself: the refresh token is tried again without an end (R18). */
  readonly mayPass?: boolean
}

/** What the store keeps; sealed, since it holds the tokens. */
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
  /** The scope that the session had before the server narrowed it (R16). */
  readonly narrowedFrom?: readonly string[]
  readonly identity?: Identity
  readonly refreshToken?: Redacted<string>
  readonly refreshTokenExpiresAt?: EpochMs
  /** The refresh token came with the answer to a request for fewer scopes than the session has. */
  readonly refreshTokenIsNarrow?: boolean
  /** Whether refreshes bring new refresh tokens; undefined: not known yet. */
  readonly rotates?: boolean
  readonly accessTokens: readonly AccessToken[]
  readonly intent?: Intent
  readonly refusedTargets?: readonly RefusedTarget[]
  /** Set when the server has refused the refresh token. Nothing else is deleted (R5). */
  readonly loginRequired?: LoginReason
}

/** The last refresh failed: why, and when the next one may be sent. */
export interface RetryPlan {
  readonly failure: Failure
  /** Failed refreshes in a row. */
  readonly attempts: number
  readonly failedAt: EpochMs
  /** When the schedule tries again. */
  readonly retryAt: EpochMs
  /** Before this time, not even a caller without a live token causes a refresh. */
  readonly notBefore: EpochMs
  /** The refresh token may have been spent by a request whose answer was lost (R4). */
  readonly ambiguous: boolean
  /** End of the server's known grace period: until then the refresh token may be sent again although it may have been spent. */
  readonly replayUntil?: EpochMs
}

export type LiveSession =
  | { readonly kind: 'absent'; readonly reason: LoginReason }
  | { readonly kind: 'active'; readonly record: SessionRecord }
  | BackingOff
  | Refreshing
  | Unsaved
  | LoginRequired

/** The refresh token was refused. It is kept, and it may be tried again later (R18). */
export interface LoginRequired {
  readonly kind: 'login_required'
  readonly record: SessionRecord
  readonly reason: LoginReason
  /** When the refresh token may be tried again; undefined: only if the user asks for it. */
  readonly retryAt?: EpochMs
  /** When `retryAt` was set. */
  readonly since: EpochMs
}

interface BackingOff {
  readonly kind: 'backing_off'
  readonly record: SessionRecord
  readonly plan: RetryPlan
}

/** One refresh in flight (R1). Each step waits for one event; a result that belongs to another step is dropped. */
export type Refreshing = {
  readonly kind: 'refreshing'
  /** The durable record. */
  readonly record: SessionRecord
  readonly target: Target
  readonly startedAt: EpochMs
  /** Failed attempts before this one. */
  readonly attempts: number
  /** The server's known grace period in ms; 0 if none is known. */
  readonly replayGrace: number
  /** The user has asked for it: no pause and no ambiguous attempt defers it. */
  readonly forced: boolean
} & (
  | { readonly step: 'lock' }
  | { readonly step: 'journal'; readonly next: SessionRecord }
  | { readonly step: 'post'; readonly earlier: EarlierAttempt }
  /** The server refused the refresh token: the store is read again, for another agent may have stored a newer one (R5). */
  | { readonly step: 'check'; readonly earlier: EarlierAttempt; readonly refusal: TokenRefusal }
  | { readonly step: 'store'; readonly next: SessionRecord }
  /** The lock was lost while waiting for the answer, and another agent has written: its record is read. */
  | { readonly step: 'superseded' }
  /** Writes down how a failed refresh ended; the session then moves to `outcome`. */
  | { readonly step: 'conclude'; readonly next: SessionRecord; readonly outcome: Outcome }
)

/**
 * Whether an earlier attempt may have spent the same refresh token: none was made; one was sent and its answer lost (R4); one
 * was answered with a refusal of its target.
 */
export type EarlierAttempt = 'none' | 'unanswered' | 'target_refused'

/** How a refresh without tokens ended. */
export type Outcome =
  | { readonly kind: 'active'; readonly failure: Failure }
  | { readonly kind: 'backing_off'; readonly plan: RetryPlan; readonly failure: Failure }
  | { readonly kind: 'login_required'; readonly reason: LoginReason; readonly failure: Failure }

/** The server has rotated and the write failed: the result is kept in memory and written again until it is durable (R2). */
export interface Unsaved {
  readonly kind: 'unsaved'
  /** The durable record. */
  readonly record: SessionRecord
  /** Must become durable before its tokens are served. */
  readonly next: SessionRecord
  readonly target: Target
  readonly failure: Failure
  readonly attempts: number
  readonly failedAt: EpochMs
  readonly retryAt: EpochMs
  /** A write is under way. */
  readonly saving: boolean
}
