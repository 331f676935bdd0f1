// Who may have what. This file decides, and no other: allow, ask the user, or deny, for every credential on every channel.
// Pure: it looks at the request (resolved: see resolve-target.ts) and the policy, and at nothing else.
//
// It is asked twice about a token: before it is requested from the server, and with the scope that the server has granted,
// before the token leaves the agent.

import { Failure } from '../failures.ts'
import { missingScopes } from '../session/scope.ts'
import type { EpochMs, Target } from '../session/session.ts'
import {
  type AccessRequest,
  credentialName,
  describeAccessRequest,
  effectiveScope,
  type RequestedCredential,
} from './access-request.ts'
import type { Channel } from './caller.ts'
import type { RuleMatch, RuleSet } from './rules.ts'
import { notShared, type Share, shareExpired, shareLimited } from './share.ts'

export interface Policy {
  readonly rules: RuleSet
  /** The bounds of the share that the request came by, as they are now. */
  readonly share: Share | undefined
  /** The resource and audience that the profile has by itself. */
  readonly profileTarget: Target
  readonly now: EpochMs
}

export type Decision =
  /** `match`: the rule that decided; undefined if no rule matches, which allows. */
  | { readonly kind: 'allow'; readonly match: RuleMatch | undefined }
  | { readonly kind: 'ask'; readonly match: RuleMatch }
  /** `failure`: denied, share_limited, share_expired. */
  | { readonly kind: 'deny'; readonly match: RuleMatch | undefined; readonly failure: Failure }

/** A share's bounds first, then the first rule that matches. */
export function authorize(request: AccessRequest, policy: Policy): Decision {
  const failure = outsideOfShare(request, policy)
  if (failure !== undefined) return { kind: 'deny', match: undefined, failure }
  const match = policy.rules.first(request)
  switch (match?.rule.decision) {
    case undefined:
    case 'allow':
      return { kind: 'allow', match }
    case 'ask':
      return { kind: 'ask', match: match }
    case 'deny':
      return { kind: 'deny', match, failure: deniedBy(match, request) }
  }
}

/** What a route of the protocol, or an operation of a helper, is for. `read` and `admin` are the main socket's. */
export type Permission = 'token' | 'read' | 'admin'

/** Whether an operation other than the issue of a credential may be used. The failure says what the share issues. */
export function authorizeOperation(permission: Permission, channel: Channel, share: Share | undefined): Failure | undefined {
  if (permission === 'token' || channel.kind === 'main') return undefined
  return share === undefined ? unknownShare(channel) : notShared(share)
}

function outsideOfShare(request: AccessRequest, { share, profileTarget, now }: Policy): Failure | undefined {
  const { channel } = request.requester
  if (channel.kind === 'main') return undefined
  if (share?.name !== channel.share) return unknownShare(channel)
  if (now >= share.expiresAt) return shareExpired(share)
  const excluded = excludedFromShare(request.credential, share)
  if (excluded !== undefined || request.credential.kind === 'secret') return excluded
  return outsideOfKind(request, share) ?? outsideOfTarget(request.target, share, profileTarget) ?? outsideOfScope(request, share)
}

/** Whether the share does not name the profile or secret at all. To its clients, such a one does not exist. */
export function excludedFromShare(credential: RequestedCredential, share: Share): Failure | undefined {
  const isSecret = credential.kind === 'secret'
  const name = credentialName(credential)
  if ((isSecret ? share.secrets : share.profiles).includes(name)) return undefined
  return shareLimited(share, `does not issue ${isSecret ? 'the secret ' : ''}'${name}'`)
}

/** An ID token tells whoever takes it who the user is, and is bound to no resource. A role's endpoint is a server that the agent would connect to. */
function outsideOfKind({ credential }: AccessRequest, share: Share): Failure | undefined {
  const usesIdToken = credential.kind === 'id_token' || (credential.kind === 'cloud_role' && credential.exchanged === 'id_token')
  if (usesIdToken && (share.scope?.includes('openid') === false || isFixed(share))) {
    return shareLimited(share, 'issues no ID token: that needs `openid` in its scope, and no fixed resource or audience')
  }
  if (credential.kind === 'cloud_role' && credential.role.endpoint !== undefined) {
    return shareLimited(share, `does not let its clients choose an endpoint ('${credential.role.endpoint.slice(0, 100)}')`)
  }
  return undefined
}

/** Without an option, what a share issues is for its own resource and audience, else for the profile's. */
function outsideOfTarget(target: Target, share: Share, profileTarget: Target): Failure | undefined {
  if (share.anyTarget === true && !isFixed(share)) return undefined
  const fixed = isFixed(share) ? share : profileTarget
  for (const key of ['resource', 'audience'] as const) {
    const named = target[key]
    if (named !== undefined && named !== fixed[key]) return shareLimited(share, `is not for the ${key} '${named}'`)
  }
  return undefined
}

/** Of what was requested, and then of what was granted (R16). A scope that is not known yet is checked when it is granted. */
function outsideOfScope(request: AccessRequest, share: Share): Failure | undefined {
  if (share.scope === undefined || request.credential.kind === 'id_token') return undefined
  const { granted, target } = request
  const scope = share.allowWiderScope === true ? target.scope : effectiveScope(request)
  const extra = missingScopes(scope ?? [], share.scope)
  if (extra.length === 0) return undefined
  const names = extra.map((each) => `'${each}'`).join(', ')
  if (granted === undefined || share.allowWiderScope === true) return shareLimited(share, `does not issue the scope ${names}`)
  const failure = shareLimited(share, `does not issue the scope ${names}, which the server grants all the same`)
  return new Failure(failure.code, failure.message, {
    hint: "if the server cannot grant less, the share's owner can accept that: `authsock share create --allow-wider-scope`",
  })
}

const isFixed = ({ resource, audience }: Share): boolean => resource !== undefined || audience !== undefined

const unknownShare = (channel: Channel): Failure =>
  new Failure('share_expired', `the share '${channel.kind === 'share' ? channel.share : ''}' does not exist any more`)

const deniedBy = ({ index }: RuleMatch, request: AccessRequest): Failure =>
  new Failure('denied', `denied by rule ${index + 1}: ${describeAccessRequest(request)}`)
