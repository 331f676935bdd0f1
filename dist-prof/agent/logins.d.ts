import type { Clock, LoginProgress } from '../core/ports.ts';
import type { Grant, Profile } from '../core/profile.ts';
import type { SessionRecord } from '../core/session.ts';
import type { EventHub } from './events.ts';
import type { Profiles } from './profiles.ts';
import { type Sessions } from './sessions.ts';
interface LoginsPorts {
    readonly clock: Clock;
    readonly profiles: Profiles;
    readonly sessions: () => Sessions;
    readonly events: EventHub;
    /** R11: proves vault and keychain writable. */
    readonly prepareVault: () => Promise<void>;
}
export interface LoginConversation {
    readonly onProgress: (progress: LoginProgress) => void;
    readonly onPaste?: (accept: (url: string) => void) => void;
    readonly signal: AbortSignal;
}
export declare class Logins {
    #private;
    constructor(ports: LoginsPorts);
    isPending(profile: string): boolean;
    /** Logs in and stores the session before it says so (R2). Throws a Failure; a login that fails changes nothing. */
    logIn(profile: Profile, grant: Grant, conversation: LoginConversation): Promise<SessionRecord>;
    /** Ends every login under way: the agent stops or locks. */
    cancelAll(): void;
}
/** A name for people. */
export declare function userOf({ identity }: SessionRecord): {
    readonly user?: string;
};
export {};
