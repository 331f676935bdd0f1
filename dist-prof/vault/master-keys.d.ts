import type { Redacted } from '../core/redacted.ts';
import { type Disk } from './disk.ts';
import type { KeyPlace, Manifest } from './manifest.ts';
export type MasterKeyChoice = {
    readonly provider: 'keychain';
} | {
    readonly provider: 'passphrase';
    readonly passphrase: Redacted<string>;
} | {
    readonly provider: 'key-file';
    readonly path: string;
} | {
    readonly provider: 'descriptor';
    readonly fd: number;
} | {
    readonly provider: 'systemd-credential';
    readonly path: string;
} | {
    readonly provider: 'insecure-key-file';
};
export interface PlacedKey {
    readonly key: Buffer;
    readonly place: KeyPlace;
}
export declare class MasterKeys {
    #private;
    /** `named`: what the user named for this run of the agent. */
    constructor(folder: string, disk: Disk, named: MasterKeyChoice | undefined);
    /** A new key in its place, read back before anything is sealed with it. */
    make(choice: MasterKeyChoice, vaultId: string): Promise<PlacedKey>;
    /** The key of a place, without the user. Fails with vault_locked, keychain_*, master_key_*. */
    fetch(place: KeyPlace, manifest: Manifest): Promise<Buffer>;
    /** The key of a passphrase's place; undefined where the passphrase is wrong. */
    fetchByPassphrase(place: KeyPlace, passphrase: Redacted<string>): Promise<Buffer | undefined>;
    /** Lets go of a key that nothing is sealed with any more. What the user named is the user's to remove. */
    discard(place: KeyPlace, { vault_id: vaultId }: Manifest): Promise<void>;
}
/** An older key beside the current one, which alone opens it: what a crash interrupted needs no second provider to go on. */
export declare const wrapKey: (current: Uint8Array, place: KeyPlace, key: Uint8Array) => KeyPlace;
export declare function unwrapKey(current: Uint8Array, place: KeyPlace): Buffer | undefined;
