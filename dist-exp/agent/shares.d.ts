import type { Clock } from '../core/ports.ts';
import type { Share } from '../core/share.ts';
import type { ShareRequest, ShareStatus } from '../wire/messages.ts';
interface Listener {
    readonly port: number;
    readonly close: () => Promise<void>;
}
export interface SharesPorts {
    readonly clock: Clock;
    /** Where they are written down. */
    readonly file: string;
    /** The folder above theirs: 0700. */
    readonly folder: string;
    /** Listens at a path for whoever the folder lets through; gives what ends it. */
    readonly listen: (path: string, share: () => Share) => Promise<() => Promise<void>>;
    /** Listens on 127.0.0.1 for whoever has the share's secret; 0: at any port. Rejects where the port is taken. */
    readonly listenOnTcp: (port: number, share: () => Share) => Promise<Listener>;
    readonly onWarning: (text: string) => void;
}
export declare class Shares {
    #private;
    constructor(ports: SharesPorts);
    /** Listens again for those that were there. One that cannot be had harms no other. */
    resume(): Promise<void>;
    list(): readonly ShareStatus[];
    /** Throws not_found. */
    get(name: string): ShareStatus;
    /** One of that name gets new bounds, and stays where it is. Fails with bad_request, storage_failed. */
    make(name: string, request: ShareRequest): Promise<ShareStatus>;
    /** Fails with not_found. */
    remove(name: string): Promise<void>;
    close(): Promise<void>;
}
export {};
