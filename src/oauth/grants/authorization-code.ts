// The authorization code grant with PKCE, in the system's browser (RFC 8252). All that makes a login unique is made fresh
// (P1, P2) and checked when the browser comes back, to the loopback listener or as a URL that the user pasted.

import { Failure } from '../../core/failures.ts'
import type { LoginOptions, TokenResponse } from '../../core/ports.ts'
import type { Profile } from '../../core/profile.ts'
import { type Callback, listenForCallback } from '../callback/listener.ts'
import { type Connection, defaultTarget, targetParameters } from '../connection.ts'
import { defined } from '../../core/util/defined.ts'
import type { JwtClaims } from '../../core/util/jwt-payload.ts'
import { hintOf } from '../http/oauth-error.ts'
import { refusalOf, serverSays } from '../http/outcome.ts'
import type { OAuthRequest } from '../http/request.ts'
import { serverText } from '../http/server-text.ts'
import { isFromIssuer } from '../issuer.ts'
import { idTokenFailure } from '../id-token.ts'
import { tokenResponse } from '../token-response.ts'
import { type Attempt, authorizationUrl, newAttempt } from './authorization-request.ts'
import { type InteractiveGrant, loginFailure } from './flow.ts'

/** How long a login waits for the user. */
const loginTimeoutMs = 10 * 60_000
/** Until the user is told what to look at if the browser shows an error. */
const hintAfterMs = 30_000

export const authorizationCode: InteractiveGrant = {
  endpoint: 'authorization_endpoint',
  async login(connection, options) {
    const { profile, metadata, openid } = connection
    if (metadata.authorization_endpoint === undefined) {
      throw new Failure('unsupported_by_server', `${profile.issuer} has no authorization endpoint`, {
        hint: '`authsock login {profile} --grant device_code` uses a code instead',
      })
    }
    const state = openid.randomState()
    const onProblem = (text: string): void => options.onProgress({ type: 'progress', text })
    const callback = await listenForCallback({ profile, state, onProblem })
    const cancelHint = connection.clock.after(hintAfterMs, () => onProblem(registrationHint(profile, callback.redirectUri)))
    try {
      const attempt = newAttempt(connection, state, callback.redirectUri)
      const url = await authorizationUrl(connection, attempt, options.signal)
      options.onPaste?.((text) => callback.take(text))
      options.onProgress({ type: 'open_browser', url, redirectUri: callback.redirectUri })
      return await waitForUser(callback, options, (current) => redeem(connection, attempt, current, options.signal))
    } finally {
      cancelHint()
      callback.close()
    }
  },
}

/** The server shows errors of the registration in the browser and sends it back for no other. */
function registrationHint({ clientId, redirect, issuer }: Profile, redirectUri: string): string {
  const register = redirect.port === 0 ? `${withoutPort(redirectUri)} with any port` : redirectUri
  const host = new URL(issuer).host
  return `still waiting for the browser; if it shows an error, check at ${host} that the client '${clientId}' exists and that its redirect URI is ${register}`
}

/** A server that follows RFC 8252 section 7.3 takes any port of a URI that was registered with one. */
const withoutPort = (uri: string): string => uri.replace(/:\d+/, '')

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
    // Not openid-client's authorizationCodeGrant: it adds a slash to a redirect URI without path, and servers compare it to the letter.
    const accepted = await openid.genericGrantRequest(configuration, 'authorization_code', {
      code: current.searchParams.get('code') ?? '',
      redirect_uri: attempt.redirectUri,
      code_verifier: attempt.verifier,
      ...targetParameters(defaultTarget(profile)),
    })
    checkNonce(accepted.claims(), attempt.nonce)
    return tokenResponse(accepted, request)
  } catch (error) {
    throw redeemFailure(error, request)
  }
}

/** P2, P11: the ID token belongs to this login. The state has been compared by the listener. */
function checkNonce(claims: JwtClaims | undefined, nonce: string | undefined): void {
  if (nonce === undefined || claims?.['nonce'] === nonce) return
  const problem =
    claims === undefined
      ? 'the server sent no ID token, though the scope openid asks for one'
      : 'the ID token is of another login'
  throw new Failure('login_failed', problem)
}

function redeemFailure(error: unknown, request: OAuthRequest): Failure {
  const { trace, answer } = request
  if (error instanceof Failure) return error
  // Tokens came: something about them is wrong, or the keys to check them with cannot be fetched (P11).
  if (answer !== undefined) return idTokenFailure(error, request)
  return loginFailure(refusalOf(error, trace))
}

/** P4, for codes and errors alike (RFC 9207 section 2). */
function checkSender(current: URL, metadata: Connection['metadata']): void {
  const iss = current.searchParams.get('iss')
  if (iss !== null && isFromIssuer(iss, metadata.issuer)) return
  if (iss === null && metadata.authorization_response_iss_parameter_supported !== true) return
  const problem = iss === null ? "does not say which server it is from ('iss')" : `is from ${serverText(iss)}`
  throw new Failure('login_failed', `the browser came back with an answer that cannot be trusted: it ${problem}`)
}

/** RFC 6749 section 4.1.2.1. */
function refuseErrors({ searchParams }: URL, issuer: string): void {
  const code = searchParams.get('error')
  if (code === null) return
  const error = { code, ...defined({ description: searchParams.get('error_description') ?? undefined }) }
  const text = serverSays(new URL(issuer).host, error)
  throw code === 'access_denied'
    ? new Failure('login_cancelled', text)
    : new Failure('login_failed', text, { oauthError: serverText(code), ...defined({ hint: hintOf(error) }) })
}
