// The user's own limits of a session (L7): it ends so long after its login, or after its last use, whatever its server allows.

import { duration } from '../util/durations.ts'
import type { Profile } from '../profile.ts'
import type { EpochMs, LoginReason, SessionRecord } from './session.ts'

/** When the session ends by them, and why; undefined: it has none. `usedAt`: when somebody last asked for one of its tokens. */
export function endOf(
  { lifetime, idleLimit }: Pick<Profile, 'lifetime' | 'idleLimit'>,
  { loggedInAt }: Pick<SessionRecord, 'loggedInAt'>,
  usedAt: EpochMs,
): LoginReason | undefined {
  if (lifetime === undefined && idleLimit === undefined) return undefined
  const ends = [
    ...(lifetime === undefined
      ? []
      : [{ at: loggedInAt + lifetime * 1000, text: `its ${duration(lifetime)} are over (lifetime)` }]),
    ...(idleLimit === undefined
      ? []
      : [{ at: usedAt + idleLimit * 1000, text: `nobody has used it for ${duration(idleLimit)} (idle_limit)` }]),
  ]
  const first = ends.sort((a, b) => a.at - b.at)[0]
  return first === undefined ? undefined : { code: 'expired', ...first }
}
