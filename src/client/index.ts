/**
 * The client library: `import { connect } from 'authsock/client'`. For authors of command lines and tools who would
 * otherwise keep a token file of their own. It talks to the user's agent over its socket, and starts one where none runs.
 *
 *     const authsock = await connect()
 *     const { access_token } = await authsock.token({ profile: 'work' })
 *     authsock.close()
 *
 * Every method throws a {@link Failure}: its `code` is stable, `message` says what happened and `hint` what to do next.
 */

import { Failure } from '../core/failures.ts'
import type { Grant } from '../core/grant.ts'
import { paths } from '../platform/fs/paths.ts'
import type {
  AgentStatus,
  ApprovalAnswer,
  ApprovalReply,
  ApprovalStatus,
  EventMessage,
  LoginMessage,
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
import { tcpAddress } from './agent-address.ts'
import { startAgent } from './start.ts'
import { isNobodyThere, parse, Transport } from './transport.ts'
import { openChannel } from './websocket.ts'

export { exitCodes, Failure, type FailureCode } from '../core/failures.ts'
export type {
  AgentStatus,
  ApprovalAnswer,
  ApprovalReply,
  ApprovalStatus,
  EventMessage,
  LoginMessage,
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

export interface ConnectOptions {
  /** Where the agent listens, or `http://HOST:PORT` of a share; otherwise `$AUTHSOCK` or the platform's place (protocol/README.md). */
  readonly socket?: string
  /** Whether an agent is started where none runs. Default: true. */
  readonly start?: boolean
  /** The environment that says where things are. Default: `process.env`. */
  readonly env?: NodeJS.ProcessEnv
}

export interface TokenOptions {
  /** Default: the configured default profile, or the only one. */
  readonly profile?: string
  /** Scopes; at most those of the profile (else scope_not_allowed). Default: all that the session was granted. */
  readonly scope?: readonly string[]
  /** RFC 8707: an absolute URI. Default: the profile's. */
  readonly resource?: string
  readonly audience?: string
  /** Seconds for which the token must still be good; the agent refreshes if need be. Default: 30, or a tenth of its life. */
  readonly minTtl?: number
  readonly signal?: AbortSignal
}

export interface LoginOptions {
  /** In place of the profile's grant. */
  readonly grant?: Grant
  /** Aborting cancels the login. */
  readonly signal?: AbortSignal
}

/** What the agent says during a login; ends after `done`. An `error` message is thrown as a Failure. */
export interface LoginConversation extends AsyncIterable<Exclude<LoginMessage, { type: 'error' }>> {
  /** Hands over the redirected URL that a user copied from a browser on another machine. */
  redirected(url: string): void
}

/**
 * Finds the agent, or starts it. Throws agent_unreachable, agent_untrusted (the socket is somebody else's).
 * Nothing is kept open until the first request.
 */
export async function connect(options: ConnectOptions = {}): Promise<AuthsockClient> {
  const { transport, start } = connectTransport(options)
  return new AuthsockClient(transport, start)
}

/** Not for other programs: what `connect` is made of. */
export function connectTransport(options: ConnectOptions = {}) {
  const env = options.env ?? process.env
  const tcp = tcpAddress(options.socket ?? env['AUTHSOCK'], env)
  if (tcp !== undefined) {
    return { transport: new Transport(tcp), start: undefined, ask: <T>(work: () => Promise<T>) => work() }
  }
  // The agent that is started has to listen there too.
  const told = options.socket === undefined ? env : { ...env, AUTHSOCK: options.socket }
  const where = paths(told)
  const transport = new Transport(where.socket)
  const isThere = async (): Promise<boolean> => {
    try {
      await transport.call({ method: 'GET', path: '/v1/sessions/-' })
      return true
    } catch (error) {
      if (isNobodyThere(error)) return false
      // An agent that answers with an error is there.
      if (error instanceof Failure && error.code !== 'shutting_down' && error.code !== 'agent_untrusted') return true
      if (error instanceof Failure && error.code === 'shutting_down') return false
      throw error
    }
  }
  const start = options.start === false ? undefined : () => startAgent(where, told, isThere)
  return { transport, start, ask: <T>(work: () => Promise<T>) => orStart(work, start) }
}

/** Does it, and starts an agent and does it again where nobody listens. */
async function orStart<T>(work: () => Promise<T>, start: (() => Promise<void>) | undefined): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (start === undefined || !isNobodyThere(error)) throw error
    await start()
    return work()
  }
}

export class AuthsockClient {
  readonly #transport: Transport
  readonly #start: (() => Promise<void>) | undefined

  /** Use {@link connect}. */
  constructor(transport: Transport, start: (() => Promise<void>) | undefined) {
    this.#transport = transport
    this.#start = start
  }

  /** Where the agent listens. */
  get socket(): string {
    return this.#transport.path
  }

  /** An access token, refreshed by the agent if need be. Times are seconds. Throws login_required, login_pending, scope_*, server_*, vault_*. */
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

  /** The agent, its vault and all sessions. Never a token. */
  async status(): Promise<AgentStatus> {
    return this.#json({ method: 'GET', path: '/v1/status' })
  }

