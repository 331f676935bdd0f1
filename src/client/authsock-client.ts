// The client that `connect` makes: one method a request of the protocol. Other programs see it through index.ts.

import { Failure } from '../core/failures.ts'
import type {
  AgentStatus,
  ApprovalAnswer,
  ApprovalReply,
  ApprovalStatus,
  EventMessage,
  HandoverAnswer,
  LogoutAnswer,
  MasterKeyRequest,
  SecretRequest,
  SecretStatus,
  SessionStatus,
  ShareRequest,
  ShareStatus,
  TokenAnswer,
  VaultStatus,
} from '../wire/messages.ts'
import { type Connection, orStart } from './connection.ts'
import type { LoginConversation, LoginOptions, TokenOptions } from './options.ts'
import { type Call, type HttpResponse, parse } from './transport.ts'
import { openChannel } from './websocket.ts'

/** Made by `connect`. Every method rejects with a {@link Failure}; each may also reject with agent_unreachable or agent_untrusted. */
export class AuthsockClient {
  readonly #connection: Connection

  /** @internal */
  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** The path of the socket, or the URL of the share. */
  get socket(): string {
    return this.#connection.transport.path
  }

  /**
   * An access token that is valid for at least `minTtl` seconds. The agent refreshes it if needed, once however many programs ask.
   *
   * @throws {Failure} `login_required`, `login_pending`, `scope_not_allowed`, `scope_not_granted`, `denied`, `approval_declined`,
   * `server_unreachable` and other `server_*`, `vault_locked`, `profile_required`, `unknown_profile`, `cancelled`.
   * @example
   * ```ts
   * const { access_token, expires_in } = await authsock.token({ profile: 'work', scope: ['read'], minTtl: 300 })
   * ```
   */
  async token(options: TokenOptions = {}): Promise<TokenAnswer> {
    const { profile, scope, resource, audience, minTtl, signal } = options
    const query = new URLSearchParams()
    if (profile !== undefined) query.set('profile', profile)
    if (scope !== undefined) query.set('scope', scope.join(' '))
    if (resource !== undefined) query.set('resource', resource)
    if (audience !== undefined) query.set('audience', audience)
    if (minTtl !== undefined) query.set('min_ttl', String(minTtl))
    return this.#json({ method: 'GET', path: query.size === 0 ? '/v1/token' : `/v1/token?${query.toString()}`, signal })
  }

  /**
   * Logs in. The caller opens the browser or shows the code.
   *
   * @throws {Failure} from the loop: `login_failed`, `login_expired`, `login_cancelled`, `server_*`, `vault_locked`.
   * @example
   * ```ts
   * for await (const message of await authsock.login('work', { grant: 'device_code' })) {
   *   if (message.type === 'device_code') console.log(`open ${message.verification_uri} and enter ${message.user_code}`)
   *   if (message.type === 'done') console.log(`logged in as ${message.session.user}`)
   * }
   * ```
   */
  async login(
    profile?: string,
    { grant, loginHint, selectAccount, newerThan, signal }: LoginOptions = {},
  ): Promise<LoginConversation> {
    const query = new URLSearchParams()
    if (profile !== undefined) query.set('profile', profile)
    if (grant !== undefined) query.set('grant', grant)
    if (loginHint !== undefined) query.set('login_hint', loginHint)
    if (selectAccount !== undefined) query.set('select_account', String(selectAccount))
    if (newerThan !== undefined) query.set('newer_than', String(newerThan))
    const channel = await this.#orStart(() => openChannel(this.socket, `/v1/login?${query.toString()}`, signal))
    return {
      redirected: (url) => channel.send({ type: 'redirected', url }),
      [Symbol.asyncIterator]: () => channel.login(),
    }
  }

  /** Refreshes a session now, whatever the agent had planned for it; the result says how that ended. Throws unknown_profile. */
  async retry(profile: string): Promise<SessionStatus> {
    return this.#json({ method: 'POST', path: `/v1/sessions/${encodeURIComponent(profile)}/retry` })
  }

  /**
   * Ends a session here, and at the server if it can revoke tokens (RFC 7009).
   *
   * @throws {Failure} `unknown_profile`.
   */
  async logout(profile: string): Promise<LogoutAnswer> {
    return this.#json({ method: 'DELETE', path: sessionPath(profile) })
  }

  /** The agent, its vault and all sessions. It holds no token. */
  async status(): Promise<AgentStatus> {
    return this.#json({ method: 'GET', path: '/v1/status' })
  }

