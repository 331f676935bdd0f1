// Scopes as sets: RFC 6749 section 3.3 gives them no order.
import { Failure } from './failures.js';
/** `"b a a"` -> `["a", "b"]`. */
export const parseScope = (text) => normalScope(text.split(' '));
export const normalScope = (scopes) => [...new Set(scopes)].filter((s) => s !== '').sort();
export const sameScope = (a, b) => a === undefined || b === undefined ? a === b : a.length === b.length && a.every((scope, index) => scope === b[index]);
export const sameTarget = (a, b) => a.resource === b.resource && a.audience === b.audience && sameScope(a.scope, b.scope);
/** What of `wanted` is not in `allowed`. */
const beyond = (wanted, allowed) => wanted.filter((scope) => !allowed.includes(scope));
const list = (scopes) => scopes.map((scope) => `'${scope}'`).join(', ');
/**
 * P14: a caller gets at most its profile's scopes. A profile without a list allows what the session was granted.
 * Throws scope_not_allowed, or scope_not_granted where only a new login can help; no request to the server is spent.
 */
export function checkScope(profile, record, target) {
    if (target.scope === undefined)
        return;
    if (profile.scopes.length > 0) {
        const extra = beyond(target.scope, profile.scopes);
        if (extra.length > 0) {
            throw new Failure('scope_not_allowed', `profile '${profile.name}' does not allow ${list(extra)}, only ${list(profile.scopes)}`, {
                profile: profile.name,
            });
        }
    }
    const missing = beyond(target.scope, record.scope);
    if (missing.length > 0) {
        throw new Failure('scope_not_granted', `the login of '${profile.name}' was not granted ${list(missing)}`, {
            profile: profile.name,
        });
    }
}
