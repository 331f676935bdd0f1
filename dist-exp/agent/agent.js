// The agent as its protocol sees it: one method an operation. Composed in main.ts; routes.ts and channels.ts call it.
import { asFailure, Failure } from '../core/failures.js';
import { redact } from '../core/redacted.js';
import { bounded } from '../core/share.js';
import { callHelper } from './helper-calls.js';
import { secretStatus } from './secrets.js';
import { sessionStatus, unreadableStatus } from './status.js';
/** L3: which profiles there are is not for whoever is behind a share. */
const withoutNames = (failure) => failure.code === 'unknown_profile' ? new Failure('unknown_profile', 'what this share was made for is gone') : failure;
const locked = () => new Failure('vault_locked', 'the vault is locked');
export class Agent {
    #parts;
    #startedAt;
    constructor(parts) {
        this.#parts = parts;
        this.#startedAt = parts.clock.now();
    }
    /** Milliseconds since the epoch. */
    now() {
        return this.#parts.clock.now();
    }
    /** `minTtl` in seconds. Synchronous where nothing has to be looked up, asked or waited for. */
    token(asker, profile, target, minTtl) {
        const { profiles, gate } = this.#parts;
        const refuse = (error) => {
            const failure = this.#explained(error);
            gate.refused(asker, profile, target, failure);
            throw asker.share === undefined ? failure : withoutNames(failure);
        };
        try {
            if (asker.share !== undefined) {
                const within = bounded(asker.share, profile, target, this.now());
                return this.#ask(asker, within.profile, within.target, minTtl, refuse);
            }
            const name = profile ?? profiles.known(undefined)?.name;
            if (name === undefined)
                return this.#tokenOfDefault(asker, target, minTtl).catch(refuse);
            return this.#ask(asker, name, target, minTtl, refuse);
        }
        catch (error) {
            return refuse(error);
        }
    }
    #ask(asker, name, target, minTtl, refuse) {
        const checked = this.#parts.gate.check(asker, name, target);
        const issued = checked === undefined
            ? this.#issue(asker, name, target, minTtl)
            : checked.then(() => this.#issue(asker, name, target, minTtl));
        return issued instanceof Promise ? issued.catch(refuse) : issued;
    }
    async #tokenOfDefault(asker, target, minTtl) {
        const { name } = await this.#parts.profiles.profile(undefined);
        await this.#parts.gate.check(asker, name, target);
        return this.#issue(asker, name, target, minTtl);
    }
    #issue(asker, name, target, minTtl) {
        const issued = this.#parts.sessions.token(name, target, minTtl);
        return issued instanceof Promise ? issued.then((each) => this.#audited(asker, each)) : this.#audited(asker, issued);
    }
    #audited(asker, issued) {
        const { profile, token } = issued;
        const { target, scope, expiresAt } = token;
        const written = this.#parts.gate.issued(asker, {
            profile,
            target: { ...target, scope },
            ...(expiresAt === undefined ? {} : { expiresAt }),
        });
        return written === undefined ? issued : written.then(() => issued);
    }
    /** What was not even a request for a token. */
    refused(asker, error) {
        this.#parts.gate.refused(asker, undefined, {}, error);
    }
    /** A tool's call of its helper. Never throws, but where `throws` asks for it. */
    helper(asker, body, throws = false) {
        const { credentials, profiles } = this.#parts;
        return callHelper(asker.request, body, {
            ports: credentials.for(asker),
            throws,
            mayLogIn: async () => asker.share === undefined && (await profiles.config()).interactiveLogin,
        });
    }
    approvals() {
        return this.#parts.approvals.list();
    }
    /** Something comes back where it was for always. Throws not_found. */
    answerApproval(id, reply) {
        return this.#parts.approvals.answer(id, reply);
    }
    async shares() {
        return this.#parts.shares.list();
    }
    async share(name) {
        return this.#parts.shares.get(name);
    }
    /** Its profiles must be there; whether somebody is logged in to them is for later. */
    async makeShare(name, request) {
        const { profiles, shares, gate } = this.#parts;
        profiles.expire();
        for (const profile of request.profiles)
            await profiles.profile(profile);
        const status = await shares.make(name, request);
        gate.happened('shared', name);
        return status;
    }
    async removeShare(name) {
        await this.#parts.shares.remove(name);
        this.#parts.gate.happened('unshared', name);
    }
    /** What is known of the static secrets, but never one itself (L2). */
    async secrets() {
        return (await this.#parts.secrets.all()).map(secretStatus);
    }
    async putSecret(name, { value, url, username, expires_at: expiresAt }) {
        const { vault, secrets } = this.#parts;
        await vault.prepare();
        await secrets.put({
            name,
            value: redact(value),
            origin: 'user',
            ...(url === undefined ? {} : { url }),
            ...(username === undefined ? {} : { username }),
            ...(expiresAt === undefined ? {} : { expiresAt: expiresAt * 1000 }),
        });
    }
    async removeSecret(name) {
        await this.#parts.secrets.remove(name);
    }
    async status() {
        const { about, profiles, warnings, secrets, gate } = this.#parts;
        const { trouble } = gate;
        const notes = [...warnings, ...(trouble === undefined ? [] : [trouble]), ...(await secrets.warnings().catch(() => []))];
        const sessions = await this.sessions().catch((error) => {
            notes.push(asFailure(error).message);
            return [];
        });
        return {
            agent: {
                version: about.version,
                protocol: 1,
                pid: process.pid,
                started_at: Math.floor(this.#startedAt / 1000),
                socket: about.socket,
                config: profiles.path,
            },
            vault: this.vaultStatus(),
            sessions,
            warnings: notes,
        };
    }
    vaultStatus() {
        const { state, masterKey, detail, hint } = this.#parts.vault.status();
        return {
            state,
            ...(masterKey === undefined ? {} : { master_key: masterKey }),
            ...(detail === undefined ? {} : { detail }),
            ...(hint === undefined ? {} : { hint }),
        };
    }
    async sessions() {
        const profiles = await this.#parts.profiles.all();
        return Promise.all(profiles.map((profile) => this.#statusOf(profile)));
    }
    async session(name) {
        this.#parts.profiles.expire();
        return this.#statusOf(await this.#parts.profiles.profile(name));
    }
    async logIn(name, grant, conversation) {
        const { profiles, logins } = this.#parts;
        profiles.expire();
        const profile = await profiles.profile(name);
        await logins.logIn(profile, grant ?? profile.grant, conversation);
        return this.#statusOf(profile);
    }
    async logOut(name) {
        const { profiles, sessions, logout } = this.#parts;
        profiles.expire();
        const profile = await profiles.profile(name);
        return logout.logOut(profile, await sessions.runner(profile).catch(() => sessions.runnerOverDamaged(profile)));
    }
    /** Resolves when no token can leave and the key is gone from memory; what was being refreshed is saved first. */
    async lock() {
        const { logins, sessions, vault, events } = this.#parts;
        logins.cancelAll();
        this.#parts.credentials.forgetAll();
        this.#parts.approvals.forget();
        await sessions.close(locked());
        vault.lock();
        events.publish({ type: 'locked' });
        this.#parts.gate.happened('locked');
        return this.vaultStatus();
    }
    async unlock(passphrase) {
        const { sessions, vault, events } = this.#parts;
        await vault.unlock(passphrase);
        sessions.open();
        events.publish({ type: 'unlocked' });
        this.#parts.gate.happened('unlocked');
        await sessions.loadAll();
        void this.#parts.secrets.watch();
        return this.vaultStatus();
    }
    async changeMasterKey(choice) {
        await this.#parts.vault.changeMasterKey(choice);
        return this.vaultStatus();
    }
    async setClientSecret(name, secret) {
        const { profiles, vault } = this.#parts;
        profiles.expire();
        const profile = await profiles.profile(name);
        await vault.prepare();
        await profiles.setClientSecret(profile.name, secret.reveal());
    }
    async removeClientSecret(name) {
        await this.#parts.profiles.removeClientSecret(name);
    }
    subscribe(subscriber) {
        const { events, about, clock } = this.#parts;
        subscriber({ type: 'hello', at: Math.floor(clock.now() / 1000), version: about.version });
        return events.subscribe(subscriber);
    }
    requestShutdown() {
        this.#parts.shutDown();
    }
    /** R12: while a login is under way, those who need its result are told so at once. */
    #explained(error) {
        const failure = asFailure(error);
        const { profile } = failure.details;
        if (failure.code === 'login_required' && profile !== undefined && this.#parts.logins.isPending(profile)) {
            return new Failure('login_pending', `a login for '${profile}' is under way`, { profile, retryAfter: 5 });
        }
        return failure;
    }
    async #statusOf(profile) {
        const { sessions, logins } = this.#parts;
        try {
            const runner = await sessions.runner(profile);
            await runner.reload();
            return sessionStatus(profile, runner.state, {
                nextWake: runner.wakeAt(profile.refresh === 'ahead'),
                endsAt: sessions.endsAt(profile.name),
                loginPending: logins.isPending(profile.name),
            });
        }
        catch (error) {
            return unreadableStatus(profile, error);
        }
    }
}
