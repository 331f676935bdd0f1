import type { Disk } from './disk.ts';
/** Undefined where there is no such file. Fails with master_key_unavailable. */
export declare function readKeyFile(path: string): Promise<Buffer | undefined>;
export declare function createKeyFile(path: string, disk: Disk): Promise<Buffer>;
/** Reads a descriptor to its end, once, and closes it. */
export declare function readDescriptor(fd: number): Buffer;
