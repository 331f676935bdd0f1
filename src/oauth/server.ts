// One profile's authorization server: the port that the agent speaks to. How each grant gets its tokens is in grants/.

import type {
  AuthorizationServer,
  Clock,
  ConnectAuthorizationServer,
  LoginOptions,
  RefreshRequest,
  TokenOutcome,
  TokenResponse,
} from '../core/ports.ts'
import type { Grant } from '../core/grant.ts'
import { Failure } from '../core/failures.ts'
import type { Redacted } from '../core/redacted.ts'
import type { Target } from '../core/session/session.ts'
import { type Connection, type ConnectionOptions, connectionTo, defaultTarget, newRequest } from './connection.ts'
import { discover } from './discovery.ts'
import { renewByRefreshToken } from './grants/refresh-token.ts'
import { grantFlows } from './grants/table.ts'
import { MetadataCache } from './metadata-cache.ts'
import { revoke, type RevocationResult, type TokenTypeHint } from './revocation.ts'

const defaultTimeoutMs = 30_000

/** `timeoutMs`: for one request to the server. */
export const connectBy =
  (clock: Clock, timeoutMs = defaultTimeoutMs): ConnectAuthorizationServer =>
  (profile, clientSecret) =>
    new Server({ profile, clientSecret, clock, timeoutMs })

class Server implements AuthorizationServer {
  readonly #options: ConnectionOptions
  readonly #metadata: MetadataCache

  constructor(options: ConnectionOptions) {
    const { profile, clock } = options
    this.#options = options
    this.#metadata = new MetadataCache(profile.issuer, clock, async () => {
      const request = await newRequest(options, new AbortController().signal)
      return discover(profile, request)
    })
  }

  async login(options: LoginOptions): Promise<TokenResponse> {
    try {
      return await this.#login(options)
    } catch (error) {
      if (error instanceof Failure && error.code === 'cancelled') throw new Failure('login_cancelled', 'the login was cancelled')
      throw error
    }
  }

  async #login(options: LoginOptions): Promise<TokenResponse> {
    const flow = grantFlows[options.grant]
    if ('login' in flow) return flow.login(await this.#connect(options.signal), options)
    const outcome = await this.renewByGrant(options.grant, defaultTarget(this.#options.profile), options.signal)
    if (outcome.kind === 'tokens') return outcome.response
    throw outcome.failure
  }

  refresh(request: RefreshRequest, signal: AbortSignal): Promise<TokenOutcome> {
    return this.#outcome(signal, (connection) => renewByRefreshToken(connection, request, signal))
  }

  renewByGrant(grant: Grant, target: Target, signal: AbortSignal): Promise<TokenOutcome> {
    const flow = grantFlows[grant]
    if ('login' in flow) throw new Error(`a session of the grant ${grant} is not renewed by the grant`)
    return this.#outcome(signal, (connection) => flow.renew(connection, target, signal))
  }

  async revoke(token: Redacted<string>, hint: TokenTypeHint, signal: AbortSignal): Promise<RevocationResult> {
    return revoke(await this.#connect(signal), token, hint, signal)
  }

  async #connect(signal: AbortSignal): Promise<Connection> {
    return connectionTo(await this.#metadata.get(signal), this.#options)
  }

  /** A Failure that is thrown comes from before the token request: discovery, the configuration, the client secret. */
  async #outcome(signal: AbortSignal, send: (connection: Connection) => Promise<TokenOutcome>): Promise<TokenOutcome> {
    try {
      return await send(await this.#connect(signal))
    } catch (error) {
      if (error instanceof Failure) return { kind: 'not_sent', failure: error }
      throw error
    }
  }
}
