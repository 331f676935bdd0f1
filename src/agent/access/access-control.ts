// Applies authorize() to a request: gathers the policy, asks the user if a rule says so, and throws what denies it.

import type { Config } from '../../config/config.ts'
import type { AccessRequest, RequestedCredential } from '../../core/access/access-request.ts'
import { authorize, authorizeOperation, type Decision, excludedFromShare, type Permission } from '../../core/access/authorize.ts'
import { type Rule, type RuleMatch, RuleSet } from '../../core/access/rules.ts'
import type { Clock } from '../../core/ports.ts'
import type { Target } from '../../core/session/session.ts'
import { thenSync } from '../../core/util/then-sync.ts'
import type { RequestContext } from './request-context.ts'

export interface AccessControlPorts {
  readonly clock: Clock
  /** Synchronous if it is known. */
  readonly config: () => Config | Promise<Config>
  /** Asks the user. Rejects with approval_declined, too_many_requests. */
  readonly approve: (request: AccessRequest, match: RuleMatch) => Promise<void>
}

const noTarget: Target = {}

export class AccessControl {
  readonly #ports: AccessControlPorts
  #ruleSet = new RuleSet([])

  constructor(ports: AccessControlPorts) {
    this.#ports = ports
  }

  /**
   * The rule that allowed it, if one did. `profileTarget`: the profile's own resource and audience. Synchronous unless the
   * configuration must be read or the user asked. Throws (rejects with) denied, share_limited, share_expired, approval_declined.
   */
  check(
    context: RequestContext,
    request: AccessRequest,
    profileTarget: Target = noTarget,
  ): RuleMatch | undefined | Promise<RuleMatch | undefined> {
    return thenSync(this.#ports.config(), ({ rules }) => {
      const decision = this.#decide(rules, context, request, profileTarget)
      if (decision.kind === 'deny') throw decision.failure
      if (decision.kind === 'allow') return decision.match
      return this.#ports.approve(request, decision.match).then(() => decision.match)
    })
  }

  /** Whether the request would be allowed without asking the user. */
  async isAllowed(context: RequestContext, request: AccessRequest, profileTarget: Target = noTarget): Promise<boolean> {
    const { rules } = await this.#ports.config()
    return this.#decide(rules, context, request, profileTarget).kind === 'allow'
  }

  /** Whether the credential does not exist for the clients of the share that the request came by. */
  isExcluded({ share }: RequestContext, credential: RequestedCredential): boolean {
    return share !== undefined && excludedFromShare(credential, share) !== undefined
  }

  /** Throws share_limited if the operation is for the main socket only. */
  checkOperation({ requester, share }: RequestContext, permission: Permission): void {
    const failure = authorizeOperation(permission, requester.channel, share)
    if (failure !== undefined) throw failure
  }

  #decide(rules: readonly Rule[], { share }: RequestContext, request: AccessRequest, profileTarget: Target): Decision {
    if (this.#ruleSet.rules !== rules) this.#ruleSet = new RuleSet(rules)
    return authorize(request, { rules: this.#ruleSet, share, profileTarget, now: this.#ports.clock.now() })
  }
}
