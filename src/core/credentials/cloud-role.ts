// What a token is exchanged for at AWS: helpers/ asks, oauth/ does it.

import type { Redacted } from '../redacted.ts'
import type { EpochMs } from '../session/session.ts'

export interface AwsRole {
  readonly roleArn: string
  /** Shown in AWS's own logs. */
  readonly sessionName?: string
  /** Seconds. */
  readonly duration?: number
  readonly region?: string
  /** In place of Amazon's. */
  readonly endpoint?: string
}

export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: Redacted<string>
  readonly sessionToken?: Redacted<string>
  readonly expiresAt?: EpochMs
}
