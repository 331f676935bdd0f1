/**
 * The client library: `import { connect } from 'authsock/client'`. For authors of command lines and tools who would
 * otherwise keep a token file of their own. It talks to the user's agent over its socket, and starts one where none runs.
 *
 *     const authsock = await connect()
 *     const { access_token } = await authsock.token({ profile: 'work' })
 *     authsock.close()
 *
 * Every method throws a {@link Failure}: its `code` is stable, `message` says what happened and `hint` what to do next.
 */
import { Failure } from '../core/failures.js';
import { paths } from '../platform/paths.js';
import { tcpPlace } from './place.js';
import { startAgent } from './start.js';
import { isNobodyThere, parse, Transport } from './transport.js';
import { openChannel } from './channel.js';
export { exitCodes, Failure } from '../core/failures.js';
/**
 * Finds the agent, or starts it. Throws agent_unreachable, agent_untrusted (the socket is somebody else's).
 * Nothing is kept open until the first request.
 */
export async function connect(options = {}) {
    const { transport, start } = connectTransport(options);
    return new AuthsockClient(transport, start);
}
/** Not for other programs: what `connect` is made of. */
export function connectTransport(options = {}) {
    const env = options.env ?? process.env;
    const tcp = tcpPlace(options.socket ?? env['AUTHSOCK'], env);
    if (tcp !== undefined) {
        return { transport: new Transport(tcp), start: undefined, ask: (work) => work() };
    }
    // The agent that is started has to listen there too.
    const told = options.socket === undefined ? env : { ...env, AUTHSOCK: options.socket };
    const where = paths(told);
    const transport = new Transport(where.socket);
    const isThere = async () => {
        try {
            await transport.call({ method: 'GET', path: '/v1/sessions/-' });
            return true;
        }
        catch (error) {
            if (isNobodyThere(error))
                return false;
            // An agent that answers with an error is there.
            if (error instanceof Failure && error.code !== 'shutting_down' && error.code !== 'agent_untrusted')
                return true;
            if (error instanceof Failure && error.code === 'shutting_down')
                return false;
            throw error;
        }
    };
    const start = options.start === false ? undefined : () => startAgent(where, told, isThere);
    return { transport, start, ask: (work) => orStart(work, start) };
}
/** Does it, and starts an agent and does it again where nobody listens. */
async function orStart(work, start) {
    try {
        return await work();
    }
    catch (error) {
        if (start === undefined || !isNobodyThere(error))
            throw error;
        await start();
        return work();
    }
}
export class AuthsockClient {
    #transport;
    #start;
    /** Use {@link connect}. */
    constructor(transport, start) {
        this.#transport = transport;
        this.#start = start;
    }
    /** Where the agent listens. */
    get socket() {
        return this.#transport.path;
    }
    /** An access token, refreshed by the agent if need be. Times are seconds. Throws login_required, login_pending, scope_*, server_*, vault_*. */
    async token(options = {}) {
        const { profile, scope, resource, audience, minTtl, signal } = options;
        const query = new URLSearchParams();
        if (profile !== undefined)
            query.set('profile', profile);
        if (scope !== undefined)
            query.set('scope', scope.join(' '));
        if (resource !== undefined)
            query.set('resource', resource);
        if (audience !== undefined)
            query.set('audience', audience);
        if (minTtl !== undefined)
            query.set('min_ttl', String(minTtl));
        return this.#json({ method: 'GET', path: query.size === 0 ? '/v1/token' : `/v1/token?${query.toString()}`, signal });
    }
    /** The agent, its vault and all sessions. Never a token. */
    async status() {
        return this.#json({ method: 'GET', path: '/v1/status' });
    }
    /** All sessions. Throws config_invalid. */
    async sessions() {
        const { sessions } = await this.#json({
            method: 'GET',
            path: '/v1/sessions',
        });
        return sessions;
    }
    /** Throws unknown_profile. */
    async session(profile) {
        return this.#json({ method: 'GET', path: `/v1/sessions/${encodeURIComponent(profile)}` });
    }
    /** Ends a session here and at the server (RFC 7009). */
    async logout(profile) {
        return this.#json({ method: 'DELETE', path: `/v1/sessions/${encodeURIComponent(profile)}` });
    }
    /** Forgets the master key; no token leaves until `unlock`. */
    async lock() {
        return this.#json({ method: 'POST', path: '/v1/lock' });
    }
    /** Throws vault_locked (a passphrase is needed), master_key_wrong, unlock_throttled, keychain_*. */
    async unlock(passphrase) {
        return this.#json({ method: 'POST', path: '/v1/unlock', body: passphrase === undefined ? {} : { passphrase } });
    }
    /** Moves the vault to another master key. */
    async setMasterKey(request) {
        return this.#json({ method: 'PUT', path: '/v1/vault/master-key', body: request });
    }
    /** Kept in the vault, never to be read again. */
    async setClientSecret(profile, clientSecret) {
        await this.#call({ method: 'PUT', path: clientSecretPath(profile), body: { client_secret: clientSecret } });
    }
    async removeClientSecret(profile) {
        await this.#call({ method: 'DELETE', path: clientSecretPath(profile) });
    }
    /** Keeps a static secret in the vault; what has the name is replaced. `expires_at` in seconds since the epoch. */
    async setSecret(name, secret) {
        await this.#call({ method: 'PUT', path: secretPath(name), body: secret });
    }
    /** Throws not_found. */
    async removeSecret(name) {
        await this.#call({ method: 'DELETE', path: secretPath(name) });
    }
    /** What is known of the static secrets, but never one itself. */
    async secrets() {
        const { secrets } = await this.#json({ method: 'GET', path: '/v1/secrets' });
        return secrets;
    }
    /** What waits for the user's word. */
    async approvals() {
        const { approvals } = await this.#json({
            method: 'GET',
            path: '/v1/approvals',
        });
        return approvals;
    }
    /** What became of an `always`; undefined for other answers. Throws not_found. */
    async answerApproval(id, reply) {
        const { text } = await this.#call({ method: 'POST', path: `/v1/approvals/${encodeURIComponent(id)}`, body: reply });
        return text === '' ? undefined : parse(text);
    }
    /** Makes a shared socket, or gives the one of that name new bounds. Throws bad_request, unknown_profile. */
    async makeShare(name, request) {
        return this.#json({ method: 'PUT', path: sharePath(name), body: request });
    }
    async shares() {
        const { shares } = await this.#json({ method: 'GET', path: '/v1/shares' });
        return shares;
    }
    /** Throws not_found. */
    async share(name) {
        return this.#json({ method: 'GET', path: sharePath(name) });
    }
    /** Throws not_found. */
    async removeShare(name) {
        await this.#call({ method: 'DELETE', path: sharePath(name) });
    }
    /** Stops the agent. */
    async shutdown() {
        await this.#call({ method: 'POST', path: '/v1/shutdown' });
    }
    /** Logs in. The caller opens the browser or shows the code; leaving the loop early cancels the login. */
    async login(profile, { grant, signal } = {}) {
        const query = new URLSearchParams();
        if (profile !== undefined)
            query.set('profile', profile);
        if (grant !== undefined)
            query.set('grant', grant);
        const channel = await this.#orStart(() => openChannel(this.socket, `/v1/login?${query.toString()}`, signal));
        return {
            redirected: (url) => channel.say({ type: 'redirected', url }),
            [Symbol.asyncIterator]: () => channel.login(),
        };
    }
    /** What happens in the agent, from now on. Leaving the loop (or aborting) ends it. */
    async events(signal) {
        const channel = await this.#orStart(() => openChannel(this.socket, '/v1/events', signal));
        return { [Symbol.asyncIterator]: () => channel.events() };
    }
    /** Lets go of connections; the client can be used again. */
    close() {
        this.#transport.close();
    }
    async #json(call) {
        const json = parse((await this.#call(call)).text);
        if (typeof json === 'object' && json !== null)
            return json;
        throw new Failure('unexpected', `what listens at ${this.socket} does not speak authsock's protocol`);
    }
    #call(call) {
        return this.#orStart(() => this.#transport.call(call));
    }
    #orStart(work) {
        return orStart(work, this.#start);
    }
}
const sharePath = (name) => `/v1/shares/${encodeURIComponent(name)}`;
const secretPath = (name) => `/v1/secrets/${encodeURIComponent(name)}`;
const clientSecretPath = (profile) => `/v1/profiles/${encodeURIComponent(profile)}/client-secret`;
