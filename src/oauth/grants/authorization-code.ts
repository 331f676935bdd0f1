// The authorization code grant with PKCE, in the system's browser (RFC 8252). All that makes a login unique is made fresh
// (P1, P2) and checked when the browser comes back, to the loopback listener or as a URL that the user pasted.

import { Failure } from '../../core/failures.ts'
import type { LoginOptions, TokenResponse } from '../../core/ports.ts'
import { type Callback, listenForCallback } from '../callback/listener.ts'
import { type Connection, defaultTarget, targetParameters } from '../connection.ts'
import { failureOf, refusalOf, serverSays } from '../http/outcome.ts'
import type { OAuthRequest } from '../http/request.ts'
import { serverText } from '../http/server-text.ts'
import { tokenResponse } from '../token-response.ts'
import { type Attempt, authorizationUrl, newAttempt } from './authorization-request.ts'
import type { InteractiveGrant } from './flow.ts'

/** How long a login waits for the user. */
const loginTimeoutMs = 10 * 60_000

export const authorizationCode: InteractiveGrant = {
  async login(connection, options) {
    const { profile, metadata, openid } = connection
    if (metadata.authorization_endpoint === undefined) {
      throw new Failure('unsupported_by_server', `${profile.issuer} has no authorization endpoint`, {
        hint: '`authsock login {profile} --grant device_code` uses a code instead',
      })
    }
    const state = openid.randomState()
    const callback = await listenForCallback({ profile, state })
    try {
      const attempt = newAttempt(connection, state, callback.redirectUri)
      const url = await authorizationUrl(connection, attempt, options.signal)
      options.onPaste?.((text) => callback.take(text))
      options.onProgress({ type: 'open_browser', url, redirectUri: callback.redirectUri })
      return await waitForUser(callback, options, (current) => redeem(connection, attempt, current, options.signal))
    } finally {
      callback.close()
    }
  },
}

/** The first callback that belongs to this login decides it; the browser is told how it ended. */
async function waitForUser(
  callback: Callback,
  { signal }: LoginOptions,
  use: (current: URL) => Promise<TokenResponse>,
): Promise<TokenResponse> {
  const timeout = AbortSignal.timeout(loginTimeoutMs)
  const { url, respond } = await callback.wait(AbortSignal.any([signal, timeout])).catch((error: unknown) => {
    if (!timeout.aborted || signal.aborted) throw error
    throw new Failure('login_expired', 'timed out waiting for the browser login')
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
  const { configuration, request } = await connection.configure(signal)
  try {
    const accepted = await openid.authorizationCodeGrant(
      configuration,
      current,
      {
        pkceCodeVerifier: attempt.verifier,
        expectedState: attempt.state,
        ...(attempt.nonce === undefined ? {} : { expectedNonce: attempt.nonce, idTokenExpected: true }),
      },
      targetParameters(defaultTarget(profile)),
    )
    return tokenResponse(accepted, request)
  } catch (error) {
    throw redeemFailure(error, request)
  }
}

function redeemFailure(error: unknown, { trace, answer }: OAuthRequest): Failure {
  // No request was made: the callback itself is wrong.
  if (trace.host === '') return new Failure('login_failed', 'the browser came back with an answer that cannot be trusted')
  // Tokens came: something about them is wrong, or the keys to check them with cannot be fetched (P11).
  if (answer !== undefined) return failureOf(error, trace)
  const { kind, failure } = refusalOf(error, trace)
  return ['invalid_grant', 'interaction_required', 'may_pass', 'refused'].includes(kind)
    ? new Failure('login_failed', failure.message)
    : failure
}

/** P4, for codes and errors alike (RFC 9207 section 2). */
function checkSender(current: URL, metadata: Connection['metadata']): void {
  const iss = current.searchParams.get('iss')
  if (iss === metadata.issuer) return
  if (iss === null && metadata.authorization_response_iss_parameter_supported !== true) return
  const problem = iss === null ? "does not say which server it is from ('iss')" : `is from ${serverText(iss)}`
  throw new Failure('login_failed', `the browser came back with an answer that cannot be trusted: it ${problem}`)
}

/** RFC 6749 section 4.1.2.1. */
function refuseErrors({ searchParams }: URL, issuer: string): void {
  const oauthError = searchParams.get('error')
  if (oauthError === null) return
  const oauthErrorDescription = searchParams.get('error_description') ?? undefined
  const text = serverSays({ host: new URL(issuer).host, oauthError, oauthErrorDescription })
  throw oauthError === 'access_denied'
    ? new Failure('login_cancelled', text)
    : new Failure('login_failed', text, { oauthError: serverText(oauthError) })
}
