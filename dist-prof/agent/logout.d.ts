import type { Clock, ConnectAuthorizationServer, RecordStore } from '../core/ports.ts';
import type { Profile } from '../core/profile.ts';
import { type Redacted } from '../core/redacted.ts';
import type { EpochMs, LoginReason } from '../core/session.ts';
import type { LogoutAnswer } from '../wire/messages.ts';
import type { EventHub } from './events.ts';
import type { LiveSessionRunner } from './live-session.ts';
interface LogoutPorts {
    readonly clock: Clock;
    readonly records: RecordStore;
    readonly connect: ConnectAuthorizationServer;
    readonly clientSecret: (profile: string) => Promise<Redacted<string> | undefined>;
    readonly events: EventHub;
}
export declare class Logout {
    #private;
    constructor(ports: LogoutPorts);
    /** Deletes the session of a profile; resolves when that is durable and the revocation has been tried once. */
    logOut(profile: Profile, runner: LiveSessionRunner): Promise<LogoutAnswer>;
    /** The same where it is not the user's wish but his limit (L7). False: somebody has logged in anew meanwhile. */
    end(profile: Profile, runner: LiveSessionRunner, loggedInAt: EpochMs, reason: LoginReason): Promise<boolean>;
    /** Takes up the revocations that were left from before. */
    resume(): Promise<void>;
    stop(): void;
}
export {};
