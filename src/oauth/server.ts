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
import type { Target } from '../core/session/session.ts'
import { codeFlow } from './grants/authorization-code.ts'
import { deviceFlow } from './grants/device-code.ts'
import { type Configured, type Connection, defaultTarget, targetParameters, tokenResponse } from './connection.ts'
import { discover } from './discovery.ts'
import { OAuthRequest } from './http/request.ts'
import { sameIdentity, unverifiedClaims } from './identity.ts'
import { failureOf, refusalOf } from './http/outcome.ts'

/** ms for which metadata is believed. */
const metadataLifetime = 3_600_000
/** ms for one exchange with the server. */
const usualPatience = 30_000

export const connectBy =
  (clock: Clock, patience = usualPatience): ConnectAuthorizationServer =>
  (profile, clientSecret) =>
    new Server(profile, clientSecret, clock, patience)

class Server implements AuthorizationServer {
  readonly #profile: Profile
  readonly #clientSecret: () => Promise<Redacted<string> | undefined>
  readonly #clock: Clock
  readonly #patience: number
  #metadata: { readonly promise: Promise<openid.ServerMetadata>; readonly at: number } | undefined

  constructor(profile: Profile, clientSecret: () => Promise<Redacted<string> | undefined>, clock: Clock, patience: number) {
    this.#profile = profile
    this.#clientSecret = clientSecret
    this.#clock = clock
    this.#patience = patience
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
    const connection = await this.#connect(options.signal)
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
      const response = tokenResponse(answer, exchange)
      // P12. By the claims alone: the answer came straight from the server, and a key that cannot be fetched just now
      // must not cost the session its rotated token.
      const idToken = exchange.answer?.idToken
      const claims = idToken === undefined ? undefined : unverifiedClaims(idToken)
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
      const { refreshToken: _unwanted, ...response } = tokenResponse(answer, exchange)
      return { kind: 'tokens', response }
    })
  }

  async revoke(
    token: Redacted<string>,
    hint: 'refresh_token' | 'access_token',
    signal: AbortSignal,
  ): Promise<'revoked' | 'unsupported'> {
    const connection = await this.#connect(signal)
    if (connection.metadata.revocation_endpoint === undefined) return 'unsupported'
    const { configuration, exchange } = await connection.configure(signal)
    try {
      await connection.openid.tokenRevocation(configuration, token.reveal(), { token_type_hint: hint })
      return 'revoked'
    } catch (error) {
      const { status, oauthError } = exchange.trace
      if (status !== undefined && status >= 200 && status < 300) return 'revoked'
      if (oauthError === 'unsupported_token_type') return 'unsupported' // RFC 7009 section 2.2.1
      throw failureOf(error, exchange.trace)
    }
  }

  async #tokens(
    signal: AbortSignal,
    request: (connection: Connection, configured: Configured) => Promise<TokenOutcome>,
  ): Promise<TokenOutcome> {
    let exchange: OAuthRequest | undefined
    try {
      const connection = await this.#connect(signal)
      const configured = await connection.configure(signal, { dropIdToken: true })
      exchange = configured.exchange
      return await request(connection, configured)
    } catch (error) {
      if (exchange !== undefined) return refusalOf(error, exchange.trace)
      if (error instanceof Failure) return { kind: 'not_sent', failure: error }
      throw error
    }
  }

  async #connect(signal: AbortSignal): Promise<Connection> {
    const openid = await import('openid-client')
    const metadata = await unlessAborted(this.#discover(), signal, this.#profile.issuer)
    const profile = this.#profile
    return {
      profile,
      clock: this.#clock,
      metadata,
      openid,
      configure: async (signal, { dropIdToken = false } = {}) => {
        const exchange = await this.#exchange(signal, metadata, dropIdToken)
        const configuration = new openid.Configuration(metadata, profile.clientId, undefined, await this.#authentication(openid))
        configuration[openid.customFetch] = (url, options) => exchange.fetch(url, options)
        configuration.timeout = this.#patience / 1000
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
    const fetched = this.#exchange(new AbortController().signal).then((exchange) => discover(this.#profile, () => exchange))
    // What was known before is better than nothing while the server cannot be asked.
    const promise = known === undefined ? fetched : fetched.catch(() => known.promise)
    const entry = { promise, at: now }
    this.#metadata = entry
    fetched.catch(() => {
      if (this.#metadata === entry)
        this.#metadata = known === undefined ? undefined : { ...known, at: this.#clock.now() - metadataLifetime + 60_000 }
    })
    return promise
  }

  async #exchange(signal: AbortSignal, metadata?: openid.ServerMetadata, dropIdToken = false): Promise<OAuthRequest> {
    const { caFile } = this.#profile
    const ca = caFile === undefined ? undefined : await readText(caFile, 'ca_file')
    return new OAuthRequest(
      { ca, signal, patience: this.#patience, now: () => this.#clock.now() },
      { token: metadata?.token_endpoint, device: metadata?.device_authorization_endpoint },
      dropIdToken,
    )
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

/** Discovery is shared: one who gives up leaves it to the others. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal, issuer: string): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const giveUp = (): void => {
    const { host } = new URL(issuer)
    const isTimeout = (signal.reason as Error | undefined)?.name === 'TimeoutError'
    reject(
      isTimeout
        ? new Failure('server_timeout', `${host} did not answer in time`)
        : new Failure('cancelled', `the request to ${host} was cancelled`),
    )
  }
  if (signal.aborted) giveUp()
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', giveUp)
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
