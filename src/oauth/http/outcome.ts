// How a request to the server ended, in authsock's words: the one place where what the network and openid-client say
// becomes a kind and a Failure. Nothing of a body goes into a message but the server's own error code and description.

import { Failure, type FailureCode, type FailureDetails } from '../../core/failures.ts'
import type { TokenRefusal } from '../../core/session/token-refusal.ts'
import type { Trace } from './request.ts'

/** Errors by which servers say that the refresh token is of no use: RFC 6749, OpenID (Entra sends these), GitHub, Slack. */
const deadGrant = new Set([
  'invalid_grant',
  'bad_refresh_token',
  'invalid_refresh_token',
  'token_expired',
  'token_revoked',
  'expired_token',
  'interaction_required',
  'login_required',
  'consent_required',
])
const deadClient = new Set(['invalid_client', 'unauthorized_client', 'incorrect_client_credentials'])

/** Request time-out, too early, too many requests, unavailable. */
const notActedOn = new Set([408, 425, 429, 503])

/** Of a token request that gave no tokens. `error` is what was thrown. */
export function refusalOf(error: unknown, trace: Trace): TokenRefusal {
  if (error instanceof Failure) return { kind: trace.sent ? 'no_answer' : 'not_sent', failure: error }
  const { status, oauthError } = trace
  if (trace.trouble !== undefined) {
    return { kind: trace.sent ? 'no_answer' : 'not_sent', failure: troubleOf(trace) }
  }
  if (status === undefined) {
    return {
      kind: 'not_sent',
      failure: new Failure('server_unreachable', `${trace.host} was not asked: ${describe(error)}`, { cause: bare(error) }),
    }
  }
  const refusal = (kind: TokenRefusal['kind'], code: FailureCode, text: string, details: FailureDetails = {}): TokenRefusal => ({
    kind,
    failure: new Failure(code, text, { ...details, ...(oauthError === undefined ? {} : { oauthError }) }),
  })
  if (notActedOn.has(status)) {
    const { retryAfter } = trace
    const text = status === 429 ? `${trace.host} limits requests` : `${trace.host} is not available just now (${status})`
    return refusal('busy', 'server_unavailable', text, retryAfter === undefined ? {} : { retryAfter })
  }
  if (status >= 500) return refusal('no_answer', 'server_unavailable', `${trace.host} has a problem of its own (${status})`)
  if (oauthError === 'server_error') return refusal('no_answer', 'server_unavailable', said(trace))
  if (oauthError === 'temporarily_unavailable' || oauthError === 'slow_down')
    return refusal('busy', 'server_unavailable', said(trace))
  if (oauthError !== undefined) {
    if (deadGrant.has(oauthError)) return refusal('invalid_grant', 'server_refused', said(trace))
    if (deadClient.has(oauthError)) return refusal('client_refused', 'client_refused', said(trace))
    return refusal('refused', 'server_refused', said(trace))
  }
  if (status === 400 || status === 401) {
    return refusal('invalid_grant', 'server_refused', `${trace.host} refused it without giving a reason (${status})`)
  }
  if (status >= 300)
    return refusal('refused', 'server_invalid_response', `${trace.host} answered ${statusText(status)} in place of a token`)
  return refusal(
    'no_answer',
    'server_invalid_response',
    `${trace.host} sent an answer that is not RFC 6749's: ${describe(error)}`,
  )
}

/** Of any other request. */
export function failureOf(error: unknown, trace: Trace): Failure {
  if (error instanceof Failure) return error
  if (trace.trouble !== undefined || trace.status === undefined) return refusalOf(error, trace).failure
  if (trace.status === 429 || trace.status >= 500 || trace.oauthError !== undefined) return refusalOf(error, trace).failure
  if (trace.status >= 300) return new Failure('server_invalid_response', `${trace.host} answered ${statusText(trace.status)}`)
  return new Failure('server_invalid_response', `${trace.host} sent an answer that cannot be used: ${describe(error)}`, {
    cause: bare(error),
  })
}

const statusText = (status: number): string =>
  status < 400 ? `with a redirect (${status}), which is not followed` : `with status ${status}`

/** The server's own words, which may be hostile: short, and without control characters. */
function said({ host, oauthError, oauthErrorDescription }: Trace): string {
  const description = oauthErrorDescription === undefined ? '' : ` (${printable(oauthErrorDescription)})`
  return `${host} says ${printable(oauthError ?? '')}${description}`
}

export const printable = (text: string): string =>
  text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
    .slice(0, 200)
    .trim()

function troubleOf(trace: Trace): Failure {
  const { host, sent } = trace
  const trouble = trace.trouble as NodeJS.ErrnoException
  if (trouble instanceof Failure) return trouble
  const details = { cause: bare(trouble) }
  if (trouble.name === 'TimeoutError') {
    return sent
      ? new Failure('server_timeout', `${host} did not answer in time`, details)
      : new Failure('server_unreachable', `${host} could not be reached in time`, details)
  }
  if (trouble.name === 'AbortError') return new Failure('cancelled', `the request to ${host} was cancelled`, details)
  if (trouble.code === 'AUTHSOCK_TOO_LARGE') return new Failure('server_invalid_response', `${host} sent far too much`, details)
  if (sent) return new Failure('server_timeout', `the connection to ${host} broke before the answer was complete`, details)
  return new Failure('server_unreachable', `${host} cannot be reached: ${reason(trouble)}`, details)
}

const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such name',
  EAI_AGAIN: 'names cannot be looked up just now',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was reset',
  ENETUNREACH: 'there is no way to that network',
  EHOSTUNREACH: 'there is no way to that host',
  ETIMEDOUT: 'it does not answer',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed (ca_file in the profile adds an authority)',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is from an unknown authority (ca_file in the profile adds one)',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is from an unknown authority (ca_file in the profile adds one)',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is from an unknown authority (ca_file in the profile adds one)',
}

function reason(error: NodeJS.ErrnoException): string {
  const first = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException) : error
  return reasons[first.code ?? ''] ?? first.code ?? first.message
}

/** openid-client says what was wrong in the cause of what it throws. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'no reason given'
  const { cause } = error
  return printable(cause instanceof Error && cause.name === 'OperationProcessingError' ? cause.message : error.message)
}

/** Causes of openid-client hold responses and bodies: what is kept has a name, a code and a message only. */
function bare(error: unknown): Error {
  const { name, message, code } = error as NodeJS.ErrnoException
  return Object.assign(new Error(message), { name, ...(code === undefined ? {} : { code }) })
}
