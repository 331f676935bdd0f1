// Logins under way: at most one a profile, each ended by its outcome, by time or by whoever started it hanging up.
import { asFailure, Failure } from '../core/failures.js';
import { normalScope } from '../core/scope.js';
import { accessToken } from '../core/tokens.js';
import { defaultTarget } from './sessions.js';
export class Logins {
    #ports;
    #pending = new Map();
    constructor(ports) {
        this.#ports = ports;
    }
    isPending(profile) {
        return this.#pending.has(profile);
    }
    /** Logs in and stores the session before it says so (R2). Throws a Failure; a login that fails changes nothing. */
    async logIn(profile, grant, conversation) {
        const { name } = profile;
        if (this.#pending.has(name))
            throw new Failure('login_pending', `a login for '${name}' is already under way`, { profile: name });
        const cancel = new AbortController();
        this.#pending.set(name, cancel);
        try {
            await this.#ports.prepareVault();
            const runner = await this.#ports.sessions().runner(profile).catch(overDamaged);
            const server = this.#ports.profiles.server(profile);
            const response = await server.login({
                grant,
                onProgress: conversation.onProgress,
                ...(conversation.onPaste === undefined ? {} : { onPaste: conversation.onPaste }),
                signal: AbortSignal.any([conversation.signal, cancel.signal]),
            });
            const session = runner ?? this.#ports.sessions().runnerOverDamaged(profile);
            const record = await session.replace(newRecord(profile, grant, response));
            this.#ports.events.publish({ type: 'logged_in', profile: name, ...userOf(record) });
            return record;
        }
        catch (error) {
            throw asFailure(error).of(name);
        }
        finally {
            this.#pending.delete(name);
        }
    }
    /** Ends every login under way: the agent stops or locks. */
    cancelAll() {
        for (const cancel of this.#pending.values())
            cancel.abort();
    }
}
/** A login mends a damaged record; any other trouble with the vault is found before the user is sent to the browser. */
function overDamaged(error) {
    const failure = asFailure(error);
    if (failure.code !== 'record_damaged')
        throw failure;
}
function newRecord(profile, grant, response) {
    const scope = normalScope(response.scope ?? profile.scopes);
    return {
        profile: profile.name,
        issuer: profile.issuer,
        clientId: profile.clientId,
        grant,
        loggedInAt: response.receivedAt,
        refreshedAt: response.receivedAt,
        scope,
        accessTokens: [accessToken(response, defaultTarget(profile), scope)],
        ...(response.identity === undefined ? {} : { identity: response.identity }),
        ...(response.refreshToken === undefined ? {} : { refreshToken: response.refreshToken }),
        ...(response.refreshTokenExpiresIn === undefined
            ? {}
            : { refreshTokenExpiresAt: response.receivedAt + response.refreshTokenExpiresIn * 1000 }),
    };
}
/** A name for people. */
export function userOf({ identity }) {
    if (identity === undefined)
        return {};
    return { user: identity.preferredUsername ?? identity.email ?? identity.name ?? identity.subject };
}
