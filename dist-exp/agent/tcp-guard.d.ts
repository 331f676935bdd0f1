import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Failure } from '../core/failures.ts';
import type { ShareTcp } from '../core/share.ts';
export interface TcpGuardPorts {
    readonly now: () => number;
    /** As it is now; undefined: it does not listen any more. */
    readonly tcp: () => ShareTcp | undefined;
}
export declare class TcpGuard {
    #private;
    constructor(ports: TcpGuardPorts);
    connected(socket: Socket): void;
    /** Throws peer_denied, unauthorized, too_many_requests. */
    check(request: IncomingMessage): void;
    /** What is to be written down of a refusal; undefined where enough is written already. */
    note(failure: Failure): Failure | undefined;
}
