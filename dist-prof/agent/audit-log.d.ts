import { type AuditEntry } from '../core/audit.ts';
export interface AuditOptions {
    readonly path: string;
    /** Bytes after which the next file is begun. */
    readonly largest?: number;
    /** Files kept, without the current one. */
    readonly kept?: number;
    /** Among all who write there; gives what ends it. */
    readonly lock?: () => Promise<() => Promise<void>>;
}
export declare class AuditLog {
    #private;
    constructor({ path, largest, kept, lock }: AuditOptions);
    /** The hash of the last line. */
    get head(): string;
    /** Resolves when it is written (not synced). Fails with storage_failed. */
    append(entry: AuditEntry): Promise<void>;
    /** Resolves when all is written. */
    close(): Promise<void>;
}