  /**
   * The sessions of all profiles.
   *
   * @throws {Failure} `config_invalid`.
   */
  async sessions(): Promise<readonly SessionStatus[]> {
    return (await this.#json<{ readonly sessions: readonly SessionStatus[] }>({ method: 'GET', path: '/v1/sessions' })).sessions
  }

  /** @throws {Failure} `unknown_profile`. */
  async session(profile: string): Promise<SessionStatus> {
    return this.#json({ method: 'GET', path: sessionPath(profile) })
  }

  /**
   * What happens in the agent from now on; the first message is `hello`. Leaving the loop or aborting ends it.
   *
   * @example
   * ```ts
   * for await (const event of await authsock.events()) if (event.type === 'login_required') notify(event.profile)
   * ```
   */
  async events(signal?: AbortSignal): Promise<AsyncIterable<EventMessage>> {
    const channel = await this.#orStart(() => openChannel(this.socket, '/v1/events', signal))
    return { [Symbol.asyncIterator]: () => channel.events() }
  }

  /**
   * Has the agent read config.toml again now; otherwise it notices a change within a second.
   *
   * @throws {Failure} `config_invalid`.
   */
  async reloadConfig(signal?: AbortSignal): Promise<void> {
    await this.#call({ method: 'POST', path: '/v1/config/reload', signal })
  }

  /** Forgets the master key: no token leaves the agent until `unlock`. */
  async lock(): Promise<VaultStatus> {
    return this.#json({ method: 'POST', path: '/v1/lock' })
  }

  /** @throws {Failure} `vault_locked` (a passphrase is needed), `master_key_wrong`, `unlock_throttled`, `keychain_*`. */
  async unlock(passphrase?: string): Promise<VaultStatus> {
    return this.#json({ method: 'POST', path: '/v1/unlock', body: passphrase === undefined ? {} : { passphrase } })
  }

  /**
   * Seals the vault with another master key.
   *
   * @throws {Failure} `vault_locked`, `keychain_*`, `storage_failed`.
   */
  async setMasterKey(request: MasterKeyRequest): Promise<VaultStatus> {
    return this.#json({ method: 'PUT', path: '/v1/vault/master-key', body: request })
  }

  /**
   * Removes the master key from where it is kept: nobody can open the vault again once the agent has ended. A key file that the user named stays.
   *
   * @throws {Failure} `vault_locked`, `keychain_*`.
   */
  async discardMasterKey(): Promise<void> {
    await this.#call({ method: 'DELETE', path: '/v1/vault/master-key' })
  }

  /** Stores the secret of a profile's OAuth client in the vault. No request returns it. */
  async setClientSecret(profile: string, clientSecret: string): Promise<void> {
    await this.#call({ method: 'PUT', path: clientSecretPath(profile), body: { client_secret: clientSecret } })
  }

  async removeClientSecret(profile: string): Promise<void> {
    await this.#call({ method: 'DELETE', path: clientSecretPath(profile) })
  }

  /** Stores a static secret in the vault, in place of an earlier one of that name. No request returns it; helpers give it to tools. */
  async setSecret(name: string, secret: SecretRequest): Promise<void> {
    await this.#call({ method: 'PUT', path: secretPath(name), body: secret })
  }

  /** @throws {Failure} `not_found`. */
  async removeSecret(name: string): Promise<void> {
    await this.#call({ method: 'DELETE', path: secretPath(name) })
  }

  /** The static secrets, without their values. */
  async secrets(): Promise<readonly SecretStatus[]> {
    return (await this.#json<{ readonly secrets: readonly SecretStatus[] }>({ method: 'GET', path: '/v1/secrets' })).secrets
  }

  /** The requests that wait for the user's approval. */
  async approvals(): Promise<readonly ApprovalStatus[]> {
    return (await this.#json<{ readonly approvals: readonly ApprovalStatus[] }>({ method: 'GET', path: '/v1/approvals' }))
      .approvals
  }

  /**
   * Answers a request that waits for approval. Returns what became of `remember: 'always'`; undefined for other answers.
   *
   * @throws {Failure} `not_found`: it was answered already, or nobody waits for it any more.
   */
  async answerApproval(id: string, reply: ApprovalReply): Promise<ApprovalAnswer | undefined> {
    const { text } = await this.#call({ method: 'POST', path: `/v1/approvals/${encodeURIComponent(id)}`, body: reply })
    return text === '' ? undefined : (parse(text) as ApprovalAnswer)
  }

  /**
   * Creates a share, a restricted socket for one container or remote host; a share of that name gets new bounds.
   *
   * @throws {Failure} `bad_request`, `unknown_profile`.
   * @example
   * ```ts
   * const { folder } = await authsock.makeShare('devbox', { profiles: ['work'], scope: 'read', ttl: 8 * 3600 })
   * ```
   */
  async makeShare(name: string, request: ShareRequest): Promise<ShareStatus> {
    return this.#json({ method: 'PUT', path: sharePath(name), body: request })
  }

  async shares(): Promise<readonly ShareStatus[]> {
    return (await this.#json<{ readonly shares: readonly ShareStatus[] }>({ method: 'GET', path: '/v1/shares' })).shares
  }

  /** @throws {Failure} `not_found`. */
  async share(name: string): Promise<ShareStatus> {
    return this.#json({ method: 'GET', path: sharePath(name) })
  }

  /** @throws {Failure} `not_found`. */
  async removeShare(name: string): Promise<void> {
    await this.#call({ method: 'DELETE', path: sharePath(name) })
  }

  /**
   * Has the agent answer what it was asked and end, as soon as another one listens at its path. It goes on if none does within 10 s.
   * If the service manager keeps the socket, the agent ends at once, and the next caller starts the next one.
   */
  async handOver(): Promise<HandoverAnswer> {
    return this.#json({ method: 'POST', path: '/v1/handover' })
  }

  /** Stops the agent. */
  async shutdown(): Promise<void> {
    await this.#call({ method: 'POST', path: '/v1/shutdown' })
  }

  /** Closes idle connections, so that the process can end. The client can be used again. */
  close(): void {
    this.#connection.transport.close()
  }

  async #json<T>(call: Call): Promise<T> {
    const json = parse((await this.#call(call)).text)
    if (typeof json === 'object' && json !== null) return json as T
    throw new Failure('unexpected', `what listens at ${this.socket} does not speak authsock's protocol`)
  }

  #call(call: Call): Promise<HttpResponse> {
    return orStart(() => this.#connection.transport.call(call), this.#connection.start, call.method === 'GET')
  }

  #orStart<T>(work: () => Promise<T>): Promise<T> {
    return orStart(work, this.#connection.start)
  }
}

const sessionPath = (profile: string): string => `/v1/sessions/${encodeURIComponent(profile)}`

const sharePath = (name: string): string => `/v1/shares/${encodeURIComponent(name)}`

const secretPath = (name: string): string => `/v1/secrets/${encodeURIComponent(name)}`

const clientSecretPath = (profile: string): string => `/v1/profiles/${encodeURIComponent(profile)}/client-secret`
