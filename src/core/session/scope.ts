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

/**
 * Some servers answer with a longer name for a scope, or a shorter one: `email` and `https://www.googleapis.com/auth/userinfo.email`,
 * `User.Read` and `https://graph.microsoft.com/User.Read`. They are the same scope.
 */
export const isSameScope = (a: string, b: string): boolean => a === b || isLongName(a, b) || isLongName(b, a)

const isLongName = (long: string, short: string): boolean =>
  /^[a-z][a-z0-9+.-]*:/i.test(long) && !short.includes(':') && (long.endsWith(`/${short}`) || long.endsWith(`.${short}`))

/** The scopes of `wanted` that `granted` does not have under any name. */
export const missingScopes = (wanted: readonly string[], granted: readonly string[]): readonly string[] =>
  wanted.filter((scope) => !granted.some((each) => isSameScope(scope, each)))

const list = (scopes: readonly string[]): string => scopes.map((scope) => `'${scope}'`).join(', ')

/** P14: throws scope_not_allowed if the profile has scopes, and not all of these. Also for shares and routes when they are created (U8). */
export function checkProfileScope({ name, scopes }: Profile, scope: readonly string[]): void {
  const extra = scopes.length === 0 ? [] : missingScopes(scope, scopes)
  if (extra.length === 0) return
  throw new Failure('scope_not_allowed', `profile '${name}' does not allow ${list(extra)}, only ${list(scopes)}`, {
    profile: name,
  })
}

/**
 * P14: a caller gets at most its profile's scopes. A profile without scopes allows what the session was granted.
 * Throws scope_not_allowed, or scope_not_granted if only a new login can help; no request is sent to the server.
 */
export function checkScope(profile: Profile, record: SessionRecord, { scope }: Target): void {
  if (scope === undefined) return
  checkProfileScope(profile, scope)
  const { name } = profile
  const missing = missingScopes(scope, record.scope)
  if (missing.length === 0 || isRenamed(profile, record)) return
  const text =
    record.narrowedFrom !== undefined && missingScopes(missing, record.narrowedFrom).length === 0
      ? `the server has narrowed the session of '${name}' to ${list(record.scope)}: ${list(missing)} needs a new login`
      : `the login of '${name}' was not granted ${list(missing)}`
  throw new Failure('scope_not_granted', text, { profile: name })
}

/** The server has granted scopes under names that nobody requested: which one stands for which is not known, so it is asked. */
const isRenamed = (profile: Profile, record: SessionRecord): boolean =>
  profile.scopes.length > 0 && missingScopes(record.scope, profile.scopes).length > 0
