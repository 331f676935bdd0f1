// What the engine needs of the world. oauth/, vault/ and platform/ implement these; tests may put fakes here and nowhere
// further in.

import type { Grant } from './grant.ts'
import type { Profile } from './profile.ts'
import type { Redacted } from './redacted.ts'
import type { EpochMs, Identity, Target } from './session/session.ts'
import type { TokenRefusal } from './session/token-refusal.ts'

export interface Clock {
  now(): EpochMs
  /** Calls back once, at or after `delay` ms of a clock that may stand still during suspend. Returns the cancel. */
  after(delay: number, callback: () => void): () => void
}

// ---- the authorization server

/** The answer of a token endpoint, checked. Lifetimes are seconds as the server counts them from `receivedAt`. */
export interface TokenResponse {
  readonly accessToken: Redacted<string>
  /** As the server wrote it; `Bearer` if it wrote nothing that can be used. */
  readonly tokenType: string
  readonly expiresIn?: number
  /** Undefined where the server does not say. */
  readonly scope?: readonly string[]
  readonly refreshToken?: Redacted<string>
  readonly refreshTokenExpiresIn?: number
  /** From a verified ID token, where one came. */
  readonly identity?: Identity
  /** The ID token itself, for tools that sign in with it. */
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

/** What a login tells whoever waits for it. */
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
  /** Takes a redirected URL that a user pasted (sign-in over SSH); called once with the function to give it to. Throws a Failure. */
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

/** Makes the server of a profile. The client secret is read again at each use, so that a changed one is picked up. */
export type ConnectAuthorizationServer = (
  profile: Profile,
  clientSecret: () => Promise<Redacted<string> | undefined>,
) => AuthorizationServer

// ---- the vault

export interface SealedContent {
  readonly generation: number
  readonly content: Redacted<Uint8Array>
  /** Set when the newest file was damaged and the generation before it was read (R10). */
  readonly recovered?: string
}

/** Sealed records by id. Ids match `[a-z0-9][a-z0-9._-]*`. Fails with vault_locked, keychain_*, storage_failed, record_damaged. */
export interface RecordStore {
  read(id: string): Promise<SealedContent | undefined>
  /** Durable when it resolves (R2). `generation` must be higher than the one on disk, or it fails with record_superseded. */
  write(id: string, generation: number, content: Uint8Array): Promise<void>
  remove(id: string): Promise<void>
  list(): Promise<readonly string[]>
  /** Another one once anybody has written or removed a record. Undefined where that cannot be told, or is not to be: it is locked. */
  version(): Promise<string | undefined>
  /** Makes durable whatever any agent has written so far: a record can be read before it is (R2). */
  sync(): Promise<void>
  /** Proves that a write would succeed now (R11). */
  probe(): Promise<void>
}

/** The lock over one session, held across agents and hosts (R9). */
export interface SessionLock {
  /** Waits up to `timeout` ms, then fails with lock_timeout. */
  acquire(id: string, timeout: number, signal: AbortSignal): Promise<HeldLock>
}

export interface HeldLock {
  /** Whether it is still ours: a machine that slept, or lost its network, may have been taken for dead. */
  isHeld(): Promise<boolean>
  /** Never throws. */
  release(): Promise<void>
}

/** A lock among the processes of this machine that the kernel drops when its holder dies. Undefined where it is taken. */
export type TryLocalLock = (path: string) => (() => void) | undefined
