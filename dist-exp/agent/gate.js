// The one place that every credential passes on its way out: the rules first, then the audit. Who asks is known as a visitor.
import { asFailure, Failure } from '../core/failures.js';
import { questionText, rule } from '../core/rules.js';
import { AuditFloods } from './audit-floods.js';
export class Gate {
    #ports;
    #floods;
    #trouble;
    constructor(ports) {
        this.#ports = ports;
        this.#floods = new AuditFloods(ports.clock, (entry) => void this.#append(entry).catch(() => { }));
    }
    /** Why the audit log cannot be written, as far as is known. */
    get trouble() {
        return this.#trouble;
    }
    /** The agent stops: what was counted is handed on to be written. */
    close() {
        this.#floods.close();
    }
    /** `name`: of a profile or a secret. Throws (rejects with) denied, approval_*. */
    check(asker, name, target) {
        const config = this.#ports.config();
        return config instanceof Promise
            ? config.then((config) => this.#check(config, asker, name, target))
            : this.#check(config, asker, name, target);
    }
    #check({ rules }, asker, name, target) {
        if (rules.length === 0)
            return;
        const question = { profile: name, target, visitor: asker.visitor };
        const ruling = rule(rules, question);
        if (ruling.verdict === 'allow')
            return;
        if (ruling.verdict === 'ask')
            return this.#ports.approve(question, ruling);
        throw new Failure('denied', `rule ${(ruling.index ?? 0) + 1} denies it: ${questionText(question)}`);
    }
    /** Before it leaves. Where the user set `audit = "required"`, it leaves only when this has resolved. */
    issued(asker, what) {
        return this.#note({ at: this.#now(), event: 'issued', ...this.#who(asker), ...what });
    }
    /** Never fails: what was refused is refused whether it can be written or not. */
    refused(asker, name, target, error) {
        const { code, message } = asFailure(error);
        const entry = {
            at: this.#now(),
            event: 'refused',
            ...this.#who(asker),
            target,
            code,
            reason: message,
            ...(name === undefined ? {} : { profile: name }),
        };
        const noted = this.#note(entry);
        if (noted instanceof Promise)
            noted.catch(() => { });
    }
    /** What happened to a session or the vault. */
    happened(event, name) {
        const isShare = event === 'shared' || event === 'unshared';
        const named = name === undefined ? {} : isShare ? { door: { kind: 'share', share: name } } : { profile: name };
        const noted = this.#note({ at: this.#now(), event, ...named });
        if (noted instanceof Promise)
            noted.catch(() => { });
    }
    #note(entry) {
        const config = this.#ports.config();
        return config instanceof Promise ? config.then((config) => this.#write(config, entry)) : this.#write(config, entry);
    }
    #write({ audit }, entry) {
        if (audit === 'off')
            return;
        const { door, event, caller } = entry;
        const isRequired = audit === 'required' && event === 'issued';
        if (event === 'issued' || event === 'refused') {
            const share = door?.kind === 'share' ? door.share : undefined;
            if (isRequired && share !== undefined && !this.#floods.hasRoom(share))
                throw tooManyLines(share);
            if (!isRequired && !this.#floods.passes(share ?? `process ${caller?.pid} ${caller?.executable}`, entry))
                return;
        }
        const written = this.#append(entry);
        if (!isRequired)
            return void written.catch(() => { });
        return written.catch((error) => {
            throw new Failure('storage_failed', `${asFailure(error).message}, and config.toml says that nothing leaves without it`, {
                hint: 'free some disk space or mend its permissions, or set audit = "on"',
                cause: error,
            });
        });
    }
    /** Fails with storage_failed, which is told once. */
    async #append(entry) {
        try {
            await this.#ports.append(entry);
            this.#trouble = undefined;
        }
        catch (error) {
            const text = asFailure(error).message;
            if (this.#trouble === undefined)
                this.#ports.events.publish({ type: 'warning', text });
            this.#trouble = text;
            throw error;
        }
    }
    #who({ visitor, request }) {
        return { caller: visitor.caller, door: visitor.door, request };
    }
    #now() {
        return this.#ports.clock.now();
    }
}
const tooManyLines = (share) => new Failure('too_many_requests', `each token is written to the audit log, and the share '${share}' has asked for too many`, {
    retryAfter: 1,
});
