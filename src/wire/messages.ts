// The protocol's messages, as TypeScript types: what protocol/openapi.json says, in this language. Names on the wire are
// snake_case like those of RFC 6749; instants are seconds since the epoch, durations are seconds.

import type { FailureCode } from '../core/failures.ts'
import type { Grant } from '../core/profile.ts'

/** `GET /v1/token`. */
export interface TokenAnswer {
  readonly profile: string
  readonly access_token: string
  readonly token_type: string
  /** Seconds since the epoch; absent where the server does not say. */
  readonly expires_at?: number
  /** Seconds from the answer on. */
  readonly expires_in?: number
  /** Granted, space-separated. */
  readonly scope: string
  readonly resource?: string
  readonly audience?: string
}

/** RFC 9457, on every answer of 400 and above. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: FailureCode
  /** What a command should exit with. */
  readonly exit_code: number
  readonly hint: string
  readonly detail: string
  readonly profile?: string
  /** Seconds. */
  readonly retry_after?: number
  /** The server's own error code, where it sent one. */
  readonly oauth_error?: string
}

export type SessionState =
  | 'active'
  | 'refreshing'
  /** The last refresh failed; the live token is served while it lasts. */
  | 'retrying'
  | 'login_required'
  | 'login_pending'
  | 'logged_out'
  /** The record cannot be read; `reason` says why. */
  | 'damaged'
  /** The vault is shut: see `vault.state`. */
  | 'locked'

/** `GET /v1/sessions/{profile}`, and an element of the status. */
export interface SessionStatus {
  readonly profile: string
  readonly state: SessionState
  readonly issuer: string
  readonly client_id: string
  readonly grant: Grant
  readonly scope?: string
  readonly subject?: string
  /** A name for people: preferred user name, e-mail address, name or subject. */
  readonly user?: string
  readonly logged_in_at?: number
  /** Of the access token that callers get by default. */
  readonly expires_at?: number
  readonly refreshed_at?: number
  readonly next_refresh_at?: number
  /** When a login will be needed: by the limits of the profile, or the end of the refresh token. */
  readonly ends_at?: number
  /** Why a login is needed or the last refresh failed. */
  readonly reason?: string
  readonly hint?: string
}

type MasterKeyProviderName = 'keychain' | 'passphrase' | 'key-file' | 'descriptor' | 'systemd-credential' | 'insecure-key-file'

type VaultState =
  /** Nothing is stored yet. */
  | 'new'
  | 'open'
  | 'locked'
  /** The keychain answers and holds no key for this vault. */
  | 'absent'
  /** The keychain (or key file) cannot be asked. */
  | 'unreachable'

export interface VaultStatus {
  readonly state: VaultState
  readonly master_key?: MasterKeyProviderName
  readonly detail?: string
  readonly hint?: string
}

/** `GET /v1/status`. */
export interface AgentStatus {
  readonly agent: {
    readonly version: string
    readonly protocol: 1
    readonly pid: number
    readonly started_at: number
    readonly socket: string
    readonly config: string
  }
  readonly vault: VaultStatus
  readonly sessions: readonly SessionStatus[]
  /** Sentences that the user should read. */
  readonly warnings: readonly string[]
}

/** `DELETE /v1/sessions/{profile}`. */
export interface LogoutAnswer {
  readonly profile: string
  /** `pending`: the server could not be asked now; the agent goes on trying (P18). */
  readonly revocation: 'revoked' | 'pending' | 'unsupported' | 'nothing_to_revoke'
  readonly detail?: string
}

/** `POST /v1/unlock`. */
export interface UnlockRequest {
  readonly passphrase?: string
}

/** `PUT /v1/vault/master-key`: moves the vault to another master key. */
export type MasterKeyRequest =
  | { readonly provider: 'keychain' }
  | { readonly provider: 'passphrase'; readonly passphrase: string }
  | { readonly provider: 'key-file'; readonly path: string }
  | { readonly provider: 'insecure-key-file' }

/** `PUT /v1/profiles/{profile}/client-secret`. Never readable again (L2). */
export interface ClientSecretRequest {
  readonly client_secret: string
}

/** `PUT /v1/secrets/{name}`. Never readable again, but by the tools it is for. */
export interface SecretRequest {
  readonly value: string
  /** Where it is used without a route. */
  readonly url?: string
  readonly username?: string
  readonly expires_at?: number
}

/** An element of `GET /v1/secrets`. */
export interface SecretStatus {
  readonly name: string
  readonly url?: string
  readonly username?: string
  /** What its prefix says it is. */
  readonly kind?: string
  readonly created_at: number
  readonly expires_at?: number
  /** `tool`: stored by git, docker and the like. */
  readonly origin: 'user' | 'tool'
}

