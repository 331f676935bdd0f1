import { type IncomingMessage } from 'node:http';
import { type TcpPlace } from './place.ts';
export interface Exchange {
    readonly status: number;
    readonly text: string;
    readonly bytes: Buffer;
    readonly headers: IncomingMessage['headers'];
}
export interface Call {
    readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
    readonly path: string;
    /** Sent as JSON. */
    readonly body?: unknown;
    /** Sent as it is. */
    readonly content?: {
        readonly type: string;
        readonly body: Buffer;
    };
    readonly accept?: string;
    readonly signal?: AbortSignal | undefined;
}
export declare const isNobodyThere: (error: unknown) => boolean;
/** What Node connects to: the socket itself, or the pipe that the file names. Throws agent_unreachable, agent_untrusted. */
export declare function address(path: string): string;
export declare class Transport {
    #private;
    constructor(where: string | TcpPlace);
    get path(): string;
    /** The answer, whatever its status but an error's. Throws the Failure that the agent sent, or agent_unreachable, agent_untrusted. */
    call(call: Call): Promise<Exchange>;
    close(): void;
}
export declare function connectionFailure(error: NodeJS.ErrnoException, path: string): Error;
/** Undefined where it is not JSON. */
export declare function parse(text: string): unknown;
