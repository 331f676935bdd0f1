// Whether a session still belongs to its profile, and which targets the profile names.

import { Failure } from '../failures.ts'
import { renewedBy } from '../grant.ts'
import type { Profile } from '../profile.ts'
import type { SessionRecord, Target } from './session.ts'
import { loginRequired } from './tokens.ts'

/** P5: a session belongs to the server and client of its login; if the profile names others now, a new login is needed. */
export function changedProfile(profile: Profile, record: SessionRecord): Failure | undefined {
  if (record.issuer === profile.issuer && record.clientId === profile.clientId) return undefined
  const what = record.issuer === profile.issuer ? 'client' : 'issuer'
  return loginRequired(profile.name, {
    code: 'profile_changed',
    text: `its ${what} was changed since the last login`,
    at: record.loggedInAt,
  })
}

/**
 * L1: a resource or audience that neither the profile nor its login has named is refused here. Some servers use up the refresh
 * token before they refuse it, and the session is lost. A session without one has nothing to lose. Throws target_not_allowed.
 */
export function checkTarget(profile: Profile, { resource, audience }: Pick<Target, 'resource' | 'audience'>): void {
  if (renewedBy(profile.grant) === 'grant') return
  check(profile, 'resource', resource, profile.resource, profile.resources)
  check(profile, 'audience', audience, profile.audience, profile.audiences)
}

function check(
  { name }: Profile,
  what: 'resource' | 'audience',
  requested: string | undefined,
  own: string | undefined,
  further: readonly string[] = [],
): void {
  if (requested === undefined || requested === own || further.includes(requested)) return
  throw new Failure('target_not_allowed', `profile '${name}' does not name the ${what} '${requested.slice(0, 200)}'`, {
    profile: name,
    hint: `add it to \`${what}s\` of the profile in config.toml, then \`authsock login {profile}\``,
  })
}
