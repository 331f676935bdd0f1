// What the agent remembers over all calls of helpers: roles' credentials, what was issued, and who reports refusals how often.

import type { EpochMs } from '../../core/session/session.ts'
import { TokenBucket } from '../../core/util/token-bucket.ts'
import { CloudRoles } from './cloud-roles.ts'
import { IssuedTokens } from './issued-tokens.ts'
import { RefusalGuard } from './refusal-guard.ts'

/** Reports of refused tokens by one share: so many, and then one every ten minutes. */
const refusalBurst = 3
const refusalsPerSecond = 1 / 600

export class CredentialMemory {
  readonly roles = new CloudRoles()
  readonly issued = new IssuedTokens()
  readonly refusalGuard = new RefusalGuard()
  readonly #refusals = new Map<string, TokenBucket>()

  /** Whether a client of this share may report a refused token now: each report may cost a refresh. */
  mayReportRefusal(share: string, now: EpochMs): boolean {
    const bucket = this.#refusals.get(share) ?? new TokenBucket(refusalBurst, refusalsPerSecond, now)
    this.#refusals.set(share, bucket)
    return bucket.take(now)
  }
}
