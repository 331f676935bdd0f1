export declare class Keychain {
    #private;
    constructor(vaultId: string);
    /** Undefined where the keychain is open and has no such key: proved, since some answer the same when they are locked. */
    get(): Promise<Buffer | undefined>;
    /** Stores, and believes it only when it has been read back. */
    set(key: Uint8Array): Promise<void>;
    remove(): Promise<void>;
    /** That it can be written and read now (R11): a canary goes in and comes back. */
    prove(): Promise<void>;
}
