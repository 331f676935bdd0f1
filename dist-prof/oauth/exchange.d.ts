import { type Redacted } from '../core/redacted.ts';
export interface ExchangeOptions {
    /** PEM, trusted beside the system's. */
    readonly ca: string | undefined;
    readonly signal: AbortSignal;
    /** ms for a whole exchange. */
    readonly patience: number;
    /** Milliseconds since the epoch. */
    readonly now: () => number;
}
type FetchOptions = {
    readonly method?: string;
    readonly headers?: ConstructorParameters<typeof Headers>[0];
    readonly body?: unknown;
    readonly signal?: AbortSignal | null;
};
/** What became of the last request. */
export interface Trace {
    /** Something of the request may have reached the server. */
    sent: boolean;
    host: string;
    status: number | undefined;
    /** The `error` of an OAuth error answer. */
    oauthError: string | undefined;
    oauthErrorDescription: string | undefined;
    /** Seconds. */
    retryAfter: number | undefined;
    /** What went wrong with the connection, if something did. */
    trouble: NodeJS.ErrnoException | undefined;
}
/** What a token answer says beyond what openid-client tells of it. It outlives the request for keys that may follow. */
export interface TokenAnswer {
    readonly receivedAt: number;
    readonly tokenType: string;
    /** `refresh_token_expires_in` and the names that others give it; seconds. */
    readonly refreshTokenExpiresIn: number | undefined;
    readonly idToken: Redacted<string> | undefined;
}
/** Answers of these are brought into the form that their RFC gives them. */
interface KnownEndpoints {
    readonly token?: string | undefined;
    readonly device?: string | undefined;
}
export declare class Exchange {
    #private;
    trace: Trace;
    /** Set once tokens have come. */
    answer: TokenAnswer | undefined;
    /** `dropIdToken` keeps the ID token from openid-client. */
    constructor(options: ExchangeOptions, endpoints?: KnownEndpoints, dropIdToken?: boolean);
    /** As fetch, for openid-client. */
    readonly fetch: (target: string, options: FetchOptions) => Promise<Response>;
}
export declare const isLoopback: (url: URL) => boolean;
export {};
