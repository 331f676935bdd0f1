import type { Endpoints } from '../core/profile.ts';
interface Provider {
    /** Issuers that this row is about. */
    readonly issuer: RegExp;
    /** What brings a refresh token here, where it is not openid and offline_access. */
    readonly scopes?: readonly string[];
    /** For a server without metadata. */
    readonly endpoints?: Endpoints;
    readonly authorizationParameters?: Readonly<Record<string, string>>;
    /** Seconds for which a used refresh token is taken again; only where the vendor says so and nobody can set it otherwise. */
    readonly refreshGrace?: number;
}
export declare const providerOf: (issuer: string) => Provider | undefined;
export {};
