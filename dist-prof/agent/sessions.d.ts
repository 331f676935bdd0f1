import { type Failure } from '../core/failures.ts';
import type { Clock, SessionLock } from '../core/ports.ts';
import type { Profile } from '../core/profile.ts';
import type { AccessToken, EpochMs, LoginReason, SessionRecord, Target } from '../core/session.ts';
import type { EventHub } from './events.ts';
import { LiveSessionRunner } from './live-session.ts';
import type { LoginEnd } from './notifier.ts';
import type { Profiles } from './profiles.ts';
import type { SessionStore } from './session-store.ts';
interface SessionsPorts {
    readonly clock: Clock;
    readonly store: SessionStore;
    readonly lock: SessionLock;
    readonly profiles: Profiles;
    readonly events: EventHub;
    readonly atFault?: (place: string) => void;
    /** Makes a session where that needs no user (client credentials). */
    readonly logInUnattended: (profile: Profile) => Promise<void>;
    /** Ends the session of a login that has reached its limits; false: there is a new one. */
    readonly end: (profile: Profile, runner: LiveSessionRunner, loggedInAt: EpochMs, reason: LoginReason) => Promise<boolean>;
}
export interface Issued {
    readonly profile: string;
    readonly token: AccessToken;
}
export declare class Sessions {
    #private;
    constructor(ports: SessionsPorts);
    /** A token for a caller. Synchronous when it is cached and nothing has to be looked up. `minTtl` in seconds. Throws a Failure. */
    token(name: string | undefined, target: Target, minTtl: number | undefined): Issued | Promise<Issued>;
    /** A server has refused this access token: it is served no more where another can be had. Whether it was a session's. */
    refused(value: string): boolean;
    /** When the logins of what is loaded end, where that is known and use does not put it off. */
    loginEnds(): Iterable<LoginEnd>;
    /** By the user's limits, or because the server's refresh token ends; undefined: nobody knows. */
    endsAt(name: string): EpochMs | undefined;
    /** Whether it is an access token of a session. Fails with vault_locked, keychain_*. */
    holds(value: string): Promise<boolean>;
    /** The live session of a profile, loaded from the vault if need be. Fails with vault_locked, keychain_*, record_damaged. */
    runner(profile: Profile): Promise<LiveSessionRunner>;
    /** For a login over a record that cannot be read: the new one takes its place. */
    runnerOverDamaged(profile: Profile): LiveSessionRunner;
    /** What is loaded, without loading anything. */
    loaded(name: string): LiveSessionRunner | undefined;
    /** Loads what the vault holds for the profiles there are, so that what is due is done. A damaged record harms no other. */
    loadAll(): Promise<void>;
    /** No token leaves from now on; what is under way is finished and saved, then all is forgotten. */
    close(reason: Failure): Promise<void>;
    /** Cuts short what hangs. */
    interrupt(): void;
    open(): void;
}
export declare const defaultTarget: ({ resource, audience }: Profile) => Target;
/** P5: a session belongs to the server and client it was made with; a profile that points elsewhere needs a login there. */
export declare function changedProfile(profile: Profile, record: SessionRecord): Failure | undefined;
export {};
