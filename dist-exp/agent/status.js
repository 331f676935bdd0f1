// What the agent shows of its sessions. No token and no secret passes through here (L2).
import { asFailure, Failure } from '../core/failures.js';
import { primaryToken } from '../core/schedule.js';
import { loginRequired } from '../core/tokens.js';
import { userOf } from './logins.js';
import { changedProfile } from './sessions.js';
const seconds = (at) => Math.floor(at / 1000);
const optional = (key, at) => at === undefined ? {} : { [key]: seconds(at) };
export function sessionStatus(profile, session, { nextWake, endsAt, loginPending, }) {
    const { state, reason, hint } = describe(profile, session);
    return {
        ...fromProfile(profile),
        ...(session.kind === 'absent' ? {} : fromRecord(session.record)),
        state: loginPending ? 'login_pending' : state,
        ...(reason === undefined ? {} : { reason }),
        ...(hint === undefined ? {} : { hint }),
        ...optional('next_refresh_at', nextWake),
        ...optional('ends_at', endsAt),
    };
}
/** A session that could not be looked at: the vault is shut, or its record is damaged. */
export function unreadableStatus(profile, error) {
    const failure = asFailure(error).of(profile.name);
    const state = failure.code === 'record_damaged' ? 'damaged' : 'locked';
    return { ...fromProfile(profile), state, reason: failure.message, hint: failure.hint };
}
const fromProfile = (profile) => ({
    profile: profile.name,
    issuer: profile.issuer,
    client_id: profile.clientId,
    grant: profile.grant,
});
function fromRecord(record) {
    return {
        grant: record.grant,
        scope: record.scope.join(' '),
        ...(record.identity === undefined ? {} : { subject: record.identity.subject }),
        ...userOf(record),
        ...optional('logged_in_at', record.loggedInAt),
        ...optional('refreshed_at', record.refreshedAt),
        ...optional('expires_at', primaryToken(record)?.expiresAt),
    };
}
function describe(profile, session) {
    if (session.kind !== 'absent') {
        const changed = changedProfile(profile, session.record);
        if (changed !== undefined)
            return because('login_required', changed);
    }
    switch (session.kind) {
        case 'absent':
            if (session.reason.code === 'expired')
                return because('login_required', loginRequired(profile.name, session.reason));
            return { state: 'logged_out', hint: new Failure('login_required', '', { profile: profile.name }).hint };
        case 'active':
            return { state: 'active' };
        case 'refreshing':
            return { state: 'refreshing' };
        case 'troubled':
            return because('retrying', session.trouble.failure.of(profile.name));
        case 'unsaved':
            return because('retrying', session.failure.of(profile.name));
        case 'login_required': {
            const { reason } = session;
            return {
                state: 'login_required',
                reason: reason.text,
                hint: new Failure('login_required', '', { profile: profile.name }).hint,
            };
        }
    }
}
const because = (state, failure) => ({
    state,
    reason: failure.message,
    hint: failure.hint,
});
