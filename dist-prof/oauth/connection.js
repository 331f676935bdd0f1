// What the grants share: a server's metadata, configurations to ask it with, and the reading of its token answers.
import { redact } from '../core/redacted.js';
import { parseScope } from '../core/scope.js';
import { identityOf, unverifiedClaims } from './identity.js';
export const defaultTarget = ({ resource, audience }) => ({
    ...(resource === undefined ? {} : { resource }),
    ...(audience === undefined ? {} : { audience }),
});
export const targetParameters = ({ scope, resource, audience }) => ({
    ...(scope === undefined || scope.length === 0 ? {} : { scope: scope.join(' ') }),
    ...(resource === undefined ? {} : { resource }),
    ...(audience === undefined ? {} : { audience }),
});
export function tokenResponse(answer, exchange) {
    const claims = answer.claims();
    const identity = claims === undefined ? undefined : identityOf(claims);
    const { expires_in: expiresIn, scope, refresh_token: refreshToken } = answer;
    // Not the exchange's trace: the last request may have been the one for the keys.
    const { receivedAt, tokenType, refreshTokenExpiresIn, idToken } = exchange.answer ?? unreachable();
    return {
        accessToken: redact(answer.access_token),
        tokenType,
        receivedAt,
        ...(expiresIn === undefined ? {} : { expiresIn }),
        ...(scope === undefined ? {} : { scope: parseScope(scope) }),
        ...(refreshToken === undefined ? {} : { refreshToken: redact(refreshToken) }),
        ...(refreshTokenExpiresIn === undefined ? {} : { refreshTokenExpiresIn }),
        ...(identity === undefined ? {} : { identity }),
        // One that nobody can read is of no use to a tool either.
        ...(idToken === undefined || unverifiedClaims(idToken) === undefined ? {} : { idToken }),
    };
}
function unreachable() {
    throw new Error('a token answer that was not seen');
}
