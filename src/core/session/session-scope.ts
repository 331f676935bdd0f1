// The scope of a session as its refreshes show it: some servers answer a request for fewer scopes with a refresh token that is
// good for no more than these (R16).

import { defined } from '../util/defined.ts'
import type { TokenResponse } from '../ports.ts'
import { primaryToken } from './schedule.ts'
import { missingScopes, normalScope } from './scope.ts'
import type { SessionRecord, Target } from './session.ts'

type SessionScope = Pick<SessionRecord, 'scope' | 'narrowedFrom' | 'refreshTokenIsNarrow'>

/** Scopes that ask for a kind of token, and that servers leave out of some answers. */
const protocolScopes: ReadonlySet<string> = new Set(['openid', 'offline_access'])

/** What of the record's scope the server no longer grants. */
const lost = (before: SessionRecord, scope: readonly string[]): readonly string[] =>
  missingScopes(before.scope, scope).filter((each) => !protocolScopes.has(each))

export function scopeAfter(record: SessionRecord, target: Target, response: TokenResponse): SessionScope {
  const isNew = response.refreshToken !== undefined && response.refreshToken.reveal() !== record.refreshToken?.reveal()
  const { scope, narrowedFrom, refreshTokenIsNarrow = false } = record
  // Only an answer for the session's own target says what the session has.
  if (target.scope !== undefined || !isForPrimaryResource(record, target) || response.scope === undefined) {
    const isNarrow = isNew ? target.scope !== undefined : refreshTokenIsNarrow
    return { scope, ...defined({ narrowedFrom, refreshTokenIsNarrow: isNarrow || undefined }) }
  }
  const granted = normalScope(response.scope)
  const isLess = lost(record, granted).length > 0
  return {
    scope: granted,
    ...defined({ narrowedFrom: isLess ? (narrowedFrom ?? scope) : narrowedFrom, refreshTokenIsNarrow: isLess || undefined }),
  }
}

/** Whether this refresh has shown that the session has fewer scopes than before. */
export const isNarrower = (record: SessionRecord, before: SessionRecord): boolean => lost(before, record.scope).length > 0

function isForPrimaryResource(record: SessionRecord, { resource, audience }: Target): boolean {
  const primary = primaryToken(record)?.target
  return primary === undefined || (primary.resource === resource && primary.audience === audience)
}