/** `PUT /v1/shares/{name}`: a socket for one container or remote. */
export interface ShareRequest {
  /** At least one; the first is the default. */
  readonly profiles: readonly string[]
  /** Static secrets that helpers may give by it. */
  readonly secrets?: readonly string[]
  /** Space-separated; absent: all that the profile's session has. */
  readonly scope?: string
  readonly resource?: string
  readonly audience?: string
  /** Any resource and audience that the server accepts, in place of the profile's own. Not beside `resource` or `audience`. */
  readonly any_target?: boolean
  /** A token with more scopes than `scope` may leave, if the server grants no less. */
  readonly allow_wider_scope?: boolean
  /** Seconds. */
  readonly ttl: number
  /** Whether it listens on 127.0.0.1 too, and at which port; absent: as it is. */
  readonly tcp?: boolean | number
}

/** An element of `GET /v1/shares`; `GET /v1/share` on a shared socket, without its place. */
export interface ShareStatus {
  readonly name: string
  readonly profiles: readonly string[]
  readonly secrets: readonly string[]
  readonly scope?: string
  readonly resource?: string
  readonly audience?: string
  readonly any_target?: true
  readonly allow_wider_scope?: true
  readonly created_at: number
  readonly expires_at: number
  /** To be mounted, read-only. */
  readonly folder?: string
  /** In that folder. */
  readonly socket?: string
  readonly tcp?: {
    /** Of 127.0.0.1. */
    readonly port: number
    /** False where another program has the port, and of a share that has ended. */
    readonly listening: boolean
    /** What each request has to bring: in the folder, as long as it listens. */
    readonly secret_file: string
  }
}

/** An element of `GET /v1/approvals`: somebody waits for the user's word. */
export interface ApprovalStatus {
  readonly id: string
  /** Seconds since the epoch. */
  readonly at: number
  /** The question, in a sentence. */
  readonly text: string
  /** A request for a secret names `secret`, any other one `profile`. */
  readonly credential: 'access_token' | 'id_token' | 'cloud_role' | 'secret'
  readonly profile?: string
  readonly secret?: string
  /** In words, safe to show. What follows is as the system or the caller says it, and may hold anything. */
  readonly caller: string
  readonly executable?: string
  /** An id, or `unknown`. */
  readonly container?: string
  readonly share?: string
  readonly scope?: string
  readonly resource?: string
  readonly audience?: string
  /** The rule that asks, from 1. */
  readonly rule: number
}

/** `POST /v1/approvals/{id}`. */
export type { ApprovalReply } from '../core/access/approval.ts'

/** The answer to `remember: "always"`. */
export interface ApprovalAnswer {
  /** `session`: no rule could be written; `detail` says why. */
  readonly remembered: 'always' | 'session'
  readonly detail?: string
  /** config.toml. */
  readonly config?: string
  /** The new rule, from 1. */
  readonly rule?: number
  /** Where it stands there, from 1. */
  readonly line?: number
  /** What was written. */
  readonly text?: string
}

/** What the agent says on `/v1/login`. */
export type LoginMessage =
  | { readonly type: 'open_browser'; readonly url: string; readonly redirect_uri: string }
  | {
      readonly type: 'device_code'
      readonly user_code: string
      readonly verification_uri: string
      readonly verification_uri_complete?: string
      readonly expires_in: number
    }
  | { readonly type: 'progress'; readonly text: string }
  | { readonly type: 'done'; readonly session: SessionStatus }
  | { readonly type: 'error'; readonly problem: Problem }

/** What a client may say on `/v1/login`: the redirected URL that a user copied from a browser elsewhere. */
export interface LoginReply {
  readonly type: 'redirected'
  readonly url: string
}

/** What the agent says on `/v1/events`. */
export type EventMessage =
  | { readonly type: 'hello'; readonly at: number; readonly version: string }
  | { readonly type: 'refreshed'; readonly at: number; readonly profile: string; readonly expires_at?: number }
  | {
      readonly type: 'refresh_failed'
      readonly at: number
      readonly profile: string
      readonly reason: string
      readonly retry_at: number
    }
  | { readonly type: 'login_required'; readonly at: number; readonly profile: string; readonly reason: string }
  | { readonly type: 'logged_in'; readonly at: number; readonly profile: string; readonly user?: string }
  | { readonly type: 'logged_out'; readonly at: number; readonly profile: string }
  | { readonly type: 'locked'; readonly at: number }
  | { readonly type: 'unlocked'; readonly at: number }
  | { readonly type: 'approval_requested'; readonly at: number; readonly approval: ApprovalStatus }
  | {
      readonly type: 'approval_settled'
      readonly at: number
      readonly id: string
      /** `none`: nobody answered. */
      readonly decision: 'allow' | 'deny' | 'none'
    }
  /** After an `always`. */
  | ({ readonly type: 'approval_remembered'; readonly at: number; readonly id: string } & ApprovalAnswer)
  | { readonly type: 'warning'; readonly at: number; readonly text: string }
