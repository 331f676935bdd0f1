import type { RecordStore } from '../core/ports.ts';
import type { SessionRecord } from '../core/session.ts';
import type { SeenGenerations } from '../vault/seen.ts';
export declare class SessionStore {
    #private;
    constructor(records: RecordStore, warn: (text: string) => void, seen?: Pick<SeenGenerations, 'isOutdated' | 'note'>);
    static lockId(profile: string): string;
    /** Fails with vault_locked, keychain_*, record_damaged. */
    load(profile: string): Promise<SessionRecord | undefined>;
    /** As `load`, and what it gives is durable. */
    loadDurable(profile: string): Promise<SessionRecord | undefined>;
    /** Durable when it resolves. */
    save(record: SessionRecord): Promise<void>;
    remove(profile: string): Promise<void>;
    /** What a new record of the profile must exceed. */
    latestGeneration(profile: string, now: number): Promise<number>;
}
/** The generation that a new record must exceed. A damaged record's is unknown: no counter has reached the clock. */
export declare function latestGeneration(records: RecordStore, id: string, now: number): Promise<number>;