  /** All sessions. Throws config_invalid. */
  async sessions(): Promise<readonly SessionStatus[]> {
    const { sessions } = await this.#json<{ readonly sessions: readonly SessionStatus[] }>({
      method: 'GET',
      path: '/v1/sessions',
    })
    return sessions
  }

  /** Throws unknown_profile. */
  async session(profile: string): Promise<SessionStatus> {
    return this.#json({ method: 'GET', path: `/v1/sessions/${encodeURIComponent(profile)}` })
  }

  /** Ends a session here and at the server (RFC 7009). */
  async logout(profile: string): Promise<LogoutAnswer> {
    return this.#json({ method: 'DELETE', path: `/v1/sessions/${encodeURIComponent(profile)}` })
  }

  /** Forgets the master key; no token leaves until `unlock`. */
  async lock(): Promise<VaultStatus> {
    return this.#json({ method: 'POST', path: '/v1/lock' })
  }

  /** Throws vault_locked (a passphrase is needed), master_key_wrong, unlock_throttled, keychain_*. */
  async unlock(passphrase?: string): Promise<VaultStatus> {
    return this.#json({ method: 'POST', path: '/v1/unlock', body: passphrase === undefined ? {} : { passphrase } })
  }

  /** Moves the vault to another master key. */
  async setMasterKey(request: MasterKeyRequest): Promise<VaultStatus> {
    return this.#json({ method: 'PUT', path: '/v1/vault/master-key', body: request })
  }

  /** Kept in the vault, never to be read again. */
  async setClientSecret(profile: string, clientSecret: string): Promise<void> {
    await this.#call({ method: 'PUT', path: clientSecretPath(profile), body: { client_secret: clientSecret } })
  }

  async removeClientSecret(profile: string): Promise<void> {
    await this.#call({ method: 'DELETE', path: clientSecretPath(profile) })
  }

  /** Keeps a static secret in the vault; what has the name is replaced. `expires_at` in seconds since the epoch. */
  async setSecret(name: string, secret: SecretRequest): Promise<void> {
    await this.#call({ method: 'PUT', path: secretPath(name), body: secret })
  }

  /** Throws not_found. */
  async removeSecret(name: string): Promise<void> {
    await this.#call({ method: 'DELETE', path: secretPath(name) })
  }

  /** What is known of the static secrets, but never one itself. */
  async secrets(): Promise<readonly SecretStatus[]> {
    const { secrets } = await this.#json<{ readonly secrets: readonly SecretStatus[] }>({ method: 'GET', path: '/v1/secrets' })
    return secrets
  }

  /** What waits for the user's word. */
  async approvals(): Promise<readonly ApprovalStatus[]> {
    const { approvals } = await this.#json<{ readonly approvals: readonly ApprovalStatus[] }>({
      method: 'GET',
      path: '/v1/approvals',
    })
    return approvals
  }

  /** What became of an `always`; undefined for other answers. Throws not_found. */
  async answerApproval(id: string, reply: ApprovalReply): Promise<ApprovalAnswer | undefined> {
    const { text } = await this.#call({ method: 'POST', path: `/v1/approvals/${encodeURIComponent(id)}`, body: reply })
    return text === '' ? undefined : (parse(text) as ApprovalAnswer)
  }

  /** Makes a shared socket, or gives the one of that name new bounds. Throws bad_request, unknown_profile. */
  async makeShare(name: string, request: ShareRequest): Promise<ShareStatus> {
    return this.#json({ method: 'PUT', path: sharePath(name), body: request })
  }

  async shares(): Promise<readonly ShareStatus[]> {
    const { shares } = await this.#json<{ readonly shares: readonly ShareStatus[] }>({ method: 'GET', path: '/v1/shares' })
    return shares
  }

  /** Throws not_found. */
  async share(name: string): Promise<ShareStatus> {
    return this.#json({ method: 'GET', path: sharePath(name) })
  }

  /** Throws not_found. */
  async removeShare(name: string): Promise<void> {
    await this.#call({ method: 'DELETE', path: sharePath(name) })
  }

  /** Stops the agent. */
  async shutdown(): Promise<void> {
    await this.#call({ method: 'POST', path: '/v1/shutdown' })
  }

  /** Logs in. The caller opens the browser or shows the code; leaving the loop early cancels the login. */
  async login(profile?: string, { grant, signal }: LoginOptions = {}): Promise<LoginConversation> {
    const query = new URLSearchParams()
    if (profile !== undefined) query.set('profile', profile)
    if (grant !== undefined) query.set('grant', grant)
    const channel = await this.#orStart(() => openChannel(this.socket, `/v1/login?${query.toString()}`, signal))
    return {
      redirected: (url) => channel.say({ type: 'redirected', url }),
      [Symbol.asyncIterator]: () => channel.login(),
    }
  }

  /** What happens in the agent, from now on. Leaving the loop (or aborting) ends it. */
  async events(signal?: AbortSignal): Promise<AsyncIterable<EventMessage>> {
    const channel = await this.#orStart(() => openChannel(this.socket, '/v1/events', signal))
    return { [Symbol.asyncIterator]: () => channel.events() }
  }

  /** Lets go of connections; the client can be used again. */
  close(): void {
    this.#transport.close()
  }

  async #json<T>(call: Parameters<Transport['call']>[0]): Promise<T> {
    const json = parse((await this.#call(call)).text)
    if (typeof json === 'object' && json !== null) return json as T
    throw new Failure('unexpected', `what listens at ${this.socket} does not speak authsock's protocol`)
  }

  #call(call: Parameters<Transport['call']>[0]): ReturnType<Transport['call']> {
    return this.#orStart(() => this.#transport.call(call))
  }

  #orStart<T>(work: () => Promise<T>): Promise<T> {
    return orStart(work, this.#start)
  }
}

const sharePath = (name: string): string => `/v1/shares/${encodeURIComponent(name)}`

const secretPath = (name: string): string => `/v1/secrets/${encodeURIComponent(name)}`

const clientSecretPath = (profile: string): string => `/v1/profiles/${encodeURIComponent(profile)}/client-secret`
