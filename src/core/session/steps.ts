// What the refresh engine is told, what it wants done, and what it says of itself. transitions.ts makes steps of these.

import type { Failure } from '../failures.ts'
import type { TokenResponse } from '../ports.ts'
import type { TokenRefusal } from './token-refusal.ts'
import type { AccessToken, EpochMs, LiveSession, LoginReason, SessionRecord, Target } from './session.ts'

export type Event =
  /** A caller or the schedule wants a token for `target`. `replayGrace`: ms of the server's known grace period (R4). */
  | { readonly type: 'refresh'; readonly target: Target; readonly replayGrace: number }
  /**
   * The lock is held; `stored` is what the vault says under it. `digest` is the SHA-256 (base64url) of the refresh token
   * of the newer of the two: the stored record and the one the session holds.
   */
  | { readonly type: 'lock_acquired'; readonly stored: SessionRecord | undefined; readonly digest: string | undefined }
  | { readonly type: 'lock_failed'; readonly failure: Failure }
  | { readonly type: 'saved' }
  | { readonly type: 'save_failed'; readonly failure: Failure }
  | { readonly type: 'tokens'; readonly response: TokenResponse }
  | { readonly type: 'refused'; readonly refusal: TokenRefusal }
  | { readonly type: 'checked'; readonly stored: SessionRecord | undefined; readonly digest: string | undefined }
  /** The time to save an unsaved record again has come. */
  | { readonly type: 'wake' }

export type Effect =
  /** -> lock_acquired | lock_failed */
  | { readonly type: 'acquire_lock' }
  | { readonly type: 'release_lock' }
  /** Durable, or not at all -> saved | save_failed */
  | { readonly type: 'save'; readonly record: SessionRecord }
  /** The token request -> tokens | refused */
  | { readonly type: 'post'; readonly record: SessionRecord; readonly target: Target }
  /** Reads the store again -> checked */
  | { readonly type: 'read' }
  /** What became of a refresh, for those who wait for this target. */
  | { readonly type: 'answer'; readonly target: Target; readonly outcome: AccessToken | Failure }
  | { readonly type: 'notify'; readonly notice: Notice }

export type Notice =
  | { readonly type: 'refreshed'; readonly record: SessionRecord }
  | { readonly type: 'refresh_failed'; readonly failure: Failure; readonly retryAt: EpochMs }
  | { readonly type: 'login_required'; readonly reason: LoginReason }

export interface Step {
  readonly session: LiveSession
  readonly effects: readonly Effect[]
}
