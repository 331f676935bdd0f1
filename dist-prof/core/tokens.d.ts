import { Failure } from './failures.ts';
import type { TokenResponse } from './ports.ts';
import type { AccessToken, EpochMs, LiveSession, LoginReason, SessionRecord, Target } from './session.ts';
export type Decision = {
    readonly kind: 'serve';
    readonly token: AccessToken;
    readonly refreshAhead: boolean;
}
/** A refresh has to be made, and none is under way. */
 | {
    readonly kind: 'refresh';
}
/** One is under way. */
 | {
    readonly kind: 'wait';
} | {
    readonly kind: 'fail';
    readonly failure: Failure;
};
export declare const findToken: (record: SessionRecord, target: Target) => AccessToken | undefined;
/** What counts under the lock: the store's word (another agent may have refreshed, or logged in), unless it has fallen behind (R10). */
export declare const latest: (held: SessionRecord, stored: SessionRecord) => SessionRecord;
export declare const loginRequired: (profile: string, reason: LoginReason) => Failure;
/** `minTtl` in milliseconds. */
export declare function decide(session: LiveSession, profile: string, target: Target, minTtl: number | undefined, now: EpochMs): Decision;
export declare const retryLater: (failure: Failure, at: EpochMs, now: EpochMs) => Failure;
/** Asking for all that the session has is asking for no scope in particular: both share one token and one refresh. */
export declare function canonicalTarget(record: SessionRecord, { scope, ...rest }: Target): Target;
/** The scope granted: the server's word, else what was asked for, else what the session has (RFC 6749 section 5.1, P14). */
export declare function accessToken(response: TokenResponse, target: Target, sessionScope: readonly string[]): AccessToken;
/** A resource server has refused this access token: it has expired, whatever its server said, and is served no more. */
export declare function withRefused(record: SessionRecord, value: string, now: EpochMs): SessionRecord;
/** Puts a token in the place of the one it replaces, and drops the others that have expired. */
export declare function withToken(tokens: readonly AccessToken[], fresh: AccessToken, now: EpochMs): readonly AccessToken[];
