import type { Socket } from 'node:net';
export interface Peer {
    readonly uid: number;
    readonly pid?: number;
    readonly gid?: number;
}
/** Undefined where the system does not say (always on Windows: see pipe.ts). */
export declare function peer(socket: Socket): Peer | undefined;
/** Whether the process at the other end is this user's own, or root's, who could read the agent's memory anyway. */
export declare function isOwnPeer(socket: Socket): boolean;
