import type { Redacted } from './redacted.ts';
import type { EpochMs } from './session.ts';
export interface AwsRole {
    readonly roleArn: string;
    /** Shown in AWS's own logs. */
    readonly sessionName?: string;
    /** Seconds. */
    readonly duration?: number;
    readonly region?: string;
    /** In place of Amazon's. */
    readonly endpoint?: string;
}
export interface AwsCredentials {
    readonly accessKeyId: string;
    readonly secretAccessKey: Redacted<string>;
    readonly sessionToken?: Redacted<string>;
    readonly expiresAt?: EpochMs;
}
