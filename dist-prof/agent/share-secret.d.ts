export declare const secretFile: (folder: string) => string;
/** The hash of the one that is there, if it is the one of this hash, else of a new one. Throws storage_failed. */
export declare function keepSecret(folder: string, hash: string | undefined): string;
export declare function dropSecret(folder: string): void;
