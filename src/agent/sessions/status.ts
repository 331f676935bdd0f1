// The status of a session as the protocol reports it. It holds no token and no secret (L2).

import { asFailure, Failure } from '../../core/failures.ts'
import type { Profile } from '../../core/profile.ts'
import { isRenewable, primaryToken } from '../../core/session/schedule.ts'
import { changedProfile } from '../../core/session/profile-match.ts'
import type { EpochMs, LiveSession, SessionRecord } from '../../core/session/session.ts'
import { loginRequired } from '../../core/session/tokens.ts'
import { defined } from '../../core/util/defined.ts'
import type { SessionState, SessionStatus } from '../../wire/messages.ts'
import { userOf } from './logins.ts'

type Optional = Pick<SessionStatus, 'reason' | 'hint' | 'next_refresh_at'>

const seconds = (at: EpochMs | undefined): number | undefined => (at === undefined ? undefined : Math.floor(at / 1000))

export function sessionStatus(
  profile: Profile,
  session: LiveSession,
  {
    nextWake,
    endsAt,
    loginPending,
  }: { readonly nextWake: EpochMs | undefined; readonly endsAt: EpochMs | undefined; readonly loginPending: boolean },
): SessionStatus {
  const { state, reason, hint } = describe(profile, session)
  return {
    ...fromProfile(profile),
    ...(session.kind === 'absent' ? {} : fromRecord(session.record)),
    state: loginPending ? 'login_pending' : state,
    ...defined({ reason, hint, next_refresh_at: seconds(nextWake), ends_at: seconds(endsAt) }),
  }
}

/** For a session that could not be read: the store is locked, or its record is damaged. */
export function unreadableStatus(profile: Profile, error: unknown): SessionStatus {
  const failure = asFailure(error).of(profile.name)
  const state: SessionState = failure.code === 'record_damaged' ? 'damaged' : 'locked'
  return { ...fromProfile(profile), state, reason: failure.message, hint: failure.hint }
}

const fromProfile = (profile: Profile) => ({
  profile: profile.name,
  issuer: profile.issuer,
  client_id: profile.clientId,
  grant: profile.grant,
})

function fromRecord(record: SessionRecord) {
  return {
    grant: record.grant,
    scope: record.scope.join(' '),
    renewable: isRenewable(record),
    ...defined({
      subject: record.identity?.subject,
      user: userOf(record),
      logged_in_at: seconds(record.loggedInAt),
      refreshed_at: seconds(record.refreshedAt),
      expires_at: seconds(primaryToken(record)?.expiresAt),
    }),
  }
}

function describe(profile: Profile, session: LiveSession): { readonly state: SessionState } & Optional {
  if (session.kind !== 'absent') {
    const changed = changedProfile(profile, session.record)
    if (changed !== undefined) return because('login_required', changed)
  }
  switch (session.kind) {
    case 'absent':
      if (session.reason.code === 'expired') return because('login_required', loginRequired(profile.name, session.reason))
      return { state: 'logged_out', hint: new Failure('login_required', '', { profile: profile.name }).hint }
    case 'active':
      return { state: 'active' }
    case 'refreshing':
      return { state: 'refreshing' }
    case 'backing_off':
      return because('retrying', session.plan.failure.of(profile.name))
    case 'unsaved':
      return because('retrying', session.failure.of(profile.name))
    case 'login_required': {
      const { reason } = session
      return {
        state: 'login_required',
        reason: reason.text,
        hint: new Failure('login_required', '', { profile: profile.name }).hint,
      }
    }
  }
}

const because = (state: SessionState, failure: Failure): { readonly state: SessionState } & Optional => ({
  state,
  reason: failure.message,
  hint: failure.hint,
})
