import type { AccessToken, EpochMs, LiveSession, SessionRecord } from './session.ts';
/** Milliseconds left; Infinity where the server does not say. */
export declare const remaining: (token: AccessToken, now: EpochMs) => number;
/** The clock was set back: what was planned at `at` says nothing about now (R8). */
export declare const isFromTheFuture: (at: EpochMs, now: EpochMs) => boolean;
/** Late enough in a token's life that a caller who takes it should also start its replacement. */
export declare const isAging: (token: AccessToken, now: EpochMs) => boolean;
/**
 * How much life a caller may insist on. More than a fresh token has cannot be had, and asking again would only
 * spend refreshes: what a fresh token has, less a tenth, is the most. Without a wish: 30 seconds or a tenth.
 */
export declare const requiredLife: (token: AccessToken, minTtl: number | undefined) => number;
/** The token of the login, kept first: the one refreshed ahead and shown in the status. */
export declare const primaryToken: (record: SessionRecord) => AccessToken | undefined;
export declare const isRenewable: (record: SessionRecord) => boolean;
/** When a session's token is to be replaced ahead of its expiry (R7); jitter keeps many sessions apart. */
export declare function refreshDueAt(record: SessionRecord): EpochMs | undefined;
/** 1, 2, 4 ... seconds, at most five minutes, spread by up to a quarter. `attempts` counts from one. */
export declare function backOff(attempts: number, seed: string): number;
/** When a session next needs looking at, whether or not anybody asks. */
export declare function wakeAt(session: LiveSession, refreshesAhead: boolean, now: EpochMs): EpochMs | undefined;
/** Milliseconds for a timer; undefined where nothing is due at all. */
export declare const nextWake: (earliest: EpochMs | undefined, now: EpochMs) => number | undefined;
