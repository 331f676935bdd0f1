// The messages of the protocol as TypeScript types; protocol/openapi.json describes the same. Names on the wire are snake_case as in
// RFC 6749. Instants are seconds since the epoch, durations are seconds.

import type { FailureCode } from '../core/failures.ts'
import type { Grant } from '../core/grant.ts'

/** `GET /v1/token`. */
export interface TokenAnswer {
  readonly profile: string
  readonly access_token: string
  readonly token_type: string
  /** Seconds since the epoch; absent if the server does not say. */
  readonly expires_at?: number
  /** Seconds from now. */
  readonly expires_in?: number
  /** The granted scopes, space-separated. */
  readonly scope: string
  /** Requested. */
  readonly resource?: string
  readonly audience?: string
  /** Who takes the token, by its own `aud` claim; absent if it is no JWT. */
  readonly aud?: readonly string[]
}

/** RFC 9457: the body of every response with status 400 and above. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: FailureCode
  /** The exit code for a command. */
  readonly exit_code: number
  readonly hint: string
  readonly detail: string
  readonly profile?: string
  /** Seconds. */
  readonly retry_after?: number
  /** The authorization server's error code, if it sent one. */
  readonly oauth_error?: string
}

export type SessionState =
  | 'active'
  | 'refreshing'
  /** The last refresh failed; the current token is served until it expires. */
  | 'retrying'
  | 'login_required'
  | 'login_pending'
  | 'logged_out'
  /** The stored record cannot be read; `reason` says why. */
  | 'damaged'
  /** The vault is not open: see `vault.state`. */
  | 'locked'

/** `GET /v1/sessions/{profile}`, and an element of `AgentStatus`. */
export interface SessionStatus {
  readonly profile: string
  readonly state: SessionState
  readonly issuer: string
  readonly client_id: string
  readonly grant: Grant
  readonly scope?: string
  readonly subject?: string
  /** For display: preferred user name, e-mail address, name or subject. */
  readonly user?: string
  readonly logged_in_at?: number
  /** When the default access token expires. */
  readonly expires_at?: number
  readonly refreshed_at?: number
  readonly next_refresh_at?: number
  /** Whether the next access token needs no login: there is a refresh token, or a grant without a user. */
  readonly renewable?: boolean
  /** When the session ends: by a limit of the profile or the lifetime of the refresh token. */
  readonly ends_at?: number
  /** Why a login is needed or the last refresh failed. */
  readonly reason?: string
  readonly hint?: string
}

type MasterKeyProviderName = 'keychain' | 'passphrase' | 'key-file' | 'descriptor' | 'systemd-credential' | 'insecure-key-file'

type VaultState =
  /** Empty: nothing has been stored. */
  | 'new'
  | 'open'
  | 'locked'
  /** The keychain works but has no key for this vault. */
  | 'absent'
  /** The keychain or key file cannot be reached. */
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
  /** Messages for the user. */
  readonly warnings: readonly string[]
}

/** `DELETE /v1/sessions/{profile}`. */
export interface LogoutAnswer {
  readonly profile: string
  /** `pending`: the server could not be reached; the agent keeps trying (P18). `not_logged_in`: there was no session. */
  readonly revocation: 'revoked' | 'pending' | 'unsupported' | 'nothing_to_revoke' | 'not_logged_in'
  readonly detail?: string
}

/** `POST /v1/handover`. */
export interface HandoverAnswer {
  /** `service_manager`: it keeps the socket, and starts the next agent with the next caller. `agent`: the next agent takes its path. */
  readonly socket_of: 'service_manager' | 'agent'
}

/** `POST /v1/unlock`. */
export interface UnlockRequest {
  readonly passphrase?: string
}

/** `PUT /v1/vault/master-key`: seals the vault with another master key. */
export type MasterKeyRequest =
  | { readonly provider: 'keychain' }
  | { readonly provider: 'passphrase'; readonly passphrase: string }
  | { readonly provider: 'key-file'; readonly path: string }
  | { readonly provider: 'insecure-key-file' }

/** `PUT /v1/profiles/{profile}/client-secret`. No request returns it (L2). */
export interface ClientSecretRequest {
  readonly client_secret: string
}

