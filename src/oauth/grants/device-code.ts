// RFC 8628: a code that the user types into a page on any device, while this side asks the server whether that has happened
// (P9: at the server's pace, until the code expires, ended at once by a cancel).

import { setTimeout as pause } from 'node:timers/promises'
import { Failure } from '../../core/failures.ts'
import type { LoginOptions, TokenResponse } from '../../core/ports.ts'
import { type Connection, defaultTarget, targetParameters, tokenResponse } from '../connection.ts'
import { requireSecure } from '../discovery.ts'
import { failureOf, printable, refusalOf } from '../http/outcome.ts'

const grantType = 'urn:ietf:params:oauth:grant-type:device_code'
/** Seconds, where the server says nothing (RFC 8628 section 3.2). */
const defaultInterval = 5
/** Seconds: no server means less or more. */
const [shortestInterval, maxInterval] = [1, 300]
const slowDown = 5
/** Seconds that a code is waited for, whatever the server says. */
const maxWait = 3600

export async function deviceFlow(connection: Connection, { onProgress, signal }: LoginOptions): Promise<TokenResponse> {
  const { profile, metadata, openid, clock } = connection
  if (metadata.device_authorization_endpoint === undefined) {
    throw new Failure('unsupported_by_server', `${profile.issuer} offers no login with a code on another device`, {
      hint: '`authsock login {profile} --grant authorization_code` uses the browser',
    })
  }
  const target = defaultTarget(profile)
  const start = await connection.configure(signal)
  const code = await openid
    .initiateDeviceAuthorization(start.configuration, targetParameters({ scope: profile.scopes, ...target }))
    .catch((error: unknown) => {
      throw failureOf(error, start.exchange.trace)
    })
  const page = webPage(code.verification_uri)
  const complete = completePage(code.verification_uri_complete, page)
  const expiresAt = clock.now() + Math.min(code.expires_in, maxWait) * 1000
  onProgress({
    type: 'device_code',
    userCode: printable(code.user_code),
    verificationUri: page.href,
    ...(complete === undefined ? {} : { verificationUriComplete: complete.href }),
    expiresIn: code.expires_in,
  })

  let interval = Math.min(Math.max(code.interval ?? defaultInterval, shortestInterval), maxInterval)
  for (;;) {
    await wait(Math.min(interval * 1000, Math.max(0, expiresAt - clock.now())), signal)
    if (clock.now() >= expiresAt) throw expired(profile.name)
    const { configuration, exchange } = await connection.configure(signal)
    try {
      const answer = await openid.genericGrantRequest(configuration, grantType, {
        device_code: code.device_code,
        ...targetParameters(target),
      })
      return tokenResponse(answer, exchange)
    } catch (error) {
      if (signal.aborted) throw cancelled()
      // Tokens came, and the code is spent: something about them is wrong, or the keys to check them by cannot be had (P11).
      if (exchange.answer !== undefined) throw failureOf(error, exchange.trace)
      const { oauthError, status, trouble } = exchange.trace
      if (oauthError === 'authorization_pending') continue
      if (oauthError === 'slow_down') {
        interval += slowDown
        continue
      }
      if (oauthError === 'access_denied') throw new Failure('login_cancelled', `the login was declined at ${exchange.trace.host}`)
      if (oauthError === 'expired_token') throw expired(profile.name)
      // RFC 8628 section 3.5: a connection that times out is tried again, more slowly; so is a server with a bad moment.
      if (trouble !== undefined || (status !== undefined && (status >= 500 || status === 429))) {
        interval = Math.min(interval * 2, 60)
        onProgress({ type: 'progress', text: `${refusalOf(error, exchange.trace).failure.message}; trying again` })
        continue
      }
      throw status === 200
        ? failureOf(error, exchange.trace)
        : new Failure('login_failed', refusalOf(error, exchange.trace).failure.message)
    }
  }
}

async function wait(delay: number, signal: AbortSignal): Promise<void> {
  try {
    await pause(delay, undefined, { signal })
  } catch {
    throw cancelled()
  }
}

const cancelled = (): Failure => new Failure('login_cancelled', 'the login was cancelled')

const expired = (profile: string): Failure =>
  new Failure('login_expired', 'the code has expired before it was entered', { profile })

/** P10: the user is sent there. */
function webPage(text: string): URL {
  const url = URL.parse(text)
  if (url === null) throw new Failure('server_invalid_response', 'the server gave no page to enter the code on')
  requireSecure(text, 'the page for the code')
  return url
}

/** Only where it is of the host that the user is told to look for. */
function completePage(text: string | undefined, page: URL): URL | undefined {
  const url = text === undefined ? null : URL.parse(text)
  return url?.origin === page.origin ? url : undefined
}
