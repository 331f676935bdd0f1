// Credentials of an AWS role, for which a token is exchanged (cloud/aws-sts.ts).

import type { Redacted } from '../redacted.ts'
import type { EpochMs } from '../session/session.ts'

export interface AwsRole {
  readonly roleArn: string
  /** Shown in AWS CloudTrail. */
  readonly sessionName?: string
  /** Seconds. */
  readonly duration?: number
  readonly region?: string
  /** Instead of Amazon's endpoint of the region. */
  readonly endpoint?: string
}

export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: Redacted<string>
  readonly sessionToken?: Redacted<string>
  readonly expiresAt?: EpochMs
}
