// RFC 9457 problem documents: a Failure on its way over the socket, and back.
import { Failure, isFailureCode } from '../core/failures.js';
export const problemType = 'application/problem+json';
export function encodeProblem(failure) {
    const { profile, retryAfter, oauthError } = failure.details;
    return {
        type: `urn:authsock:problem:${failure.code}`,
        title: failure.code.replaceAll('_', ' '),
        status: failure.status,
        code: failure.code,
        exit_code: failure.exitCode,
        hint: failure.hint,
        detail: failure.message,
        ...(profile === undefined ? {} : { profile }),
        ...(retryAfter === undefined ? {} : { retry_after: retryAfter }),
        ...(oauthError === undefined ? {} : { oauth_error: oauthError }),
    };
}
/** The Failure that a problem document speaks of. A code from a newer agent becomes `unexpected` and keeps its text. */
export function decodeProblem(json) {
    const problem = (typeof json === 'object' && json !== null ? json : {});
    const code = isFailureCode(problem.code) ? problem.code : 'unexpected';
    return new Failure(code, typeof problem.detail === 'string' ? problem.detail : 'the agent answered with an error it did not explain', {
        ...(typeof problem.hint === 'string' ? { hint: problem.hint } : {}),
        ...(typeof problem.profile === 'string' ? { profile: problem.profile } : {}),
        ...(typeof problem.retry_after === 'number' ? { retryAfter: problem.retry_after } : {}),
        ...(typeof problem.oauth_error === 'string' ? { oauthError: problem.oauth_error } : {}),
    });
}
