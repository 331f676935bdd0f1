// One profile's authorization server: the port that the agent speaks to. What each grant needs is in its own file; here is
// what all share: metadata, client authentication, the reading of token answers.

import { readFile } from 'node:fs/promises'
import type * as openid from 'openid-client'
import { Failure } from '../core/failures.ts'
import type {
  AuthorizationServer,
  Clock,
  ConnectAuthorizationServer,
  LoginOptions,
  RefreshRequest,
  TokenOutcome,
  TokenResponse,
} from '../core/ports.ts'
import type { Profile } from '../core/profile.ts'
import { redact, type Redacted } from '../core/redacted.ts'
import type { Target } from '../core/session.ts'
import { codeFlow } from './code-flow.ts'
import { deviceFlow } from './device-flow.ts'
import { type Configured, type Connection, defaultTarget, targetParameters, tokenResponse } from './connection.ts'
import { discover } from './discovery.ts'
import { Exchange } from './exchange.ts'
import { sameIdentity, unverifiedClaims } from './identity.ts'
import { failureOf, refusalOf } from './outcome.ts'

/** ms for which metadata is believed. */
const metadataLifetime = 3_600_000

export const connectBy =
  (clock: Clock): ConnectAuthorizationServer =>
  (profile, clientSecret) =>
    new Server(profile, clientSecret, clock)

class Server implements AuthorizationServer {
  readonly #profile: Profile
  readonly #clientSecret: () => Promise<Redacted<string> | undefined>
  readonly #clock: Clock
  #metadata: { readonly promise: Promise<openid.ServerMetadata>; readonly at: number } | undefined

  constructor(profile: Profile, clientSecret: () => Promise<Redacted<string> | undefined>, clock: Clock) {
    this.#profile = profile
    this.#clientSecret = clientSecret
    this.#clock = clock
  }

  async login(options: LoginOptions): Promise<TokenResponse> {
    const connection = await this.#connect()
    switch (options.grant) {
      case 'authorization_code':
        return codeFlow(connection, options)
      case 'device_code':
        return deviceFlow(connection, options)
      case 'client_credentials': {
        const outcome = await this.clientCredentials(defaultTarget(this.#profile), options.signal)
        if (outcome.kind === 'tokens') return outcome.response
        throw outcome.failure
      }
    }
  }

  refresh(request: RefreshRequest, signal: AbortSignal): Promise<TokenOutcome> {
    return this.#tokens(signal, async ({ openid }, { configuration, exchange }) => {
      const answer = await openid.refreshTokenGrant(
        configuration,
        request.refreshToken.reveal(),
        targetParameters(request.target),
      )
      const response = tokenResponse(answer, exchange, this.#clock.now())
      // P12. By the claims alone: the answer came straight from the server, and a key that cannot be fetched just now
      // must not cost the session its rotated token.
      const claims = exchange.trace.idToken === undefined ? undefined : unverifiedClaims(exchange.trace.idToken)
      if (claims === undefined || request.identity === undefined || sameIdentity(claims, request.identity)) {
        return { kind: 'tokens', response }
      }
      const failure = new Failure('server_refused', 'the server answered with tokens for another user than the one who logged in')
      return { kind: 'identity_changed', failure }
    })
  }

  clientCredentials(target: Target, signal: AbortSignal): Promise<TokenOutcome> {
    const { scopes } = this.#profile
    return this.#tokens(signal, async ({ openid }, { configuration, exchange }) => {
      const parameters = targetParameters(target.scope === undefined && scopes.length > 0 ? { ...target, scope: scopes } : target)
      const answer = await openid.clientCredentialsGrant(configuration, parameters)
      const { refreshToken: _unwanted, ...response } = tokenResponse(answer, exchange, this.#clock.now())
      return { kind: 'tokens', response }
    })
  }

