// Why the ID token of a login is not believed (P11), in words that say what to change. Tokens came, and the code is spent: none of it
// is mended by asking the server for the same again.

import { Failure } from '../core/failures.ts'
import { duration } from '../core/util/durations.ts'
import { jwtHeader } from '../core/util/jwt-payload.ts'
import { failureOf } from './http/outcome.ts'
import type { OAuthRequest } from './http/request.ts'
import { serverText } from './http/server-text.ts'

/** The clocks of virtual machines are minutes off. */
export const clockToleranceSeconds = 5 * 60

/** Of what openid-client threw after the token response. */
export function idTokenFailure(error: unknown, { answer, trace }: OAuthRequest): Failure {
  const failure = failureOf(error, trace)
  // The keys to verify it with cannot be fetched now.
  if (failure.code !== 'server_invalid_response' || trace.networkError !== undefined || !isAboutToken(error)) return failure
  const { message, hint } = problemOf(error, answer, trace.host) ?? { message: failure.message, hint: undefined }
  return new Failure('login_failed', message, {
    cause: failure.details.cause,
    hint: hint ?? 'the ID token does not fit the profile: check its issuer and client id, and the client at the server',
  })
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException | undefined)?.code ?? ''

/** openid-client has read a response and refuses what is in it. */
const isAboutToken = (error: unknown): boolean => codeOf(error).startsWith('OAUTH_')

function problemOf(
  error: unknown,
  answer: OAuthRequest['answer'],
  host: string,
): { readonly message: string; readonly hint: string } | undefined {
  const algorithm = answer?.idToken === undefined ? undefined : jwtHeader(answer.idToken.reveal())?.['alg']
  if (typeof algorithm === 'string' && (codeOf(error) === 'OAUTH_UNSUPPORTED_OPERATION' || algorithm.startsWith('HS'))) {
    return {
      message: `the ID token of ${host} is signed with ${serverText(algorithm)}, which cannot be verified`,
      hint: "set the client's ID token algorithm at the server to RS256 or ES256, or leave openid out of `scopes`",
    }
  }
  const ahead = answer?.clockAheadMs
  if (codeOf(error) === 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED' && ahead !== undefined && Math.abs(ahead) > 30_000) {
    const apart = duration(Math.abs(ahead) / 1000)
    return {
      message: `the clock of this machine is ${apart} ${ahead > 0 ? 'behind' : 'ahead of'} that of ${host}, and the ID token's times do not fit`,
      hint: 'set the clock of this machine, then log in again',
    }
  }
  return undefined
}
