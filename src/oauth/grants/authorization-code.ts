// The authorization code grant with PKCE, in the system's browser (RFC 8252): everything that makes one login that one is
// made fresh (P1, P2) and checked when the browser comes back, be it by the loopback listener or by a URL that was pasted.

import { Failure } from '../../core/failures.ts'
import type { LoginOptions, TokenResponse } from '../../core/ports.ts'
import { type Callback, listenForCallback } from '../callback/listener.ts'
import { type Connection, defaultTarget, targetParameters, tokenResponse } from '../connection.ts'
import { failureOf, printable, refusalOf } from '../http/outcome.ts'

/** ms for which a login waits for the user. */
const patience = 10 * 60_000

interface Attempt {
  readonly state: string
  readonly nonce: string | undefined
  readonly verifier: string
  readonly redirectUri: string
}

export async function codeFlow(connection: Connection, options: LoginOptions): Promise<TokenResponse> {
  const { profile, metadata, openid } = connection
  if (metadata.authorization_endpoint === undefined) {
    throw new Failure('unsupported_by_server', `${profile.issuer} has no page to log in on`, {
      hint: '`authsock login {profile} --grant device_code` uses a code instead',
    })
  }
  const state = openid.randomState()
  const callback = await listenForCallback({ profile, state })
  try {
    const attempt: Attempt = {
      state,
      nonce: profile.scopes.includes('openid') ? openid.randomNonce() : undefined,
      verifier: openid.randomPKCECodeVerifier(),
      redirectUri: callback.redirectUri,
    }
    const url = await authorizationUrl(connection, attempt, options.signal)
    options.onPaste?.((text) => callback.take(text))
    options.onProgress({ type: 'open_browser', url, redirectUri: callback.redirectUri })
    return await waitForUser(callback, options.signal, (current) => redeem(connection, attempt, current, options.signal))
  } finally {
    callback.close()
  }
}

async function authorizationUrl(connection: Connection, attempt: Attempt, signal: AbortSignal): Promise<string> {
  const { profile, metadata, openid } = connection
  const { configuration, exchange } = await connection.configure(signal)
  const parameters: Record<string, string> = {
    // OpenID Connect Core section 11: without it, offline_access is ignored.
    ...(profile.scopes.includes('offline_access') ? { prompt: 'consent' } : {}),
    ...profile.authorizationParameters,
    // P20, whatever the profile adds.
    response_type: 'code',
    client_id: profile.clientId,
    ...targetParameters({ scope: profile.scopes, ...defaultTarget(profile) }),
    redirect_uri: attempt.redirectUri,
    state: attempt.state,
    code_challenge: await openid.calculatePKCECodeChallenge(attempt.verifier),
    code_challenge_method: 'S256',
    ...(attempt.nonce === undefined ? {} : { nonce: attempt.nonce }),
  }
  // A request object would override all of these (RFC 9101), and another response mode never reaches the listener.
  for (const name of ['request', 'request_uri', 'response_mode']) delete parameters[name]
  if (metadata.require_pushed_authorization_requests !== true) return openid.buildAuthorizationUrl(configuration, parameters).href
  if (metadata.pushed_authorization_request_endpoint === undefined) {
    throw new Failure('discovery_failed', `${profile.issuer} wants authorization requests pushed, and does not say where to`)
  }
  try {
    return (await openid.buildAuthorizationUrlWithPAR(configuration, parameters)).href // P17
  } catch (error) {
    throw failureOf(error, exchange.trace)
  }
}

/** The first callback that belongs to this login decides it; the browser is told how it ended. */
async function waitForUser(
  callback: Callback,
  signal: AbortSignal,
  use: (current: URL) => Promise<TokenResponse>,
): Promise<TokenResponse> {
  const giveUp = AbortSignal.timeout(patience)
  const { url, respond } = await callback.wait(AbortSignal.any([signal, giveUp])).catch((error: unknown) => {
    if (!giveUp.aborted || signal.aborted) throw error
    throw new Failure('login_expired', 'nobody came back from the browser')
  })
  try {
    const response = await use(url)
    await respond(undefined)
    return response
  } catch (error) {
    const failure = error instanceof Failure ? error : new Failure('login_failed', 'the login failed', { cause: error })
    await respond(failure)
    throw failure
  }
}

async function redeem(connection: Connection, attempt: Attempt, current: URL, signal: AbortSignal): Promise<TokenResponse> {
  const { profile, openid, metadata } = connection
  checkSender(current, metadata)
  refuseErrors(current, profile.issuer)
  const { configuration, exchange } = await connection.configure(signal)
  try {
    const answer = await openid.authorizationCodeGrant(
      configuration,
      current,
      {
        pkceCodeVerifier: attempt.verifier,
        expectedState: attempt.state,
        ...(attempt.nonce === undefined ? {} : { expectedNonce: attempt.nonce, idTokenExpected: true }),
      },
      targetParameters(defaultTarget(profile)),
    )
    return tokenResponse(answer, exchange)
  } catch (error) {
    if (exchange.trace.host === '') {
      // No request was made: the callback itself is wrong.
      throw new Failure('login_failed', 'the browser came back with an answer that cannot be trusted')
    }
    // Tokens came: something about them is wrong, or the keys to check them by cannot be had (P11).
    if (exchange.answer !== undefined) throw failureOf(error, exchange.trace)
    const refusal = refusalOf(error, exchange.trace)
    throw refusal.kind === 'invalid_grant' || refusal.kind === 'refused'
      ? new Failure('login_failed', refusal.failure.message)
      : refusal.failure
  }
}

/** P4, for answers and errors alike (RFC 9207 section 2). */
function checkSender(current: URL, metadata: Connection['metadata']): void {
  const iss = current.searchParams.get('iss')
  if (iss === metadata.issuer) return
  if (iss === null && metadata.authorization_response_iss_parameter_supported !== true) return
  const about = iss === null ? "does not say which server it is from ('iss')" : `is from ${printable(iss)}`
  throw new Failure('login_failed', `the browser came back with an answer that cannot be trusted: it ${about}`)
}

/** RFC 6749 section 4.1.2.1. */
function refuseErrors(current: URL, issuer: string): void {
  const error = current.searchParams.get('error')
  if (error === null) return
  const description = current.searchParams.get('error_description')
  const text = `${new URL(issuer).host} says ${printable(error)}${description === null ? '' : ` (${printable(description)})`}`
  throw error === 'access_denied'
    ? new Failure('login_cancelled', text)
    : new Failure('login_failed', text, { oauthError: printable(error) })
}
