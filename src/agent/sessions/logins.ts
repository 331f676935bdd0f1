// Logins under way: at most one a profile, each ended by its outcome, by time or by whoever started it hanging up.

import { asFailure, Failure } from '../../core/failures.ts'
import type { AuthorizationServer, Clock, LoginProgress, TokenResponse } from '../../core/ports.ts'
import type { Grant } from '../../core/grant.ts'
import type { Profile } from '../../core/profile.ts'
import { normalScope } from '../../core/session/scope.ts'
import type { SessionRecord } from '../../core/session/session.ts'
import { accessToken } from '../../core/session/tokens.ts'
import type { EventHub } from '../events.ts'
import type { Profiles } from './profiles.ts'
import { profileTarget } from '../../core/access/resolve-target.ts'
import type { Sessions } from './sessions.ts'

interface LoginsPorts {
  readonly clock: Clock
  readonly profiles: Profiles
  readonly sessions: Sessions
  readonly events: EventHub
  /** R11: proves vault and keychain writable. */
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
      const response = await server.login({
        grant,
        onProgress: conversation.onProgress,
        ...(conversation.onPaste === undefined ? {} : { onPaste: conversation.onPaste }),
        signal: AbortSignal.any([conversation.signal, cancel.signal]),
      })
      const session = runner ?? this.#ports.sessions.runnerOverDamaged(profile)
      const record = await session.replace(newRecord(profile, grant, response))
      this.#ports.events.publish({ type: 'logged_in', profile: name, ...userOf(record) })
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

/** A login mends a damaged record; any other trouble with the vault is found before the user is sent to the browser. */
function overDamaged(error: unknown): undefined {
  const failure = asFailure(error)
  if (failure.code !== 'record_damaged') throw failure
}

function newRecord(profile: Profile, grant: Grant, response: TokenResponse): Omit<SessionRecord, 'generation'> {
  const scope = normalScope(response.scope ?? profile.scopes)
  return {
    profile: profile.name,
    issuer: profile.issuer,
    clientId: profile.clientId,
    grant,
    loggedInAt: response.receivedAt,
    refreshedAt: response.receivedAt,
    scope,
    accessTokens: [accessToken(response, profileTarget(profile), scope)],
    ...(response.identity === undefined ? {} : { identity: response.identity }),
    ...(response.refreshToken === undefined ? {} : { refreshToken: response.refreshToken }),
    ...(response.refreshTokenExpiresIn === undefined
      ? {}
      : { refreshTokenExpiresAt: response.receivedAt + response.refreshTokenExpiresIn * 1000 }),
  }
}

/** A name for people. */
export function userOf({ identity }: SessionRecord): { readonly user?: string } {
  if (identity === undefined) return {}
  return { user: identity.preferredUsername ?? identity.email ?? identity.name ?? identity.subject }
}