  async revoke(
    token: Redacted<string>,
    hint: 'refresh_token' | 'access_token',
    signal: AbortSignal,
  ): Promise<'revoked' | 'unsupported'> {
    const connection = await this.#connect()
    if (connection.metadata.revocation_endpoint === undefined) return 'unsupported'
    const { configuration, exchange } = await connection.configure(signal)
    try {
      await connection.openid.tokenRevocation(configuration, token.reveal(), { token_type_hint: hint })
      return 'revoked'
    } catch (error) {
      if (exchange.trace.status === 200) return 'revoked'
      throw failureOf(error, exchange.trace)
    }
  }

  async #tokens(
    signal: AbortSignal,
    request: (connection: Connection, configured: Configured) => Promise<TokenOutcome>,
  ): Promise<TokenOutcome> {
    let exchange: Exchange | undefined
    try {
      const connection = await this.#connect()
      const configured = await connection.configure(signal, { dropIdToken: true })
      exchange = configured.exchange
      return await request(connection, configured)
    } catch (error) {
      if (exchange !== undefined) return refusalOf(error, exchange.trace)
      if (error instanceof Failure) return { kind: 'not_sent', failure: error }
      throw error
    }
  }

  async #connect(): Promise<Connection> {
    const openid = await import('openid-client')
    const metadata = await this.#discover()
    const profile = this.#profile
    return {
      profile,
      clock: this.#clock,
      metadata,
      openid,
      configure: async (signal, { dropIdToken = false } = {}) => {
        const exchange = await this.#exchange(signal, metadata.token_endpoint, dropIdToken)
        const configuration = new openid.Configuration(metadata, profile.clientId, undefined, await this.#authentication(openid))
        configuration[openid.customFetch] = (url, options) => exchange.fetch(url, options)
        configuration.timeout = 30
        // http is let through to loopback alone: discovery.ts has looked at each endpoint (P19).
        // oxlint-disable-next-line typescript/no-deprecated
        openid.allowInsecureRequests(configuration)
        if (metadata.jwks_uri !== undefined) openid.enableNonRepudiationChecks(configuration)
        return { configuration, exchange }
      },
    }
  }

  #discover(): Promise<openid.ServerMetadata> {
    const now = this.#clock.now()
    const known = this.#metadata
    if (known !== undefined && now >= known.at && now - known.at < metadataLifetime) return known.promise
    const promise = this.#exchange(new AbortController().signal).then((exchange) => discover(this.#profile, () => exchange))
    const entry = { promise, at: now }
    this.#metadata = entry
    promise.catch(() => {
      // What was known before is better than nothing while the server cannot be asked.
      if (this.#metadata === entry)
        this.#metadata = known === undefined ? undefined : { ...known, at: this.#clock.now() - metadataLifetime + 60_000 }
    })
    return known === undefined ? promise : promise.catch(() => known.promise)
  }

  async #exchange(signal: AbortSignal, tokenEndpoint?: string, dropIdToken = false): Promise<Exchange> {
    const { caFile } = this.#profile
    const ca = caFile === undefined ? undefined : await readText(caFile, 'ca_file')
    return new Exchange({ ca, signal, now: () => this.#clock.now() }, tokenEndpoint, dropIdToken)
  }

  async #authentication(openid: Connection['openid']): Promise<openid.ClientAuth> {
    const { clientAuthentication, clientSecretFile, name } = this.#profile
    if (clientAuthentication === 'none') return openid.None()
    const secret =
      clientSecretFile === undefined
        ? await this.#clientSecret()
        : redact((await readText(clientSecretFile, 'client_secret_file')).trim())
    if (secret === undefined || secret.reveal() === '') {
      throw new Failure('client_refused', `the client secret of '${name}' is not known`, {
        profile: name,
        hint: '`authsock login {profile}` asks for it; AUTHSOCK_CLIENT_SECRET or --client-secret-stdin give it without a prompt',
      })
    }
    return clientAuthentication === 'client_secret_basic'
      ? openid.ClientSecretBasic(secret.reveal())
      : openid.ClientSecretPost(secret.reveal())
  }
}

async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new Failure('config_invalid', `the ${what} ${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`, {
      cause: error,
    })
  }
}
