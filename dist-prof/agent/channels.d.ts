import type { Duplex } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import type { Agent } from './agent.ts';
export declare class Channels {
    #private;
    constructor(agent: Agent);
    /** Takes over a connection that asked for an upgrade. Throws (rejects with) a Failure before anything was answered. */
    accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
    close(): void;
}
/** `/v1/token?a=b` -> its path and its query. */
export declare function splitTarget(target: string): {
    readonly path: string;
    readonly query: string;
};
/** Throws bad_request. */
export declare function parseJson(text: string): unknown;
