import type { KeyPlace, Manifest } from './manifest.ts';
import type { Foreign, Keys } from './sealed-files.ts';
export interface OpenVault {
    readonly manifest: Manifest;
    readonly keys: KeyRing;
}
export declare class KeyRing implements Keys {
    #private;
    constructor(keys: Map<string, Buffer>, current: string);
    /** The current key, and what it opens of the older ones: without those, only what is still sealed with them stays shut. */
    static of(manifest: Manifest, current: Buffer): KeyRing;
    get current(): Buffer;
    get(keyId: string): Buffer | undefined;
    /** Every byte of every key is overwritten. */
    wipe(): void;
}
/** Whether a file under an unknown key can be anybody's: not where every key that the vault lists is in hand. */
export declare const foreign: ({ manifest, keys }: OpenVault) => Foreign;
export declare const currentPlace: ({ keys, current }: Manifest) => KeyPlace;
