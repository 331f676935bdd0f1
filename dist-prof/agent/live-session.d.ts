import { Failure } from '../core/failures.ts';
import type { AuthorizationServer, Clock, SessionLock } from '../core/ports.ts';
import type { AccessToken, EpochMs, LiveSession, LoginReason, SessionRecord, Target } from '../core/session.ts';
import type { Notice } from '../core/steps.ts';
import { SessionStore } from './session-store.ts';
export interface SessionPorts {
    readonly clock: Clock;
    readonly store: SessionStore;
    readonly lock: SessionLock;
    /** The server of the profile as it is configured now; throws when that is not the record's (P5). */
    readonly server: (record: SessionRecord) => Promise<AuthorizationServer>;
    /** ms of the server's known grace period, as the profile has it now (R4). */
    readonly replayGrace: () => number;
    readonly notify: (notice: Notice) => void;
    /** The state, and with it the next wake, has changed. */
    readonly changed: () => void;
    /** Told before and after each effect; tests kill the agent there. */
    readonly atFault?: (place: string) => void;
}
export declare class LiveSessionRunner {
    #private;
    readonly profile: string;
    constructor(profile: string, record: SessionRecord | undefined, ports: SessionPorts);
    get state(): LiveSession;
    get isBusy(): boolean;
    /** A token for the target, from the cache or by one refresh shared by all who ask (R1). `minTtl` in ms. Throws a Failure. */
    token(wanted: Target, minTtl: number | undefined): AccessToken | Promise<AccessToken>;
    /** A server has refused this access token. Whether it was one of this session's. */
    refused(value: string): boolean;
    /** Another agent over the same home may have logged in since: looks at the store before a caller is told to. */
    reload(): Promise<void>;
    /** When the session next needs `wake`, by the wall clock. */
    wakeAt(refreshesAhead: boolean): EpochMs | undefined;
    /** Does what is due: a refresh ahead of expiry, a retry, or saving what could not be saved. */
    wake(): void;
    /** Replaces the session by a new login's. Durable when it resolves; callers who waited are answered from it. */
    replace(record: Omit<SessionRecord, 'generation'>): Promise<SessionRecord>;
    /** Deletes the session; `before` runs while it is still there, under the lock. */
    remove(before: (record: SessionRecord | undefined) => Promise<void>): Promise<void>;
    /** Deletes the session of one login, which is over, unless somebody has logged in anew: then it resolves to false. */
    end(loggedInAt: EpochMs, reason: LoginReason, before: (record: SessionRecord | undefined) => Promise<void>): Promise<boolean>;
    /** Stops what is under way and resolves when nothing is. What was rotated is saved first. */
    stop(): Promise<void>;
    /** Ends a request that hangs; its outcome is then ambiguous. */
    interrupt(): void;
    /** Everybody who waits gets this. */
    dismiss(failure: Failure): void;
}
