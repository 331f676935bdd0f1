import { type IncomingHttpHeaders } from 'node:http';
import { Failure } from '../../core/failures.ts';
export interface Asked {
    readonly method: string;
    readonly path: string;
    readonly query: URLSearchParams;
    readonly headers: IncomingHttpHeaders;
    readonly body: string;
}
export interface Reply {
    readonly status: number;
    /** An object is sent as JSON, a text as text. */
    readonly body: object | string;
    readonly headers?: Readonly<Record<string, string>>;
}
export interface Service {
    /** What a program needs in its environment to find it. */
    variables(origin: string): Readonly<Record<string, string>>;
    /** Throws a Failure. */
    answer(asked: Asked): Promise<Reply>;
    /** In the form that the callers read. */
    fail(failure: Failure): Reply;
    /** Where the protocol has no secret: whether the process at that port of this machine may ask. */
    readonly isOwnPort?: (peer: number, own: number) => boolean;
}
export interface Listener {
    readonly port: number;
    readonly variables: Readonly<Record<string, string>>;
    close(): void;
}
/** Throws peer_denied. */
export declare function checkSecret(given: unknown, secret: string): void;
export declare const notFound: ({ method, path }: Asked) => Failure;
/** What went wrong, and what to do, on one line. */
export declare const textOf: ({ message, hint }: Failure) => string;
/** `port` 0: any. Throws bad_request where it is taken. */
export declare function listen(service: Service, port: number): Promise<Listener>;
