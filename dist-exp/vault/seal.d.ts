export declare const masterKeyLength = 32;
/** Names a master key without telling it; hex. */
export declare const keyId: (masterKey: Uint8Array) => string;
export interface Header {
    readonly keyId: string;
    readonly generation: number;
}
/** Undefined where the bytes are no sealed file. Nothing of it is authenticated before `unseal`. */
export declare function readHeader(file: Buffer): Header | undefined;
export declare function seal(masterKey: Uint8Array, id: string, generation: number, content: Uint8Array): Buffer;
/** Undefined where the file was changed, cut, or belongs to another record or key. */
export declare function unseal(masterKey: Uint8Array, id: string, file: Buffer): Buffer | undefined;
