import type { SealedContent } from '../core/ports.ts';
import { type Disk } from './disk.ts';
export interface Keys {
    readonly current: Uint8Array;
    /** By key id: the current one, and an older one while records are being sealed anew. */
    get(keyId: string): Uint8Array | undefined;
}
/** A file under a key that is not in hand: `refuse` where another agent may know the key, `damaged` where no key is missing. */
export type Foreign = 'refuse' | 'damaged';
export declare class SealedFiles {
    #private;
    constructor(folder: string, disk: Disk);
    /**
     * Fails with record_damaged, master_key_wrong, storage_failed. A newest file whose key is not in hand hides what is
     * before it: that is older, and its refresh token spent.
     */
    read(id: string, keys: Keys, foreign: Foreign): Promise<SealedContent | undefined>;
    /** Durable when it resolves. */
    write(id: string, generation: number, content: Uint8Array, keys: Keys, foreign: Foreign): Promise<void>;
    remove(id: string): Promise<void>;
    list(): Promise<readonly string[]>;
    /** Seals a record's files anew under the current key; generations and content stay. Files that cannot be opened stay as they are. */
    resealOne(id: string, keys: Keys): Promise<void>;
    /** The ids of the master keys that records are sealed with. */
    keysInUse(): Promise<ReadonlySet<string>>;
    /** Makes names durable that somebody was killed over, or could not make so. */
    sync(): Promise<void>;
    /** Proves that a record could be written now (R11). */
    probe(): Promise<void>;
    sweep(now: number): Promise<void>;
}
