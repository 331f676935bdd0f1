// RFC 9457 problem documents: encodes a Failure for the wire and decodes it again.

import { Failure, isFailureCode } from '../core/failures.ts'
import { defined } from '../core/util/defined.ts'
import type { Problem } from './messages.ts'

export const problemType = 'application/problem+json'

export function encodeProblem(failure: Failure): Problem {
  const { profile, retryAfter, oauthError } = failure.details
  return {
    type: `urn:authsock:problem:${failure.code}`,
    title: failure.code.replaceAll('_', ' '),
    status: failure.status,
    code: failure.code,
    exit_code: failure.exitCode,
    hint: failure.hint,
    detail: failure.message,
    ...defined({ profile, retry_after: retryAfter, oauth_error: oauthError }),
  }
}

const stringOr = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** Never throws. A code of a newer agent becomes `unexpected` and keeps its text. */
export function decodeProblem(json: unknown): Failure {
  const problem = (typeof json === 'object' && json !== null ? json : {}) as Partial<Record<keyof Problem, unknown>>
  const code = isFailureCode(problem.code) ? problem.code : 'unexpected'
  return new Failure(
    code,
    typeof problem.detail === 'string' ? problem.detail : 'the agent returned an error without details',
    defined({
      hint: stringOr(problem.hint),
      profile: stringOr(problem.profile),
      retryAfter: typeof problem.retry_after === 'number' ? problem.retry_after : undefined,
      oauthError: stringOr(problem.oauth_error),
    }),
  )
}
