// One loaded session with its profile: when it ends and when it next has work to do. Sessions (sessions.ts) keeps the entries.

import { isInteractive, renewedBy } from '../../core/grant.ts'
import type { Profile } from '../../core/profile.ts'
import { endOf } from '../../core/session/limits.ts'
import { changedProfile } from '../../core/session/profile-match.ts'
import type { EpochMs, LoginReason, SessionRecord } from '../../core/session/session.ts'
import type { LoginEnd } from '../notifications/notifier.ts'
import type { LiveSessionRunner } from './session-runner.ts'

export interface Entry {
  readonly runner: LiveSessionRunner
  profile: Profile
  usedAt: EpochMs
  /** Not before this time is its end by the user's limits tried again: the attempt before could not be written. */
  endsFrom: EpochMs
}

export const needsLogin = ({ runner }: Entry): boolean => runner.state.kind === 'absent' || runner.state.kind === 'login_required'

/** When and why the user's own limits end the session (L7). */
export const limitOf = ({ runner: { state }, profile, usedAt }: Entry): LoginReason | undefined =>
  state.kind === 'absent' ? undefined : endOf(profile, state.record, usedAt)

/** When the next refresh, retry or save is due. */
export const refreshAt = ({ runner, profile }: Entry): EpochMs | undefined => {
  const { state } = runner
  if (state.kind !== 'absent' && changedProfile(profile, state.record) !== undefined) return undefined
  return runner.wakeAt(profile.refresh === 'ahead')
}

/** When the session next has work to do, whether or not a caller asks. */
export function wakeAt(entry: Entry): EpochMs | undefined {
  const end = limitOf(entry)
  const refresh = refreshAt(entry)
  if (end === undefined) return refresh
  return Math.min(Math.max(end.at, entry.endsFrom), refresh ?? Infinity)
}

/** When a login will be needed: by the user's limits, or because the refresh token ends; undefined if that is not known. */
export function endsAt(entry: Entry): EpochMs | undefined {
  const { state } = entry.runner
  if (state.kind === 'absent' || needsLogin(entry)) return undefined
  const at = Math.min(limitOf(entry)?.at ?? Infinity, serverEndOf(state.record) ?? Infinity)
  return at === Infinity ? undefined : at
}

/** The end of the login, if it is known and use does not postpone it. */
export function loginEndOf({ runner: { state }, profile }: Entry): LoginEnd | undefined {
  if (state.kind === 'absent' || state.kind === 'login_required') return undefined
  if (!isInteractive(state.record.grant)) return undefined
  const { loggedInAt, refreshedAt = loggedInAt } = state.record
  const at = Math.min(serverEndOf(state.record) ?? Infinity, loggedInAt + (profile.lifetime ?? Infinity) * 1000)
  return at === Infinity ? undefined : { profile: profile.name, at, loggedInAt, refreshedAt }
}

/** As far as the server has said. */
function serverEndOf({ grant, refreshToken, refreshTokenExpiresAt, accessTokens }: SessionRecord): EpochMs | undefined {
  if (renewedBy(grant) === 'grant' || refreshToken !== undefined) return refreshTokenExpiresAt
  // Without a refresh token the session ends with its last access token.
  const ends = accessTokens.flatMap(({ expiresAt }) => (expiresAt === undefined ? [] : [expiresAt]))
  return ends.length === 0 ? undefined : Math.max(...ends)
}
