import type { AuthorizationServer, ConnectAuthorizationServer, RecordStore } from '../core/ports.ts';
import type { Profile } from '../core/profile.ts';
import { type Redacted } from '../core/redacted.ts';
import type { Config, ConfigFile } from '../config/config.ts';
export declare class Profiles {
    #private;
    constructor(file: Pick<ConfigFile, 'path' | 'read'>, records: RecordStore, connect: ConnectAuthorizationServer, now: () => number);
    get path(): string;
    /** The profile if it is known without looking at the disk: the way of nearly every request. */
    known(name: string | undefined): Profile | undefined;
    /** Synchronous where the file was looked at just now. Throws (rejects with) config_invalid. */
    configNow(): Config | Promise<Config>;
    /** Throws unknown_profile, profile_required, config_invalid. */
    profile(name: string | undefined): Promise<Profile>;
    /** As the file has it now. Throws config_invalid. */
    config(): Promise<Config>;
    all(): Promise<readonly Profile[]>;
    /** Forgets what was read: the next question looks at the disk. */
    expire(): void;
    server(profile: Profile): AuthorizationServer;
    /** Kept in the vault; no request gives it back (L2). */
    setClientSecret(profile: string, secret: string): Promise<void>;
    removeClientSecret(profile: string): Promise<void>;
    /** For the agent alone. */
    clientSecret(profile: string): Promise<Redacted<string> | undefined>;
}
