// How a request to the server ended: the one place where the network's and openid-client's errors become a kind and a Failure.
// Nothing of a body goes into a message but the server's own error code and description.

import { Failure, type FailureCode, type FailureDetails } from '../../core/failures.ts'
import type { TokenRefusal } from '../../core/session/token-refusal.ts'
import { defined } from '../../core/util/defined.ts'
import { networkFailure, withoutResponse } from './network-failure.ts'
import { hintOf, kindOf, type OAuthError } from './oauth-error.ts'
import { serverText } from './server-text.ts'
import type { RequestTrace } from './trace.ts'

type Kind = TokenRefusal['kind']

/** Request time-out, too early, too many requests, unavailable. */
const notActedOn = new Set([408, 425, 429, 503])

const failureCodes: Readonly<Record<Kind, FailureCode>> = {
  not_sent: 'server_unreachable',
  no_answer: 'server_unavailable',
  busy: 'server_unavailable',
  no_verdict: 'server_refused',
  may_pass: 'server_refused',
  invalid_grant: 'server_refused',
  interaction_required: 'server_refused',
  client_refused: 'client_refused',
  refused: 'server_refused',
  identity_changed: 'server_refused',
}

const hints = {
  mayBeActedOn: 'the server may have acted on the request: while the access token is valid, it is not sent again',
  serverError: 'the server has an error of its own; the next call tries again',
  notOAuth: 'this is not an answer of an OAuth server: check the issuer, and any proxy, gateway or captive portal in between',
  mayPass: 'this may pass: the next call tries again, and `authsock login {profile}` asks the server for a new login',
}

/** Of a token request that brought no tokens. `error` is what was thrown. */
export function refusalOf(error: unknown, trace: RequestTrace): TokenRefusal {
  const { networkError, sent, status, host, oauthError } = trace
  if (networkError !== undefined || error instanceof Failure) {
    const failure = error instanceof Failure ? error : networkFailure(trace)
    return sent ? { kind: 'no_answer', failure: withHint(failure, hints.mayBeActedOn) } : { kind: 'not_sent', failure }
  }
  if (status === undefined) {
    const text = `no request was sent to ${host}: ${describe(error)}`
    return { kind: 'not_sent', failure: new Failure('server_unreachable', text, { cause: withoutResponse(error) }) }
  }
  if (notActedOn.has(status)) return busy(trace, status)
  if (status >= 500)
    return refusal('no_answer', `${host}: server error (${status})`, { ...hinted(trace), hint: hints.serverError })
  return oauthError === undefined ? unreadable(error, trace, status) : told(trace, oauthError)
}

const refusal = (
  kind: Kind,
  text: string,
  details: FailureDetails = {},
  code: FailureCode = failureCodes[kind],
): TokenRefusal => ({
  kind,
  failure: new Failure(code, text, details),
})

const withHint = (failure: Failure, hint: string): Failure =>
  new Failure(failure.code, failure.message, { hint, ...failure.details })

const hinted = ({ oauthError }: RequestTrace): FailureDetails => defined({ oauthError: oauthError?.code })

function busy(trace: RequestTrace, status: number): TokenRefusal {
  const { host, retryAfter } = trace
  const text = status === 429 ? `${host} limits requests (429)` : `${host} is unavailable (${status})`
  return refusal('busy', text, { ...hinted(trace), ...defined({ retryAfter }) })
}

function told(trace: RequestTrace, error: OAuthError): TokenRefusal {
  const kind = kindOf(error, trace.isRefresh)
  const hint = kind === 'may_pass' ? hints.mayPass : kind === 'no_answer' ? hints.serverError : hintOf(error)
  return refusal(kind, serverSays(trace.host, error), { ...hinted(trace), ...defined({ hint, retryAfter: trace.retryAfter }) })
}

/** Without an OAuth error. */
function unreadable(error: unknown, { host, body, isRefresh }: RequestTrace, status: number): TokenRefusal {
  // glewlwyd: of a refresh token that is no longer valid.
  if (status === 400 && body === 'empty' && isRefresh)
    return refusal('invalid_grant', `${host} refused without giving a reason (400)`)
  if (status >= 300) {
    const text = `${host} sent ${statusText(status)} instead of a token`
    return refusal('no_verdict', text, { hint: hints.notOAuth }, 'server_invalid_response')
  }
  const text = `the response of ${host} is not a token response (RFC 6749): ${describe(error)}`
  return refusal('no_answer', text, {}, 'server_invalid_response')
}

/** Of any other request. */
export function failureOf(error: unknown, trace: RequestTrace): Failure {
  if (error instanceof Failure) return error
  const { host, status, networkError, oauthError } = trace
  if (networkError !== undefined) return networkFailure(trace)
  if (status === undefined || status === 429 || status >= 500 || oauthError !== undefined) return refusalOf(error, trace).failure
  if (status >= 300) return new Failure('server_invalid_response', `${host} sent ${statusText(status)}`)
  return new Failure('server_invalid_response', `the response of ${host} cannot be used: ${describe(error)}`, {
    cause: withoutResponse(error),
  })
}

const statusText = (status: number): string =>
  status < 400 ? `a redirect (${status}), which is not followed,` : `status ${status} and no OAuth error`

export function serverSays(host: string, { code, description }: OAuthError): string {
  return `${host} says ${serverText(code)}${description === undefined ? '' : ` (${serverText(description)})`}`
}

/** openid-client says what was wrong in the cause of what it throws. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'no reason given'
  const { cause } = error
  return serverText(cause instanceof Error && cause.name === 'OperationProcessingError' ? cause.message : error.message)
}
