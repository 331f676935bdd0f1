import { Failure } from '../core/failures.ts';
export interface Disk {
    /** Undefined where there is no such file. */
    read(path: string): Promise<Buffer | undefined>;
    /** Creates a file of mode 0600 that was not there, and makes its content durable. */
    create(path: string, content: Uint8Array): Promise<void>;
    /** A second name for a file; a durable copy where the file system has no links. */
    link(from: string, to: string): Promise<void>;
    rename(from: string, to: string): Promise<void>;
    /** Does nothing where there is no such file. */
    remove(path: string): Promise<void>;
    /** Makes names durable that were created, renamed or removed in a folder. */
    syncFolder(path: string): Promise<void>;
    list(path: string): Promise<readonly string[]>;
    /** Creates a folder of mode 0700, or checks that it is ours and closes it to others. */
    makeFolder(path: string): Promise<void>;
    /** Milliseconds since the epoch; undefined where there is no such file. */
    modifiedAt(path: string): Promise<number | undefined>;
}
export declare const realDisk: Disk;
/** Whatever a disk throws, as storage_failed; a Failure stays what it is. */
export declare function diskFailure(error: unknown, what: string): Failure;
