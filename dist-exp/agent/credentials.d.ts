import type { AwsCredentials, AwsRole } from '../core/aws.ts';
import type { Clock } from '../core/ports.ts';
import { type Redacted } from '../core/redacted.ts';
import type { Target } from '../core/session.ts';
import type { HelperPorts } from '../helpers/ports.ts';
import type { EventHub } from './events.ts';
import type { Asker, Gate } from './gate.ts';
import type { Profiles } from './profiles.ts';
import type { Secrets } from './secrets.ts';
import type { Issued } from './sessions.ts';
export interface CredentialsPorts {
    readonly clock: Clock;
    readonly profiles: Profiles;
    readonly secrets: Secrets;
    readonly events: EventHub;
    /** R11: proves vault and keychain writable. */
    readonly prepareVault: () => Promise<void>;
    readonly gate: Gate;
    /** `minTtl` in seconds. */
    readonly token: (asker: Asker, profile: string | undefined, target: Target, minTtl: number | undefined) => Issued | Promise<Issued>;
    /** Whether it was one of a session's. */
    readonly refusedToken: (value: string) => boolean;
    /** Whether it is one of a session's. */
    readonly isToken: (value: string) => Promise<boolean>;
    readonly assumeRole: (role: AwsRole, token: Redacted<string>) => Promise<AwsCredentials>;
}
export declare class Credentials {
    #private;
    constructor(ports: CredentialsPorts);
    /** What one caller's helper may ask. */
    for(asker: Asker): HelperPorts;
    /** Nothing that was got with the vault open outlives its being locked. */
    forgetAll(): void;
}
