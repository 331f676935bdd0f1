import { type Place } from './place.ts';
import { type Redacted } from './redacted.ts';
import type { EpochMs } from './session.ts';
export interface StaticSecret {
    readonly name: string;
    readonly value: Redacted<string>;
    /** Where it may be used without a route. */
    readonly url?: string;
    readonly username?: string;
    readonly createdAt: EpochMs;
    readonly expiresAt?: EpochMs;
    /** `tool`: stored by git, docker and the like, which may also have it removed. */
    readonly origin: 'user' | 'tool';
}
export declare const placeOfSecret: ({ url, username }: StaticSecret) => Place | undefined;
export declare const isExpired: ({ expiresAt }: StaticSecret, now: EpochMs) => boolean;
/** What the secret looks like, for display; undefined where nothing is known of it. */
export declare const kindOfSecret: (value: string) => string | undefined;
export declare function encodeSecret(secret: StaticSecret): Uint8Array;
/** Throws record_damaged. */
export declare function decodeSecret(content: Uint8Array, name: string): StaticSecret;
/** A name for what a tool stores: the host, the port and the user, and a number where that is taken by another place. */
export declare function nameOfSecret(place: Place, isTaken: (name: string) => boolean): string;
