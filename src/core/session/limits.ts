// The user's own limits of a session (L7): it ends a fixed time after its login, or after its last use, whatever its server allows.

import type { Profile } from '../profile.ts'
import { duration } from '../util/durations.ts'
import type { EpochMs, LoginReason, SessionRecord } from './session.ts'

/** When and why the limits end the session; undefined if there are none. `usedAt`: when a caller last asked for a token of it. */
export function endOf(
  { lifetime, idleLimit }: Pick<Profile, 'lifetime' | 'idleLimit'>,
  { loggedInAt }: Pick<SessionRecord, 'loggedInAt'>,
  usedAt: EpochMs,
): LoginReason | undefined {
  const lifetimeEnd = lifetime === undefined ? Infinity : loggedInAt + lifetime * 1000
  const idleEnd = idleLimit === undefined ? Infinity : usedAt + idleLimit * 1000
  if (lifetime !== undefined && lifetimeEnd <= idleEnd) {
    return { code: 'expired', at: lifetimeEnd, text: `its lifetime of ${duration(lifetime)} has ended (lifetime)` }
  }
  if (idleLimit === undefined) return undefined
  return { code: 'expired', at: idleEnd, text: `it was not used for ${duration(idleLimit)} (idle_limit)` }
}
