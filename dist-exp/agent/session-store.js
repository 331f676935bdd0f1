// Session records in the vault: what id each has, and the generation that the seal vouches for.
import { Failure } from '../core/failures.js';
import { decodeRecord, encodeRecord } from '../core/record.js';
const prefix = 'session.';
export class SessionStore {
    #records;
    #warn;
    #seen;
    constructor(records, warn, seen) {
        this.#records = records;
        this.#warn = warn;
        this.#seen = seen;
    }
    static lockId(profile) {
        return prefix + profile;
    }
    /** Fails with vault_locked, keychain_*, record_damaged. */
    async load(profile) {
        const sealed = await this.#records.read(prefix + profile);
        if (sealed === undefined)
            return undefined;
        const record = decodeRecord(sealed.content.reveal(), profile, sealed.generation);
        if (sealed.recovered !== undefined)
            this.#warn(`session '${profile}': ${sealed.recovered}`);
        else
            await this.#checkAge(record);
        return record;
    }
    /** R13. */
    async #checkAge(record) {
        const id = prefix + record.profile;
        if ((await this.#seen?.isOutdated(id, seenOf(record))) !== true)
            return;
        // Another agent may have written between the two looks.
        if ((await this.#records.read(id))?.generation !== record.generation)
            return;
        this.#warn(`session '${record.profile}' is older than it was: the vault was restored or copied. Its refresh token may have been used since, and the next refresh may end in a login`);
    }
    /** As `load`, and what it gives is durable. */
    async loadDurable(profile) {
        const record = await this.load(profile);
        // Another agent may have been killed between writing it and making it so, or be between the two.
        if (record !== undefined)
            await this.#records.sync();
        return record;
    }
    /** Durable when it resolves. */
    async save(record) {
        await this.#records.write(prefix + record.profile, record.generation, encodeRecord(record));
        this.#seen?.note(prefix + record.profile, seenOf(record));
    }
    async remove(profile) {
        await this.#records.remove(prefix + profile);
    }
    /** What a new record of the profile must exceed. */
    latestGeneration(profile, now) {
        return latestGeneration(this.#records, prefix + profile, now);
    }
}
const seenOf = ({ loggedInAt, generation }) => ({ login: loggedInAt, generation });
/** The generation that a new record must exceed. A damaged record's is unknown: no counter has reached the clock. */
export async function latestGeneration(records, id, now) {
    try {
        return (await records.read(id))?.generation ?? 0;
    }
    catch (error) {
        if (error instanceof Failure && error.code === 'record_damaged')
            return now;
        throw error;
    }
}
