// Scopes as sets (RFC 6749 section 3.3: the order does not matter), and which of them a caller may request.

import { Failure } from '../failures.ts'
import type { Profile } from '../profile.ts'
import type { SessionRecord, Target } from './session.ts'

/** `"b a a"` -> `["a", "b"]`. */
export const parseScope = (text: string): readonly string[] => normalScope(text.split(' '))

export const normalScope = (scopes: Iterable<string>): readonly string[] => [...new Set(scopes)].filter((s) => s !== '').sort()

export const sameScope = (a: readonly string[] | undefined, b: readonly string[] | undefined): boolean =>
  a === undefined || b === undefined ? a === b : a.length === b.length && a.every((scope, index) => scope === b[index])

export const sameTarget = (a: Target, b: Target): boolean =>
  a.resource === b.resource && a.audience === b.audience && sameScope(a.scope, b.scope)

/** The scopes of `wanted` that are not in `allowed`. */
const notIn = (wanted: readonly string[], allowed: readonly string[]): readonly string[] =>
  wanted.filter((scope) => !allowed.includes(scope))

const list = (scopes: readonly string[]): string => scopes.map((scope) => `'${scope}'`).join(', ')

/**
 * P14: a caller gets at most its profile's scopes. A profile without scopes allows what the session was granted.
 * Throws scope_not_allowed, or scope_not_granted if only a new login can help; no request is sent to the server.
 */
export function checkScope(profile: Profile, record: SessionRecord, target: Target): void {
  if (target.scope === undefined) return
  if (profile.scopes.length > 0) {
    const extra = notIn(target.scope, profile.scopes)
    if (extra.length > 0) {
      throw new Failure(
        'scope_not_allowed',
        `profile '${profile.name}' does not allow ${list(extra)}, only ${list(profile.scopes)}`,
        {
          profile: profile.name,
        },
      )
    }
  }
  const missing = notIn(target.scope, record.scope)
  if (missing.length > 0) {
    throw new Failure('scope_not_granted', `the login of '${profile.name}' was not granted ${list(missing)}`, {
      profile: profile.name,
    })
  }
}
