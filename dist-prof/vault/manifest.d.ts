import { type Disk } from './disk.ts';
export type ProviderName = 'keychain' | 'passphrase' | 'key-file' | 'descriptor' | 'systemd-credential' | 'insecure-key-file';
export interface KeyPlace {
    readonly key_id: string;
    readonly provider: ProviderName;
    /** Of key-file and systemd-credential: where the user keeps it. Of passphrase and insecure-key-file: the file in the vault. */
    readonly path?: string;
    /** While records are being sealed anew: this older key, sealed with the current one (base64), so that the current one is enough to go on. */
    readonly wrapped?: string;
}
export interface Manifest {
    readonly format: 1;
    readonly vault_id: string;
    /** The key that new files are sealed with. */
    readonly current: string;
    /** More than one while records are being sealed anew. */
    readonly keys: readonly KeyPlace[];
}
export declare function readManifest(folder: string, disk: Disk): Promise<Manifest | undefined>;
/** Durable when it resolves. Fails with storage_failed. */
export declare function writeManifest(folder: string, disk: Disk, manifest: Manifest): Promise<void>;
/** The first of several agents that create a vault at once wins; the others see its manifest. Gives whether it was this one. */
export declare function createManifest(folder: string, disk: Disk, manifest: Manifest): Promise<boolean>;
