// What a request for a token is really for: the share's bounds and the profile's defaults take the place of what it does not name.

import type { Profile } from '../profile.ts'
import type { Target } from '../session/session.ts'
import { defined } from '../util/defined.ts'
import type { Share } from './share.ts'

export interface ResolvedTarget {
  /** What the session is asked for. Its scope is undefined if neither the request nor the share names one. */
  readonly requested: Target
  /** What rules and shares decide on: its scope is what the token would have, as far as that is known. */
  readonly resolved: Target
}

const nothing: Target = {}

/** The resource and audience that requests of the profile have if they name neither. */
export function profileTarget({ resource, audience }: Profile): Target {
  return resource === undefined && audience === undefined ? nothing : defined({ resource, audience })
}

/** `sessionScope`: what the session was granted; undefined if nobody has logged in yet. Each cached token passes here: it is kept quick. */
export function resolveTarget(
  wanted: Target,
  profile: Profile,
  share: Share | undefined,
  sessionScope: readonly string[] | undefined,
): ResolvedTarget {
  const target = targetOf(wanted, profile, share)
  const scope = wanted.scope ?? share?.scope
  const requested = scope === target.scope ? target : withScope(target, scope)
  const known = scope ?? sessionScope ?? (profile.scopes.length === 0 ? undefined : profile.scopes)
  return { requested, resolved: known === scope ? requested : withScope(target, known) }
}

function withScope({ resource, audience }: Target, scope: readonly string[] | undefined): Target {
  if (scope !== undefined && resource === undefined && audience === undefined) return { scope }
  return defined({ scope, resource, audience })
}

/** What the request names beside a share's fixed target is kept, so that it is refused and not dropped. */
function targetOf(wanted: Target, profile: Profile, share: Share | undefined): Target {
  if (share !== undefined && namesTarget(share)) {
    return defined({ resource: wanted.resource ?? share.resource, audience: wanted.audience ?? share.audience })
  }
  return namesTarget(wanted) ? wanted : profileTarget(profile)
}

const namesTarget = ({ resource, audience }: Target): boolean => resource !== undefined || audience !== undefined
