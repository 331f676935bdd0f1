// Logging out (P18): the revocation is written down first, the session is always deleted, then the token is revoked.

import type { Failure } from '../../core/failures.ts'
import type { Profile } from '../../core/profile.ts'
import { changedProfile } from '../../core/session/profile-match.ts'
import type { EpochMs, LoginReason, SessionRecord } from '../../core/session/session.ts'
import { defined } from '../../core/util/defined.ts'
import type { LogoutAnswer } from '../../wire/messages.ts'
import type { EventHub } from '../events.ts'
import type { Revocation } from './revocation-record.ts'
import type { Revocations } from './revocations.ts'
import type { LiveSessionRunner } from './session-runner.ts'

/** What remains to be done once the session is deleted. */
interface AfterLogout {
  readonly revocation?: Revocation
  /** The profile names another server or client than the session. */
  readonly mismatch?: Failure
}

interface LogoutPorts {
  readonly revocations: Revocations
  readonly events: EventHub
}

export class Logout {
  readonly #ports: LogoutPorts

  constructor(ports: LogoutPorts) {
    this.#ports = ports
  }

  /** Deletes the session of a profile; resolves when that is durable and the revocation has been tried once. */
  async logOut(profile: Profile, runner: LiveSessionRunner): Promise<LogoutAnswer> {
    let after: AfterLogout = {}
    let wasLoggedIn = false
    await runner.remove(async (record) => {
      wasLoggedIn = record !== undefined
      after = await this.#prepare(profile, record)
    })
    if (!wasLoggedIn) return { profile: profile.name, revocation: 'not_logged_in' }
    return this.#finish(profile, after)
  }

  /** Deletes a session that has reached the user's limits (L7). Resolves to false if there is a newer login. */
  async end(profile: Profile, runner: LiveSessionRunner, loggedInAt: EpochMs, reason: LoginReason): Promise<boolean> {
    let after: AfterLogout = {}
    const isEnded = await runner.end(loggedInAt, reason, async (record) => {
      after = await this.#prepare(profile, record)
    })
    if (isEnded) await this.#finish(profile, after)
    return isEnded
  }

  async #prepare(profile: Profile, record: SessionRecord | undefined): Promise<AfterLogout> {
    if (record === undefined) return {}
    // P5: the token of one server is never sent to another.
    const mismatch = changedProfile(profile, record)
    if (mismatch !== undefined) return { mismatch }
    return defined({ revocation: await this.#ports.revocations.prepare(profile, record) })
  }

  async #finish(profile: Profile, { revocation, mismatch }: AfterLogout): Promise<LogoutAnswer> {
    this.#ports.events.publish({ type: 'logged_out', profile: profile.name })
    if (revocation !== undefined) return this.#ports.revocations.revoke(revocation)
    const answer = { profile: profile.name, revocation: 'nothing_to_revoke' } as const
    return mismatch === undefined
      ? answer
      : { ...answer, detail: 'the profile names another server or client than the session: revoke the token there' }
  }
}