/** `PUT /v1/secrets/{name}`. Only helpers give it out. */
export interface SecretRequest {
  readonly value: string
  /** The URL that uses it without a route. */
  readonly url?: string
  readonly username?: string
  readonly expires_at?: number
}

/** An element of `GET /v1/secrets`. */
export interface SecretStatus {
  readonly name: string
  readonly url?: string
  readonly username?: string
  /** What kind of credential it is, by its prefix. */
  readonly kind?: string
  readonly created_at: number
  readonly expires_at?: number
  /** `tool`: stored by a tool such as git or docker. */
  readonly origin: 'user' | 'tool'
}

/** `PUT /v1/shares/{name}`: a socket for one container or remote host. */
export interface ShareRequest {
  /** At least one; the first is the default. */
  readonly profiles: readonly string[]
  /** Static secrets that helpers may give out through it. */
  readonly secrets?: readonly string[]
  /** Space-separated; absent: all scopes of the session. */
  readonly scope?: string
  readonly resource?: string
  readonly audience?: string
  /** Any resource and audience that the server accepts, in place of the profile's own. Not beside `resource` or `audience`. */
  readonly any_target?: boolean
  /** A token with more scopes than `scope` may leave, if the server grants no less. */
  readonly allow_wider_scope?: boolean
  /** Seconds. */
  readonly ttl: number
  /** Whether it also listens on 127.0.0.1, and on which port; absent: unchanged. */
  readonly tcp?: boolean | number
}

/** An element of `GET /v1/shares`; also `GET /v1/share` on the share's own socket, without folder, socket and tcp. */
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
  /** Mount this, read-only. */
  readonly folder?: string
  /** In that folder. */
  readonly socket?: string
  readonly tcp?: {
    /** On 127.0.0.1. */
    readonly port: number
    /** False if another program has the port, or if the share has ended. */
    readonly listening: boolean
    /** The file, in `folder`, with the secret that each request must carry. It exists while the share listens. */
    readonly secret_file: string
  }
}

/** An element of `GET /v1/approvals`: a request that waits for the user's approval. */
export interface ApprovalStatus {
  readonly id: string
  /** Seconds since the epoch. */
  readonly at: number
  /** The request in one sentence, safe to display. */
  readonly text: string
  /** A request for a secret names `secret`, any other one `profile`. */
  readonly credential: 'access_token' | 'id_token' | 'cloud_role' | 'secret'
  readonly profile?: string
  readonly secret?: string
  /** The caller, safe to display. The fields below are raw values from the system or the caller: sanitise before display. */
  readonly caller: string
  /** The process that asked. */
  readonly pid?: number
  readonly executable?: string
  /** An id, or `unknown`. */
  readonly container?: string
  readonly share?: string
  readonly scope?: string
  readonly resource?: string
  readonly audience?: string
  /** The number of the rule with `ask`, from 1. */
  readonly rule: number
}

/** `POST /v1/approvals/{id}`. */
export type { ApprovalReply } from '../core/access/approval.ts'

/** The response to an `ApprovalReply` with `remember: "always"`. */
export interface ApprovalAnswer {
  /** `session`: the rule could not be written; `detail` says why. */
  readonly remembered: 'always' | 'session'
  readonly detail?: string
  /** The path of config.toml. */
  readonly config?: string
  /** The number of the new rule, from 1. */
  readonly rule?: number
  /** Its line in config.toml, from 1. */
  readonly line?: number
  /** The text that was added. */
  readonly text?: string
}

/** Messages of the agent on `/v1/login`. */
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

/** Message of the client on `/v1/login`: the URL that the user copied from a browser on another machine. */
export interface LoginReply {
  readonly type: 'redirected'
  readonly url: string
}

/** Messages of the agent on `/v1/events`. */
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
      /** `none`: not answered in time. */
      readonly decision: 'allow' | 'deny' | 'none'
    }
  /** Follows an approval with `always`. */
  | ({ readonly type: 'approval_remembered'; readonly at: number; readonly id: string } & ApprovalAnswer)
  | { readonly type: 'warning'; readonly at: number; readonly text: string }
