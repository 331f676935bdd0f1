// Every failure of authsock in one table: code -> HTTP status, exit code, hint. The codes are part of the protocol
// (protocol/README.md) and do not change. Agent, client and command line share the table.

import { fileError, permissionHint, systemErrorReason } from './system-error.ts'

export const exitCodes = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  loginRequired: 3,
  locked: 4,
  unavailable: 5,
  denied: 6,
  noAgent: 7,
  refused: 8,
  storage: 9,
  cancelled: 130,
} as const

interface Row {
  readonly status: number
  readonly exitCode: number
  /** What to type or do next; `{profile}` is replaced by the profile's name. */
  readonly hint: string
}

const row = (status: number, exitCode: number, hint: string): Row => ({ status, exitCode, hint })

const table = {
  // the request
  bad_request: row(400, exitCodes.usage, 'see `authsock help` or protocol/README.md for what is accepted'),
  not_found: row(404, exitCodes.usage, 'protocol/README.md lists the paths that the agent serves'),
  method_not_allowed: row(405, exitCodes.usage, 'protocol/README.md lists the methods of each path'),
  request_timeout: row(408, exitCodes.unavailable, 'send the whole request at once'),
  too_large: row(413, exitCodes.usage, 'requests are small: check what was sent'),
  too_many_requests: row(429, exitCodes.unavailable, 'wait a moment, then try again'),
  unknown_profile: row(404, exitCodes.usage, '`authsock profile list` shows all profiles'),
  profile_required: row(
    400,
    exitCodes.usage,
    'name one, set AUTHSOCK_PROFILE, or choose a default: `authsock profile default PROFILE`',
  ),
  profile_exists: row(409, exitCodes.usage, '`authsock profile show {profile}` shows it; remove it first or choose another name'),
  config_invalid: row(500, exitCodes.usage, 'fix config.toml; nothing was changed'),
  peer_denied: row(403, exitCodes.denied, 'only the user who started the agent may use its socket'),
  unauthorized: row(
    401,
    exitCodes.denied,
    "the secret is the file 'secret' in the share's folder: mount that at /run/authsock, or set AUTHSOCK_SECRET_FILE",
  ),

  // the session
  login_required: row(409, exitCodes.loginRequired, '`authsock login {profile}`'),
  login_pending: row(409, exitCodes.loginRequired, 'finish the login that is in progress, then try again'),
  login_failed: row(502, exitCodes.refused, '`authsock login {profile}` to try again'),
  login_expired: row(408, exitCodes.refused, '`authsock login {profile}` to try again'),
  login_cancelled: row(409, exitCodes.cancelled, '`authsock login {profile}` when you are ready'),
  scope_not_allowed: row(403, exitCodes.denied, 'request fewer scopes, or add the scope to the profile and log in again'),
  target_not_allowed: row(403, exitCodes.denied, 'add the resource or audience to the profile in config.toml, then log in again'),
  scope_not_granted: row(403, exitCodes.denied, '`authsock login {profile}` to request this scope from the server'),

  // access decisions
  denied: row(403, exitCodes.denied, '`authsock rule test` shows which rule decides; rules are in config.toml'),
  approval_required: row(403, exitCodes.denied, '`authsock approve` lists the pending requests'),
  approval_declined: row(403, exitCodes.denied, 'the user has declined; try again when the user agrees'),
  share_limited: row(403, exitCodes.denied, 'request only what the share allows'),
  share_expired: row(403, exitCodes.denied, 'its owner can create a new one: `authsock share create`'),

  // static secrets
  secret_expired: row(403, exitCodes.denied, '`authsock secret list` shows the secrets and their expiry'),

  // the authorization server
  server_unreachable: row(503, exitCodes.unavailable, 'check the network; the next call tries again'),
  server_timeout: row(504, exitCodes.unavailable, 'the server is slow; the next call tries again'),
  server_unavailable: row(503, exitCodes.unavailable, 'the server is not available now; the agent tries again by itself'),
  server_invalid_response: row(
    502,
    exitCodes.unavailable,
    'the answer was not an OAuth response: check the issuer and any proxy',
  ),
  server_refused: row(
    502,
    exitCodes.refused,
    'the message gives the reason of the server; check the profile: `authsock profile show {profile}`',
  ),
  client_refused: row(502, exitCodes.refused, 'check client id and secret: `authsock profile show {profile}`'),
  discovery_failed: row(
    502,
    exitCodes.refused,
    'check the issuer URL, or give the endpoints by hand: `authsock help profile add`',
  ),
  issuer_mismatch: row(502, exitCodes.refused, 'use the issuer exactly as the server spells it'),
  unsupported_by_server: row(501, exitCodes.refused, 'choose another grant: `authsock help login`'),
  insecure_url: row(400, exitCodes.usage, 'use https; plain http is accepted for loopback addresses only'),

  // the vault and its master key
  vault_locked: row(423, exitCodes.locked, '`authsock unlock`'),
  keychain_locked: row(423, exitCodes.locked, 'unlock your keychain (log in to the desktop), then `authsock unlock`'),
  keychain_absent: row(503, exitCodes.storage, 'restore the keychain entry, or start with an empty vault: `authsock help vault`'),
  keychain_unreachable: row(503, exitCodes.storage, 'start a keychain, or choose another master key: `authsock help vault`'),
  master_key_wrong: row(403, exitCodes.locked, 'this key does not open the vault: try again'),
  master_key_unavailable: row(503, exitCodes.storage, 'the named key file or descriptor cannot be read: `authsock help vault`'),
  vault_changed: row(409, exitCodes.storage, 'restore vault.json from a backup'),
  unlock_throttled: row(429, exitCodes.locked, 'wait, then `authsock unlock` again'),
  storage_failed: row(507, exitCodes.storage, 'free disk space or fix the permissions of the state folder; no token was lost'),
  record_damaged: row(500, exitCodes.storage, 'the file is kept; `authsock login {profile}` creates a new session'),
  record_superseded: row(
    409,
    exitCodes.unavailable,
    'another agent over the same home folder has written the session; try again',
  ),
  lock_timeout: row(503, exitCodes.unavailable, 'another agent holds the lock of this session; try again'),

  // the agent
  agent_unreachable: row(503, exitCodes.noAgent, '`authsock agent` starts it in the foreground and shows why it fails'),
  agent_untrusted: row(403, exitCodes.denied, 'the socket belongs to another user: check AUTHSOCK and its folder'),
  shutting_down: row(503, exitCodes.unavailable, 'the agent is stopping; try again'),
  cancelled: row(499, exitCodes.cancelled, ''),
  unexpected: row(500, exitCodes.unexpected, 'this is a defect: please report it with the output of `authsock status --json`'),
} satisfies Record<string, Row>

