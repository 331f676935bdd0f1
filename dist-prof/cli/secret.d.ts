import type { Context } from './context.ts';
export interface SecretAddOptions {
    readonly url?: string;
    readonly username?: string;
    readonly expires?: string;
    readonly stdin?: boolean;
    readonly file?: string;
}
/** `what` is a name, or a URL that a name is made of. What is there keeps what is not said anew. */
export declare function secretAdd(context: Context, what: string, options: SecretAddOptions): Promise<void>;
export declare function secretList(context: Context): Promise<void>;
/** `authsock password`: what a tool would get, for scripts and pipes. */
export declare function password(context: Context, what: string): Promise<void>;
export declare function secretRemove(context: Context, name: string): Promise<void>;
/** `2027-01-31`, a full RFC 3339 time, or a span from now: `90d`, `12w`, `1y`. Seconds since the epoch. Throws bad_request. */
export declare function parseExpiry(text: string, now: number): number;
