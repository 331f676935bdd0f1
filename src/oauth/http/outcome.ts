// How a request to the server ended: the one place where the network's and openid-client's errors become a kind and a Failure.
// Nothing of a body goes into a message but the server's own error code and description.

import { Failure, type FailureCode, type FailureDetails } from '../../core/failures.ts'
import type { TokenRefusal } from '../../core/session/token-refusal.ts'
import { defined } from '../../core/util/defined.ts'
import { networkFailure, withoutResponse } from './network-failure.ts'
import { serverText } from './server-text.ts'
import type { RequestTrace } from './trace.ts'

/** Errors that say that the refresh token is no longer valid: RFC 6749, OpenID (sent by Entra), GitHub, Slack. */
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

/** Of a token request that brought no tokens. `error` is what was thrown. */
export function refusalOf(error: unknown, trace: RequestTrace): TokenRefusal {
  if (error instanceof Failure) return { kind: trace.sent ? 'no_answer' : 'not_sent', failure: error }
  if (trace.networkError !== undefined) return { kind: trace.sent ? 'no_answer' : 'not_sent', failure: networkFailure(trace) }
  if (trace.status === undefined) {
    const text = `no request was sent to ${trace.host}: ${describe(error)}`
    return { kind: 'not_sent', failure: new Failure('server_unreachable', text, { cause: withoutResponse(error) }) }
  }
  return byStatus(trace, trace.status) ?? byOAuthError(trace) ?? unreadable(error, trace, trace.status)
}

function refusal(
  kind: TokenRefusal['kind'],
  code: FailureCode,
  text: string,
  { oauthError }: RequestTrace,
  details: FailureDetails = {},
): TokenRefusal {
  return { kind, failure: new Failure(code, text, { ...details, ...defined({ oauthError }) }) }
}

function byStatus(trace: RequestTrace, status: number): TokenRefusal | undefined {
  const { host, retryAfter } = trace
  if (notActedOn.has(status)) {
    const text = status === 429 ? `${host} limits requests (429)` : `${host} is unavailable (${status})`
    return refusal('busy', 'server_unavailable', text, trace, defined({ retryAfter }))
  }
  return status >= 500 ? refusal('no_answer', 'server_unavailable', `${host}: server error (${status})`, trace) : undefined
}

function byOAuthError(trace: RequestTrace): TokenRefusal | undefined {
  const { oauthError } = trace
  if (oauthError === undefined) return undefined
  const told = (kind: TokenRefusal['kind'], code: FailureCode): TokenRefusal => refusal(kind, code, serverSays(trace), trace)
  if (oauthError === 'server_error') return told('no_answer', 'server_unavailable')
  if (oauthError === 'temporarily_unavailable' || oauthError === 'slow_down') return told('busy', 'server_unavailable')
  if (deadGrant.has(oauthError)) return told('invalid_grant', 'server_refused')
  if (deadClient.has(oauthError)) return told('client_refused', 'client_refused')
  return told('refused', 'server_refused')
}

/** Without an OAuth error. */
function unreadable(error: unknown, trace: RequestTrace, status: number): TokenRefusal {
  const { host } = trace
  if (status === 400 || status === 401)
    return refusal('invalid_grant', 'server_refused', `${host} refused without giving a reason (${status})`, trace)
  if (status >= 300)
    return refusal('refused', 'server_invalid_response', `${host} sent ${statusText(status)} instead of a token`, trace)
  const text = `the response of ${host} is not a token response (RFC 6749): ${describe(error)}`
  return refusal('no_answer', 'server_invalid_response', text, trace)
}

/** Of any other request. */
export function failureOf(error: unknown, trace: RequestTrace): Failure {
  if (error instanceof Failure) return error
  const { host, status, networkError, oauthError } = trace
  if (networkError !== undefined || status === undefined) return refusalOf(error, trace).failure
  if (status === 429 || status >= 500 || oauthError !== undefined) return refusalOf(error, trace).failure
  if (status >= 300) return new Failure('server_invalid_response', `${host} sent ${statusText(status)}`)
  return new Failure('server_invalid_response', `the response of ${host} cannot be used: ${describe(error)}`, {
    cause: withoutResponse(error),
  })
}

const statusText = (status: number): string =>
  status < 400 ? `a redirect (${status}), which is not followed,` : `status ${status}`

export function serverSays({
  host,
  oauthError,
  oauthErrorDescription,
}: Pick<RequestTrace, 'host' | 'oauthError' | 'oauthErrorDescription'>): string {
  const description = oauthErrorDescription === undefined ? '' : ` (${serverText(oauthErrorDescription)})`
  return `${host} says ${serverText(oauthError ?? '')}${description}`
}

/** openid-client says what was wrong in the cause of what it throws. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'no reason given'
  const { cause } = error
  return serverText(cause instanceof Error && cause.name === 'OperationProcessingError' ? cause.message : error.message)
}
