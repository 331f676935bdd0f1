// Why there was no complete response, as a Failure: what node:http, node:tls and the resolver report, in words.

import { Failure } from '../../core/failures.ts'
import { defined } from '../../core/util/defined.ts'
import type { RequestTrace } from './trace.ts'
import { isUnknownAuthority } from './trust.ts'

export function networkFailure({ host, sent, networkError }: RequestTrace): Failure {
  if (networkError instanceof Failure) return networkError
  const error = networkError ?? new Error('no reason given')
  const details = { cause: withoutResponse(error) }
  if (error.name === 'TimeoutError') {
    return sent
      ? new Failure('server_timeout', `${host} did not answer in time`, details)
      : new Failure('server_unreachable', `${host} could not be reached in time`, details)
  }
  if (error.name === 'AbortError') return new Failure('cancelled', `the request to ${host} was cancelled`, details)
  const { code } = error as NodeJS.ErrnoException
  if (code === 'AUTHSOCK_TOO_LARGE')
    return new Failure('server_invalid_response', `the response of ${host} is too large`, details)
  // Whatever the parser does not take, it takes no more of: too long headers, a body after the end.
  if (sent && /^(HPE|Z|ERR_(ZSTD|BROTLI|BUFFER)|AUTHSOCK)_/.test(code ?? ''))
    return new Failure('server_invalid_response', `the response of ${host} cannot be read: ${error.message} (${code})`, details)
  if (sent) return new Failure('server_timeout', `the connection to ${host} broke before the response was complete`, details)
  const hint = certificateHint(code)
  return new Failure('server_unreachable', `${host} cannot be reached: ${reason(error)}`, { ...details, ...defined({ hint }) })
}

const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: 'no such host name',
  EAI_AGAIN: 'the host name cannot be looked up now',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was reset',
  ENETUNREACH: 'the network is unreachable',
  EHOSTUNREACH: 'the host is unreachable',
  ETIMEDOUT: 'it does not answer',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is from an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is from an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is from an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is from an unknown authority',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: is the clock of this machine right?',
}

/** Trying again does not help; undefined: it may. */
function certificateHint(code: string | undefined): string | undefined {
  if (isUnknownAuthority({ code })) {
    return "add the authority's certificate to the system's store, or name its file as `ca_file` of the profile"
  }
  return /CERT/.test(code ?? '')
    ? 'the server has to present a valid certificate for this name; nothing was sent to it'
    : undefined
}

function reason(error: NodeJS.ErrnoException): string {
  const first = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException) : error
  return reasons[first.code ?? ''] ?? first.code ?? first.message
}

/** Causes of openid-client hold responses and bodies: name, code and message are kept, nothing else. */
export function withoutResponse(error: unknown): Error {
  const { name, message, code } = error as NodeJS.ErrnoException
  return Object.assign(new Error(message), { name, ...(code === undefined ? {} : { code }) })
}
