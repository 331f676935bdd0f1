import type { Redacted } from '../core/redacted.ts';
export declare function encryptKey(key: Uint8Array, passphrase: Redacted<string>): Promise<Uint8Array>;
/** Undefined where the passphrase is wrong (or the file damaged: the two look alike). */
export declare function decryptKey(file: Uint8Array, passphrase: Redacted<string>): Promise<Buffer | undefined>;
