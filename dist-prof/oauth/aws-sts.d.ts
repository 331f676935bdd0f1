import type { AwsCredentials, AwsRole } from '../core/aws.ts';
import { type Redacted } from '../core/redacted.ts';
/** Fails with server_*, insecure_url. */
export declare function assumeRole(role: AwsRole, token: Redacted<string>, options: {
    readonly now: () => number;
    readonly signal: AbortSignal;
}): Promise<AwsCredentials>;