export type FailureCode = keyof typeof table

export interface FailureDetails {
  /** The profile of the session; fills `{profile}` in the hint. */
  readonly profile?: string
  /** Replaces the table's hint. */
  readonly hint?: string
  /** Seconds after which a retry makes sense. */
  readonly retryAfter?: number
  /** The server's error code (RFC 6749 section 5.2 and its extensions), if it sent one. */
  readonly oauthError?: string
  readonly cause?: unknown
}

/** The only error type that crosses module borders. `message` is one lower-case sentence and never holds a secret. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly code: FailureCode
  readonly details: FailureDetails

  constructor(code: FailureCode, message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.details = details
  }

  get status(): number {
    return table[this.code].status
  }

  get exitCode(): number {
    return table[this.code].exitCode
  }

  get hint(): string {
    const hint: string = this.details.hint ?? table[this.code].hint
    return hint.replaceAll('{profile}', this.details.profile ?? 'PROFILE')
  }

  /** The same failure with the profile set. */
  of(profile: string): Failure {
    return this.details.profile === undefined ? new Failure(this.code, this.message, { ...this.details, profile }) : this
  }
}

export const failureCodes = Object.keys(table) as FailureCode[]

export const isFailureCode = (code: unknown): code is FailureCode => typeof code === 'string' && Object.hasOwn(table, code)

/** Any thrown value as a Failure: a file that cannot be used is storage_failed, any other error `unexpected`. Keeps the cause. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error
  const file = fileError(error)
  if (file !== undefined) {
    const hint = file.code === 'EACCES' || file.code === 'EPERM' ? permissionHint : `check ${file.path}`
    return new Failure('storage_failed', `cannot use ${file.path}: ${systemErrorReason(file.code)}`, { hint, cause: error })
  }
  return new Failure('unexpected', `unexpected: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
}
