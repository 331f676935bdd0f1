// The ports of the core: clock, authorization server, store, locks. oauth/, store/ and platform/ implement them. Tests put
// fakes here and nowhere further in.

import type { Grant } from './grant.ts'
import type { Profile } from './profile.ts'
import type { Redacted } from './redacted.ts'
import type { EpochMs, Identity, Target } from './session/session.ts'
import type { TokenRefusal } from './session/token-refusal.ts'

export interface Clock {
  now(): EpochMs
  /** Calls back once after at least `delay` ms of a clock that may stop during suspend. Returns a function that cancels it. */
  after(delay: number, callback: () => void): () => void
}

// ---- the authorization server

/** The validated answer of a token endpoint. Lifetimes are seconds from `receivedAt`. */
export interface TokenResponse {
  readonly accessToken: Redacted<string>
  /** As the server wrote it; `Bearer` if it wrote nothing that can be used. */
  readonly tokenType: string
  readonly expiresIn?: number
  /** Undefined if the server does not say. */
  readonly scope?: readonly string[]
  /** What a JWT access token says of itself: its scope and its `aud`. */
  readonly tokenScope?: readonly string[]
  readonly tokenAudience?: readonly string[]
  readonly refreshToken?: Redacted<string>
  readonly refreshTokenExpiresIn?: number
  /** From a verified ID token, if the answer had one. */
  readonly identity?: Identity
  /** The ID token itself, for tools that need it. */
  readonly idToken?: Redacted<string>
  readonly receivedAt: EpochMs
}

export type TokenOutcome = { readonly kind: 'tokens'; readonly response: TokenResponse } | TokenRefusal

export interface RefreshRequest {
  readonly refreshToken: Redacted<string>
  readonly target: Target
  /** The identity of the session: a refreshed ID token must name the same (P12). */
  readonly identity?: Identity
}

/** What a login reports while it runs. */
export type LoginProgress =
  | { readonly type: 'open_browser'; readonly url: string; readonly redirectUri: string }
  | {
      readonly type: 'device_code'
      readonly userCode: string
      readonly verificationUri: string
      readonly verificationUriComplete?: string
      /** Seconds. */
      readonly expiresIn: number
    }
  | { readonly type: 'progress'; readonly text: string }

export interface LoginOptions {
  readonly grant: Grant
  readonly onProgress: (progress: LoginProgress) => void
  /** For a user who pastes the redirected URL (login over SSH): called once with a function that takes it and throws a Failure. */
  readonly onPaste?: (accept: (url: string) => void) => void
  readonly signal: AbortSignal
}

/** One profile's authorization server. `refresh` and `renewByGrant` resolve to an outcome; the other methods throw a Failure. */
export interface AuthorizationServer {
  /** The first tokens of a session, by any grant. Fails with login_*, discovery_failed, server_*. */
  login(options: LoginOptions): Promise<TokenResponse>
  refresh(request: RefreshRequest, signal: AbortSignal): Promise<TokenOutcome>
  /** For a grant whose sessions are renewed by the grant itself (core/grant.ts). */
  renewByGrant(grant: Grant, target: Target, signal: AbortSignal): Promise<TokenOutcome>
  /** RFC 7009; `unsupported` where the server has no revocation endpoint. */
  revoke(token: Redacted<string>, hint: 'refresh_token' | 'access_token', signal: AbortSignal): Promise<'revoked' | 'unsupported'>
}

/** Creates the server of a profile. The client secret is read again for each use, so that a changed one takes effect. */
export type ConnectAuthorizationServer = (
  profile: Profile,
  clientSecret: () => Promise<Redacted<string> | undefined>,
) => AuthorizationServer

// ---- the store

export interface SealedContent {
  readonly generation: number
  readonly content: Redacted<Uint8Array>
  /** Set if the newest file was damaged and the generation before it was read (R10): the reason. */
  readonly recovered?: string
}

/** Sealed records by id. Ids match `[a-z0-9][a-z0-9._-]*`. Fails with vault_locked, keychain_*, storage_failed, record_damaged. */
export interface RecordStore {
  read(id: string): Promise<SealedContent | undefined>
  /** Durable when it resolves (R2). Fails with record_superseded if `generation` is not higher than the stored one. */
  write(id: string, generation: number, content: Uint8Array): Promise<void>
  remove(id: string): Promise<void>
  list(): Promise<readonly string[]>
  /** Changes whenever a record is written or removed. Undefined if that is not known, or while the store is locked. */
  version(): Promise<string | undefined>
  /** Makes all earlier writes of any agent durable: a record can be read before it is durable (R2). */
  sync(): Promise<void>
  /** Fails if a write would fail now (R11). */
  probe(): Promise<void>
}

/** The lock over one session, held across agents and hosts (R9). */
export interface SessionLock {
  /** Waits up to `timeout` ms, then fails with lock_timeout. */
  acquire(id: string, timeout: number, signal: AbortSignal): Promise<HeldLock>
}

export interface HeldLock {
  /** Whether the lock is still held: another host takes it over if this machine slept or lost its network. */
  isHeld(): Promise<boolean>
  /** Never throws. */
  release(): Promise<void>
}

/** A lock among the processes of this machine, which the kernel releases when its holder dies. Undefined if it is taken. */
export type TryLocalLock = (path: string) => (() => void) | undefined
