// Logins under way: at most one for each profile. A login ends with its outcome, by time-out, or when its client disconnects.

import { asFailure, Failure } from '../../core/failures.ts'
import type { AuthorizationServer, Clock, LoginProgress, TokenResponse } from '../../core/ports.ts'
import type { Grant } from '../../core/grant.ts'
import type { Profile } from '../../core/profile.ts'
import { providerOf } from '../../config/providers.ts'
import { changedProfile } from '../../core/session/profile-match.ts'
import { normalScope } from '../../core/session/scope.ts'
import type { SessionRecord } from '../../core/session/session.ts'
import { accessToken } from '../../core/session/tokens.ts'
import { defined } from '../../core/util/defined.ts'
import type { EventHub } from '../events.ts'
import type { Profiles } from './profiles.ts'
import { profileTarget } from '../../core/access/resolve-target.ts'
import type { Revocations } from './revocations.ts'
import type { ServerTraits } from './server-traits.ts'
import type { LiveSessionRunner } from './session-runner.ts'
import type { Sessions } from './sessions.ts'

interface LoginsPorts {
  readonly clock: Clock
  readonly profiles: Profiles
  readonly sessions: Sessions
  readonly events: EventHub
  readonly revocations: Revocations
  readonly traits: ServerTraits
  /** R11: proves that the store and the keychain can be written. */
  readonly prepareVault: () => Promise<void>
}

export interface LoginConversation {
  readonly onProgress: (progress: LoginProgress) => void
  readonly onPaste?: (accept: (url: string) => void) => void
  readonly signal: AbortSignal
  /** Which account the server logs in, for this login. */
  readonly account?: AccountChoice
  /** Seconds since the epoch: if somebody has logged in after this second, that login is the result. */
  readonly newerThan?: number
}

interface AccountChoice {
  readonly loginHint?: string
  readonly selectAccount?: boolean
}

export class Logins {
  readonly #ports: LoginsPorts
  readonly #pending = new Map<string, AbortController>()

  constructor(ports: LoginsPorts) {
    this.#ports = ports
  }

  get isAnyPending(): boolean {
    return this.#pending.size > 0
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
      const newer = await this.#newerThan(profile, conversation.newerThan)
      if (newer !== undefined) return newer
      await this.#ports.prepareVault()
      const runner = await this.#ports.sessions.runner(profile).catch(overDamaged)
      const { onProgress, onPaste, account = {} } = conversation
      const server: AuthorizationServer = this.#ports.profiles.server(withAccount(profile, account))
      const signal = AbortSignal.any([conversation.signal, cancel.signal])
      const response = await server.login({ grant, onProgress, ...defined({ onPaste }), signal })
      const session = runner ?? this.#ports.sessions.runnerOverDamaged(profile)
      const { record, replaced } = await session.replace(newRecord(profile, grant, response))
      this.#ports.events.publish({ type: 'logged_in', profile: name, ...defined({ user: userOf(record) }) })
      if (replaced !== undefined) await this.#endReplaced(profile, session, record, replaced, onProgress)
      return record
    } catch (error) {
      throw asFailure(error).of(name)
    } finally {
      this.#pending.delete(name)
    }
  }

  /** The login that another client has made meanwhile. */
  async #newerThan(profile: Profile, second: number | undefined): Promise<SessionRecord | undefined> {
    if (second === undefined) return undefined
    const state = (await this.#ports.sessions.runner(profile).catch(overDamaged))?.state
    if (state === undefined || state.kind === 'absent' || state.kind === 'login_required') return undefined
    return state.record.loggedInAt >= (second + 1) * 1000 ? state.record : undefined
  }

  /** L15: the refresh token of the session before is revoked, now that the new one is durable. */
  async #endReplaced(
    profile: Profile,
    session: LiveSessionRunner,
    record: SessionRecord,
    replaced: SessionRecord,
    onProgress: LoginConversation['onProgress'],
  ): Promise<void> {
    const { revocations, traits } = this.#ports
    const { issuer, name } = profile
    const isOtherUser =
      record.identity !== undefined && replaced.identity !== undefined && record.identity.subject !== replaced.identity.subject
    if (isOtherUser) {
      onProgress({ type: 'progress', text: `this replaces the session of '${userOf(replaced) ?? 'another user'}'` })
    }
    const endsAll = traits.of(issuer).revocationEndsAll ?? providerOf(issuer)?.revocationEndsAll
    const isSame = replaced.refreshToken === undefined || replaced.refreshToken.reveal() === record.refreshToken?.reveal()
    if (isSame || (endsAll === true && !isOtherUser) || changedProfile(profile, replaced) !== undefined) return
    const revocation = await revocations.prepare(profile, replaced)
    if (revocation === undefined) return
    const { revocation: outcome } = await revocations.revoke(revocation)
    if (outcome !== 'revoked' || isOtherUser || endsAll !== undefined) return
    // Some servers end the whole grant of user and client. That is found out now, while the user is there, and once.
    await session.retry()
    const hasEnded = session.state.kind === 'login_required'
    if (hasEnded || session.state.kind === 'active') await traits.remember(issuer, { revocationEndsAll: hasEnded })
    if (hasEnded) throw endedByRevocation(name)
  }

  /** Ends every login under way: the agent stops or locks. */
  cancelAll(): void {
    for (const cancel of this.#pending.values()) cancel.abort()
  }
}

const endedByRevocation = (profile: string): Failure =>
  new Failure('login_failed', `the server ended this login of '${profile}' when the one before it was revoked`, {
    hint: '`authsock login {profile}` once more: from now on the login before is not revoked at this server',
  })

/** The profile as this login has it: U14, a browser that remembers one account logs in another one. */
function withAccount(profile: Profile, { loginHint, selectAccount }: AccountChoice): Profile {
  if (loginHint === undefined && selectAccount === undefined) return profile
  const { prompt = '', ...others } = profile.authorizationParameters
  const words = new Set(prompt.split(' ').filter((word) => word !== ''))
  if (selectAccount === true) words.add('select_account')
  if (selectAccount === false) words.delete('select_account')
  const changed = defined({ login_hint: loginHint, prompt: words.size === 0 ? undefined : [...words].join(' ') })
  return { ...profile, authorizationParameters: { ...others, ...changed } }
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
