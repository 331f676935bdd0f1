// The interface of the refresh engine: the events it receives, the effects it asks for, and the notices it publishes.

import type { Failure } from '../failures.ts'
import type { TokenResponse } from '../ports.ts'
import type { AccessToken, EpochMs, LiveSession, LoginReason, SessionRecord, Target } from './session.ts'
import type { TokenRefusal } from './token-refusal.ts'

export type RefreshRequested = {
  readonly type: 'refresh'
  readonly target: Target
  /** The server's known grace period in ms; 0 if none is known (R4). */
  readonly replayGrace: number
  /** The user has asked for it (`authsock retry`): it is sent now, whatever was planned. */
  readonly forced?: boolean
}

/** What the store holds now. `digest`: SHA-256 (base64url) of the refresh token of the newer of `stored` and the session's record. */
interface StoreContent {
  readonly stored: SessionRecord | undefined
  readonly digest: string | undefined
}

export type StoreChecked = { readonly type: 'checked' } & StoreContent

export type Event =
  /** A caller or the schedule needs a token for `target`. */
  | RefreshRequested
  /** The lock is held, and the store was read under it. */
  | ({ readonly type: 'lock_acquired' } & StoreContent)
  | { readonly type: 'lock_failed'; readonly failure: Failure }
  | { readonly type: 'saved' }
  | { readonly type: 'save_failed'; readonly failure: Failure }
  | { readonly type: 'tokens'; readonly response: TokenResponse }
  | { readonly type: 'refused'; readonly refusal: TokenRefusal }
  | StoreChecked
  /** An unsaved record is due to be written again. */
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
  /** The result of a refresh, for the callers that wait for this target. */
  | { readonly type: 'answer'; readonly target: Target; readonly outcome: AccessToken | Failure }
  | { readonly type: 'notify'; readonly notice: Notice }

export type Notice =
  | { readonly type: 'refreshed'; readonly record: SessionRecord }
  | { readonly type: 'refresh_failed'; readonly failure: Failure; readonly retryAt: EpochMs }
  | { readonly type: 'login_required'; readonly reason: LoginReason }
  /** The server answers a request for the session's scope with less (R16). */
  | Narrowed

export interface Narrowed {
  readonly type: 'narrowed'
  readonly record: SessionRecord
  readonly from: readonly string[]
  /** The refresh token came with the answer to a request for fewer scopes: that is why. */
  readonly afterNarrowRequest: boolean
}

export interface Step {
  readonly session: LiveSession
  readonly effects: readonly Effect[]
}

export const stay = (session: LiveSession): Step => ({ session, effects: [] })
