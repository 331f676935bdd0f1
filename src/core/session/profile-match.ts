// Whether a session still belongs to its profile.

import type { Failure } from '../failures.ts'
import type { Profile } from '../profile.ts'
import type { SessionRecord } from './session.ts'
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
