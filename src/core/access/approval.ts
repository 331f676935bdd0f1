// The user's answer to a request that an `ask` rule puts before them, and the rule that an answer for always becomes.

import { Failure } from '../failures.ts'
import { defined } from '../util/defined.ts'
import { sanitizeForDisplay } from '../util/text.ts'
import { type AccessRequest, effectiveScope } from './access-request.ts'
import type { Rule } from './rules.ts'

export interface ApprovalReply {
  readonly decision: 'allow' | 'deny'
  /**
   * `session`: until the vault is locked or the agent stops; `always`: a rule in config.toml; a number: seconds. Default: once,
   * for all requests that wait now.
   */
  readonly remember?: 'once' | 'session' | 'always' | number
}

/**
 * A rule for just this request and requests for fewer scopes. `asked`: the rule that asked. Throws bad_request if no rule can name
 * just this caller.
 */
export function lastingRule(decision: 'allow' | 'deny', request: AccessRequest, asked: Rule): Rule {
  const { credential, target, requester } = request
  const { caller, channel } = requester
  const { executable, container } = caller
  const isOnShare = channel.kind === 'share'
  if (executable !== undefined && /\*|\ufffd| \(deleted\)$/.test(executable)) {
    throw new Failure('bad_request', `no rule can name just the program ${sanitizeForDisplay(executable)}`)
  }
  // A share is bounded by itself. On the main socket, a rule for no program in particular would be for all of them; and the rule
  // that asked may have matched because the program, or whether it is in a container, is unknown.
  const isProgramKnown = executable === undefined ? isOnShare && asked.executable === undefined : container.kind !== 'unknown'
  if (!isProgramKnown || (container.kind === 'unknown' && asked.container !== undefined)) {
    throw new Failure(
      'bad_request',
      'no rule can name just this caller: its program, or whether it is in a container, is unknown',
    )
  }
  const isSecret = credential.kind === 'secret'
  const scopes = effectiveScope(request)
  return {
    decision,
    credential: credential.kind,
    ...(isSecret ? { secret: credential.secret } : { profile: credential.profile }),
    // A deny rule matches by one scope that the token has.
    ...defined({ scopes: isSecret || (decision === 'deny' && scopes?.length === 0) ? undefined : scopes, executable }),
    ...(isSecret ? {} : { resource: target.resource ?? 'none', audience: target.audience ?? 'none' }),
    ...(container.kind === 'unknown' ? {} : { container: container.kind === 'none' ? 'none' : (container.id ?? 'any') }),
    share: isOnShare ? channel.share : 'none',
  }
}
