import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
export interface RelayPorts {
    /** To the other end. */
    readonly pipe: Writable;
    /** A connection, half-open ends allowed; may throw. */
    readonly connect: () => Socket;
    /** A stream that came to nothing, or (undefined) one that has come about. */
    readonly onConnected: (error: unknown) => void;
}
export declare class RelayStreams {
    #private;
    constructor(ports: RelayPorts);
    get size(): number;
    /** Whoever reads the pipe waits for its `drain` then: the other end does not take what it is sent. */
    get isCrowded(): boolean;
    /** What came through the pipe. Throws bad_request where it is not a relay's. */
    receive(chunk: Buffer): void;
    close(): void;
}
