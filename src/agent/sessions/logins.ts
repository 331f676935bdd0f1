// Logins under way: at most one for each profile. A login ends with its outcome, by time-out, or when its client disconnects.

import { asFailure, Failure } from '../../core/failures.ts'
import type { AuthorizationServer, Clock, LoginProgress, TokenResponse } from '../../core/ports.ts'
import type { Grant } from '../../core/grant.ts'
import type { Profile } from '../../core/profile.ts'
import { normalScope } from '../../core/session/scope.ts'
import type { SessionRecord } from '../../core/session/session.ts'
import { accessToken } from '../../core/session/tokens.ts'
import { defined } from '../../core/util/defined.ts'
import type { EventHub } from '../events.ts'
import type { Profiles } from './profiles.ts'
import { profileTarget } from '../../core/access/resolve-target.ts'
import type { Sessions } from './sessions.ts'

interface LoginsPorts {
  readonly clock: Clock
  readonly profiles: Profiles
  readonly sessions: Sessions
  readonly events: EventHub
  /** R11: proves that the store and the keychain can be written. */
  readonly prepareVault: () => Promise<void>
}

export interface LoginConversation {
  readonly onProgress: (progress: LoginProgress) => void
  readonly onPaste?: (accept: (url: string) => void) => void
  readonly signal: AbortSignal
}

export class Logins {
  readonly #ports: LoginsPorts
  readonly #pending = new Map<string, AbortController>()

  constructor(ports: LoginsPorts) {
    this.#ports = ports
  }

  isPending(profile: string): boolean {
    return this.#pending.has(profile)
  }

  /** Logs in and stores the session before it says so (R2). Throws a Failure; a login that fails changes nothing. */
  async logIn(profile: Profile, grant: Grant, conversation: LoginConversation): Promise<SessionRecord> {
    const { name } = profile
    if (this.#pending.has(name))
      throw new Failure('login_pending', `a login for '${name}' is already under way`, { profile: name })
    const cancel = new AbortController()
    this.#pending.set(name, cancel)
    try {
      await this.#ports.prepareVault()
      const runner = await this.#ports.sessions.runner(profile).catch(overDamaged)
      const server: AuthorizationServer = this.#ports.profiles.server(profile)
      const { onProgress, onPaste } = conversation
      const signal = AbortSignal.any([conversation.signal, cancel.signal])
      const response = await server.login({ grant, onProgress, ...defined({ onPaste }), signal })
      const session = runner ?? this.#ports.sessions.runnerOverDamaged(profile)
      const record = await session.replace(newRecord(profile, grant, response))
      this.#ports.events.publish({ type: 'logged_in', profile: name, ...defined({ user: userOf(record) }) })
      return record
    } catch (error) {
      throw asFailure(error).of(name)
    } finally {
      this.#pending.delete(name)
    }
  }

  /** Ends every login under way: the agent stops or locks. */
  cancelAll(): void {
    for (const cancel of this.#pending.values()) cancel.abort()
  }
}

/** A login replaces a damaged record; any other failure of the store is reported before the browser opens. */
function overDamaged(error: unknown): undefined {
  const failure = asFailure(error)
  if (failure.code !== 'record_damaged') throw failure
}

function newRecord(profile: Profile, grant: Grant, response: TokenResponse): Omit<SessionRecord, 'generation'> {
  const scope = normalScope(response.scope ?? profile.scopes)
  const { identity, refreshToken, refreshTokenExpiresIn: lifetime, receivedAt } = response
  return {
    profile: profile.name,
    issuer: profile.issuer,
    clientId: profile.clientId,
    grant,
    loggedInAt: receivedAt,
    refreshedAt: receivedAt,
    scope,
    accessTokens: [accessToken(response, profileTarget(profile), scope)],
    ...defined({
      identity,
      refreshToken,
      refreshTokenExpiresAt: lifetime === undefined ? undefined : receivedAt + lifetime * 1000,
    }),
  }
}

/** A name to show. */
export const userOf = ({ identity }: SessionRecord): string | undefined =>
  identity?.preferredUsername ?? identity?.email ?? identity?.name ?? identity?.subject
