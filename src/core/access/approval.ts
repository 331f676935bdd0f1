// The user's word on a request that a rule puts before him, and the rule that it becomes where it is for always.

import { Failure } from '../failures.ts'
import { sanitizeForDisplay } from '../util/text.ts'
import type { AccessRequest, Rule } from './rules.ts'

export interface ApprovalReply {
  readonly decision: 'allow' | 'deny'
  /**
   * `session`: until the vault is locked or the agent stops; `always`: by a rule in config.toml; else seconds. Default: once, for
   * all that wait now.
   */
  readonly remember?: 'once' | 'session' | 'always' | number
}

/**
 * What was asked, as narrow as a rule can say it, and never wider than the rule that asked. What the request did not name is
 * free. Throws bad_request where no rule would say just this program.
 */
export function lastingRule(decision: 'allow' | 'deny', { profile, target, requester }: AccessRequest): Rule {
  const { caller, channel } = requester
  const { executable, container } = caller
  const resource = target.resource ?? target.audience
  if (executable !== undefined && /\*|\ufffd| \(deleted\)$/.test(executable)) {
    throw new Failure('bad_request', `no rule can name just the program ${sanitizeForDisplay(executable)}`)
  }
  return {
    decision: decision,
    profile,
    ...(target.scope === undefined ? {} : { scopes: target.scope }),
    ...(resource === undefined ? {} : { resource }),
    ...(executable === undefined ? {} : { executable }),
    ...(container.kind === 'unknown' ? {} : { container: container.kind === 'none' ? 'none' : (container.id ?? 'any') }),
    share: channel.kind === 'share' ? channel.share : 'none',
  }
}
