import { type LookupFunction } from 'node:net';
type Environment = Readonly<Record<string, string | undefined>>;
export interface TcpPlace {
    /** As it was named. */
    readonly path: string;
    readonly host: string;
    readonly port: number;
    /** Of each request. Throws unauthorized. */
    headers(): Readonly<Record<string, string>>;
}
/** Undefined where it is the path of a socket. Throws bad_request, insecure_url. */
export declare function tcpPlace(named: string | undefined, env: Environment): TcpPlace | undefined;
/** For net.connect: whoever answers for a name on the internet is not who is meant. */
export declare const lookupNear: LookupFunction;
export {};
