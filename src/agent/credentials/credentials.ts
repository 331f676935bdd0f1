// Credentials for helpers: what the agent remembers over all their calls, and the port that one call is given.

import type { AwsCredentials, AwsRole } from '../../core/credentials/cloud-role.ts'
import type { Clock } from '../../core/ports.ts'
import type { Redacted } from '../../core/redacted.ts'
import type { EpochMs } from '../../core/session/session.ts'
import { TokenBucket } from '../../core/util/token-bucket.ts'
import type { HelperPorts } from '../../helpers/ports.ts'
import type { Issuer } from '../access/issuer.ts'
import type { RequestContext } from '../access/request-context.ts'
import type { EventHub } from '../events.ts'
import type { Profiles } from '../sessions/profiles.ts'
import { CloudRoles } from './cloud-roles.ts'
import { HelperCredentials } from './helper-credentials.ts'
import { IssuedTokens } from './issued-tokens.ts'
import type { Secrets } from './static-secrets.ts'

export interface CredentialsPorts {
  readonly clock: Clock
  readonly profiles: Profiles
  readonly secrets: Secrets
  readonly events: EventHub
  readonly issuer: Issuer
  /** R11: proves vault and keychain writable. */
  readonly prepareVault: () => Promise<void>
  /** A server has refused this token; whether it is one of a session. */
  readonly refusedToken: (value: string) => boolean
  /** Whether it is a token of a session. */
  readonly isToken: (value: string) => Promise<boolean>
  readonly assumeRole: (role: AwsRole, token: Redacted<string>) => Promise<AwsCredentials>
}

/** Reports of refused tokens by one share: so many, and then one every ten minutes. */
const refusalBurst = 3
const refusalsPerSecond = 1 / 600

export class Credentials {
  readonly #ports: CredentialsPorts
  readonly roles = new CloudRoles()
  readonly issued = new IssuedTokens()
  readonly #refusals = new Map<string, TokenBucket>()

  constructor(ports: CredentialsPorts) {
    this.#ports = ports
    // A role's credentials are those of a session: they end with it, and another user's are others.
    ports.events.subscribe(({ type }) => {
      if (type === 'logged_in' || type === 'logged_out' || type === 'login_required') this.forgetAll()
    })
  }

  /** What one call of a helper may use. */
  for(context: RequestContext): HelperPorts {
    return new HelperCredentials(this.#ports, this, context)
  }

  /** Nothing that was obtained while the vault was open is kept when it is locked. */
  forgetAll(): void {
    this.roles.clear()
  }

  /** Whether a client of this share may report a refused token now: each report may cost a refresh. */
  mayReportRefusal(share: string, now: EpochMs): boolean {
    const bucket = this.#refusals.get(share) ?? new TokenBucket(refusalBurst, refusalsPerSecond, now)
    this.#refusals.set(share, bucket)
    return bucket.take(now)
  }
}
