import type { AwsRole } from './aws.ts';
import { Failure } from './failures.ts';
import type { EpochMs, Target } from './session.ts';
export interface Share {
    readonly name: string;
    /** At least one; the first is what a request gets that names none. */
    readonly profiles: readonly string[];
    /** Static secrets that helpers may give. */
    readonly secrets: readonly string[];
    /** The most that is given, and what a request gets that names none. Undefined: whatever the profile's session has. */
    readonly scope?: readonly string[];
    /** Fixed; a request may name it, or nothing. */
    readonly resource?: string;
    readonly audience?: string;
    readonly createdAt: EpochMs;
    readonly expiresAt: EpochMs;
    /** Where the socket does not cross: a port of 127.0.0.1 too. */
    readonly tcp?: ShareTcp;
}
export interface ShareTcp {
    /** The same as long as the share lives. */
    readonly port: number;
    /** SHA-256 of what each request has to bring, in hex. The secret itself is for those who can read the share's folder. */
    readonly secretHash: string;
}
export interface Bounded {
    readonly profile: string;
    readonly target: Target;
}
/** What a request by this share becomes. Throws share_expired, share_limited, which say what is allowed. */
export declare function bounded(share: Share, profile: string | undefined, target: Target, now: EpochMs): Bounded;
/** Throws share_expired, share_limited. */
export declare function boundedSecret(share: Share, name: string, now: EpochMs): void;
/** An ID token says who the user is, to whoever takes it, and knows no scope and no resource. Throws share_limited. */
export declare function boundedIdToken(share: Share): void;
/** The agent is on the machine's network, and whoever is behind a share need not be: it goes where it goes by itself. */
export declare function boundedRole(share: Share, { endpoint }: AwsRole): void;
/** Whatever else is asked of it. */
export declare const notShared: (share: Share) => Failure;
