import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
export interface ConnectionsPorts {
    /** ms for a request to arrive whole. */
    readonly arrival: number;
    /** ms for which one may be kept without any. */
    readonly idle: number;
    readonly isLate: (socket: Socket) => void;
}
export declare class Connections {
    #private;
    constructor(ports: ConnectionsPorts);
    add(socket: Socket): void;
    /** A request's header is there. False: its sender does not read what it asks for. */
    began(request: IncomingMessage, response: ServerResponse): boolean;
    upgraded(socket: Socket): void;
    /** Resolves when none is left. */
    closed(): Promise<void>;
}
