// The device authorization grant, RFC 8628: a code that the user types into a page on any device, while this side polls the
// server (P9: at the server's pace, until the code expires, ended at once by a cancel).

import { setTimeout as pause } from 'node:timers/promises'
import type { DeviceAuthorizationResponse } from 'openid-client'
import { Failure } from '../../core/failures.ts'
import type { LoginOptions, LoginProgress, TokenResponse } from '../../core/ports.ts'
import type { TokenRefusal } from '../../core/session/token-refusal.ts'
import { defined } from '../../core/util/defined.ts'
import { type Connection, defaultTarget, targetParameters, withResources } from '../connection.ts'
import { failureOf, refusalOf } from '../http/outcome.ts'
import type { OAuthRequest } from '../http/request.ts'
import { requireSecureUrl } from '../http/require-secure-url.ts'
import type { RequestTrace } from '../http/trace.ts'
import { serverText } from '../http/server-text.ts'
import { idTokenFailure } from '../id-token.ts'
import { tokenResponse } from '../token-response.ts'
import { type InteractiveGrant, loginFailure } from './flow.ts'

const grantType = 'urn:ietf:params:oauth:grant-type:device_code'
/** If the server does not say (RFC 8628 section 3.2). */
const defaultIntervalSeconds = 5
/** No server means less or more. */
const [minIntervalSeconds, maxIntervalSeconds] = [1, 300]
/** RFC 8628 section 3.5. */
const slowDownSeconds = 5
/** Answers that are no server's: a captive portal does not go away by being asked. */
const maxUnreadable = 10
/** After a poll that failed. */
const maxBackOffSeconds = 60
/** How long a code is waited for, whatever the server says. */
const maxWaitSeconds = 3600

export const deviceCode: InteractiveGrant = {
  endpoint: 'device_authorization_endpoint',
  async login(connection, options) {
    const { profile, metadata, clock, openid } = connection
    if (metadata.device_authorization_endpoint === undefined) {
      throw new Failure('unsupported_by_server', `${profile.issuer} has no device authorization endpoint`, {
        hint: '`authsock login {profile} --grant authorization_code` uses the browser',
      })
    }
    const verifier = openid.randomPKCECodeVerifier()
    const code = await requestCode(connection, verifier, options.signal)
    const progress = codeProgress(code)
    const expiresAt = clock.now() + Math.min(code.expires_in, maxWaitSeconds) * 1000
    options.onProgress(progress)
    return poll(connection, { device_code: code.device_code, code_verifier: verifier }, code, expiresAt, options)
  },
}

/** P25: PKCE is not in RFC 8628. Keycloak asks for it if the client is set to, and other servers ignore it. */
async function requestCode(connection: Connection, verifier: string, signal: AbortSignal): Promise<DeviceAuthorizationResponse> {
  const { profile, openid } = connection
  const { configuration, request } = await connection.configure(signal)
  try {
    const parameters = {
      ...targetParameters({ scope: profile.scopes, ...defaultTarget(profile) }),
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }
    return await openid.initiateDeviceAuthorization(configuration, withResources(parameters, profile))
  } catch (error) {
    throw failureOf(error, request.trace)
  }
}

function codeProgress(code: DeviceAuthorizationResponse): LoginProgress {
  const page = verificationPage(code.verification_uri)
  return {
    type: 'device_code',
    userCode: userCode(code.user_code),
    verificationUri: page.href,
    expiresIn: code.expires_in,
    ...defined({ verificationUriComplete: completePage(code.verification_uri_complete, page)?.href }),
  }
}

/** RFC 8628 section 6.1. Anything else could say more to the user than a code. */
function userCode(text: string): string {
  if (/^[A-Z0-9-]{1,32}$/.test(text)) return text
  throw new Failure(
    'server_invalid_response',
    `the server gave a user code that is not shown: '${serverText(text).slice(0, 40)}'`,
    {
      hint: 'a code has at most 32 of the characters A-Z, 0-9 and -; log in with the browser: --grant authorization_code',
    },
  )
}

/** P10: the user is sent there. */
function verificationPage(text: string): URL {
  const url = URL.parse(text)
  if (url === null) throw new Failure('server_invalid_response', 'the server gave no page to enter the code on')
  requireSecureUrl(url, 'the page for the code')
  return url
}

