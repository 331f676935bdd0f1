import type { SessionLock } from '../core/ports.ts';
import type { Disk } from './disk.ts';
import { type KeyPlace, type Manifest } from './manifest.ts';
import { type MasterKeyChoice, type MasterKeys } from './master-keys.ts';
import type { Keys, SealedFiles } from './sealed-files.ts';
interface Ports {
    readonly directory: string;
    readonly disk: Disk;
    readonly files: SealedFiles;
    readonly lock: SessionLock;
    readonly masterKeys: MasterKeys;
    readonly warn: (text: string) => void;
}
/** Makes the new key and writes it down beside the old one: from here on, files are sealed with the new one. */
export declare function startRekey({ directory, disk, masterKeys, manifest: before, choice, keys, }: Ports & {
    readonly manifest: Manifest;
    readonly choice: MasterKeyChoice;
    readonly keys: Keys;
}): Promise<{
    readonly manifest: Manifest;
    readonly place: KeyPlace;
    readonly key: Buffer;
}>;
/** Seals what is left, forgets the old keys, and gives the manifest that remains. Records that cannot be opened keep their key. */
export declare function finishRekey(ports: Ports & {
    readonly manifest: Manifest;
    readonly keys: Keys;
}): Promise<Manifest>;
export {};
