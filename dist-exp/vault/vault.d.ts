import type { Clock, RecordStore, SealedContent, SessionLock } from '../core/ports.ts';
import type { Redacted } from '../core/redacted.ts';
import { type Disk } from './disk.ts';
import { type ProviderName } from './manifest.ts';
import { type MasterKeyChoice } from './master-keys.ts';
export type { MasterKeyChoice } from './master-keys.ts';
export interface VaultOptions {
    /** The vault's folder. */
    readonly directory: string;
    readonly clock: Clock;
    /** Held around each record that is sealed anew, so that no agent writes it meanwhile. */
    readonly lock: SessionLock;
    /** Named by the user for this run: the key of a new vault, and the way to one whose manifest says the same provider. */
    readonly named?: MasterKeyChoice;
    readonly onWarning: (text: string) => void;
    readonly disk?: Disk;
}
export interface VaultView {
    readonly state: 'new' | 'open' | 'locked' | 'absent' | 'unreachable';
    readonly masterKey?: ProviderName;
    readonly detail?: string;
    readonly hint?: string;
}
export declare class Vault implements RecordStore {
    #private;
    constructor(options: VaultOptions);
    /** As last seen; asks nobody. */
    status(): VaultView;
    /** Opens it without the user; a vault that is not there yet stays away. Fails with vault_locked, keychain_*, master_key_*. */
    open(): Promise<void>;
    /** R11: opens it, makes it where it is not there yet, and proves that key and disk can be written. */
    prepare(): Promise<void>;
    /** After `lock`, and for a vault with a passphrase. Fails with master_key_wrong, unlock_throttled, vault_locked, keychain_*. */
    unlock(passphrase?: Redacted<string>): Promise<void>;
    /** Overwrites the keys in memory; nothing opens the vault again but `unlock`. */
    lock(): void;
    close(): void;
    /** Seals every record anew under a key of another provider. A crash at any point loses nothing: the next opening goes on. */
    changeMasterKey(choice: MasterKeyChoice): Promise<void>;
    read(id: string): Promise<SealedContent | undefined>;
    write(id: string, generation: number, content: Uint8Array): Promise<void>;
    remove(id: string): Promise<void>;
    list(): Promise<readonly string[]>;
    sync(): Promise<void>;
    probe(): Promise<void>;
}
