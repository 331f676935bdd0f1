// One profile's authorization server: the port that the agent speaks to. How each grant gets its tokens is in grants/.

import type { ServerMetadata } from 'openid-client'
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
import type { OAuthRequest } from './http/request.ts'
import { MetadataCache } from './metadata-cache.ts'
import { metadataByHand } from './metadata.ts'
import { revoke, type RevocationResult, type TokenTypeHint } from './revocation.ts'

const defaultTimeoutMs = 30_000

interface ConnectOptions {
  /** For one request to the server. */
  readonly timeoutMs?: number
  readonly userAgent?: string
}

export const connectBy =
  (clock: Clock, { timeoutMs = defaultTimeoutMs, userAgent = 'authsock' }: ConnectOptions = {}): ConnectAuthorizationServer =>
  (profile, clientSecret) =>
    new Server({ profile, clientSecret, clock, timeoutMs, userAgent })

/** What a request cannot do without. */
type Need = 'token_endpoint' | 'authorization_endpoint' | 'device_authorization_endpoint' | 'revocation_endpoint'

/** A login is worth the question where the server's endpoints are now. */
const maxAgeForLoginMs = 60_000

/** Metadata that was fetched this long ago is as new as any. */
const minAgeForMovedMs = 10_000

class Server implements AuthorizationServer {
  readonly #options: ConnectionOptions
  readonly #metadata: MetadataCache

  constructor(options: ConnectionOptions) {
    const { profile, clock } = options
    this.#options = options
    const request = (): Promise<OAuthRequest> => newRequest(options, new AbortController().signal)
    this.#metadata = new MetadataCache(profile.issuer, clock, () => discover(profile, request))
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
    const { grant, signal } = options
    const flow = grantFlows[grant]
    if ('login' in flow) return flow.login(await this.#connect(signal, flow.endpoint, maxAgeForLoginMs), options)
    const outcome = await this.renewByGrant(grant, defaultTarget(this.#options.profile), signal)
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
    return revoke(await this.#connect(signal, 'revocation_endpoint'), token, hint, signal)
  }

  async #connect(signal: AbortSignal, need: Need, maxAgeMs?: number): Promise<Connection> {
    const byHand = metadataByHand(this.#options.profile)
    if (byHand?.[need] !== undefined) return this.#connection(byHand)
    const discovered = this.#metadata.get(signal, maxAgeMs)
    // Of a server without metadata some endpoints may not be known.
    const metadata = await discovered.catch((error: unknown) => {
      if (byHand === undefined || signal.aborted) throw error
      return byHand
    })
    return this.#connection(metadata)
  }

  #connection(metadata: ServerMetadata): Promise<Connection> {
    return connectionTo(metadata, this.#options, (signal) => this.#moved(metadata, signal))
  }

  /** The server's endpoints anew, if its token endpoint is no longer where it was. */
  async #moved({ token_endpoint: former }: ServerMetadata, signal: AbortSignal): Promise<ServerMetadata | undefined> {
    if (this.#options.profile.endpoints?.token !== undefined) return undefined
    const metadata = await this.#metadata.get(signal, minAgeForMovedMs).catch(() => undefined)
    return metadata?.token_endpoint === former ? undefined : metadata
  }

  /** A Failure that is thrown comes from before the token request: discovery, the configuration, the client secret. */
  async #outcome(signal: AbortSignal, send: (connection: Connection) => Promise<TokenOutcome>): Promise<TokenOutcome> {
    try {
      return await send(await this.#connect(signal, 'token_endpoint'))
    } catch (error) {
      if (error instanceof Failure) return { kind: 'not_sent', failure: error }
      throw error
    }
  }
}