/** Only if it is of the host that the user is told to look for. */
function completePage(text: string | undefined, page: URL): URL | undefined {
  const url = text === undefined ? null : URL.parse(text)
  return url?.origin === page.origin ? url : undefined
}

async function poll(
  connection: Connection,
  proof: Proof,
  { interval: asked = defaultIntervalSeconds }: DeviceAuthorizationResponse,
  expiresAt: number,
  { onProgress, signal }: LoginOptions,
): Promise<TokenResponse> {
  const { profile, clock } = connection
  let interval = Math.min(Math.max(asked, minIntervalSeconds), maxIntervalSeconds)
  let unreadable = 0
  for (;;) {
    await wait(Math.min(interval * 1000, Math.max(0, expiresAt - clock.now())), signal)
    if (clock.now() >= expiresAt) throw expired(profile.name)
    const result = await pollOnce(connection, proof, signal)
    switch (result.kind) {
      case 'tokens':
        return result.response
      case 'pending':
        break
      case 'slow_down':
        interval += slowDownSeconds
        break
      case 'try_again':
        if (result.isUnreadable && ++unreadable >= maxUnreadable) throw result.failure
        // RFC 8628 section 3.5: a connection that times out is tried again, more slowly.
        interval = Math.min(interval * 2, maxBackOffSeconds)
        onProgress({ type: 'progress', text: `${result.failure.message}; trying again` })
    }
  }
}

/** What a poll sends. */
interface Proof {
  readonly device_code: string
  readonly code_verifier: string
}

type PollResult =
  | { readonly kind: 'tokens'; readonly response: TokenResponse }
  | { readonly kind: 'pending' | 'slow_down' }
  | { readonly kind: 'try_again'; readonly failure: Failure; readonly isUnreadable: boolean }

/** Throws a Failure if the login has ended. */
async function pollOnce(connection: Connection, proof: Proof, signal: AbortSignal): Promise<PollResult> {
  const { profile, openid } = connection
  const { configuration, request } = await connection.configure(signal)
  try {
    const parameters = { ...proof, ...targetParameters(defaultTarget(profile)) }
    const accepted = await openid.genericGrantRequest(configuration, grantType, parameters)
    return { kind: 'tokens', response: tokenResponse(accepted, request) }
  } catch (error) {
    if (signal.aborted) throw cancelled()
    return readRefusal(error, request, profile.name)
  }
}

function readRefusal(error: unknown, request: OAuthRequest, profile: string): PollResult {
  const { trace, answer } = request
  // Tokens came, and the code is spent.
  if (answer !== undefined) throw idTokenFailure(error, request)
  const refusal = refusalOf(error, trace)
  switch (trace.oauthError?.code) {
    case 'authorization_pending':
      return { kind: 'pending' }
    case 'slow_down':
      return { kind: 'slow_down' }
    case 'access_denied':
      throw new Failure('login_cancelled', `the login was declined at ${trace.host}`)
    case 'expired_token':
      throw expired(profile)
    default:
      // A bad moment, or the page of something in between (R18), ends no login.
      if (mayPass(refusal.kind)) return { kind: 'try_again', failure: refusal.failure, isUnreadable: isFromElsewhere(trace) }
      throw loginFailure(refusal)
  }
}

/** Answered by something that is no OAuth server. */
const isFromElsewhere = ({ body, status, networkError }: RequestTrace): boolean =>
  networkError === undefined && body !== 'oauth' && status !== undefined && status !== 429 && status < 500

const mayPass = (kind: TokenRefusal['kind']): boolean =>
  ['not_sent', 'no_answer', 'busy', 'no_verdict', 'may_pass'].includes(kind)

async function wait(delayMs: number, signal: AbortSignal): Promise<void> {
  try {
    await pause(delayMs, undefined, { signal })
  } catch {
    throw cancelled()
  }
}

const cancelled = (): Failure => new Failure('login_cancelled', 'the login was cancelled')

const expired = (profile: string): Failure => new Failure('login_expired', 'the code expired before it was entered', { profile })
