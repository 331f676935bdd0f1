// The agent as its protocol sees it: one method an operation. server/ calls it.

import type { Permission } from '../core/access/authorize.ts'
import { asFailure, Failure } from '../core/failures.ts'
import type { Clock } from '../core/ports.ts'
import type { Grant } from '../core/grant.ts'
import type { Profile } from '../core/profile.ts'
import { redact, type Redacted } from '../core/redacted.ts'
import { checkProfileScope, parseScope } from '../core/session/scope.ts'
import { checkTarget } from '../core/session/profile-match.ts'
import type { Target } from '../core/session/session.ts'
import type { MasterKeyChoice, Store } from '../store/store.ts'
import type {
  AgentStatus,
  ApprovalAnswer,
  ApprovalReply,
  ApprovalStatus,
  EventMessage,
  HandoverAnswer,
  LogoutAnswer,
  SecretRequest,
  SecretStatus,
  SessionStatus,
  ShareRequest,
  ShareStatus,
  VaultStatus,
} from '../wire/messages.ts'
import type { Approvals } from './access/approvals.ts'
import type { Credentials } from './credentials/credentials.ts'
import type { EventHub } from './events.ts'
import type { AuditTrail } from './access/audit-trail.ts'
import type { Issuer } from './access/issuer.ts'
import type { RequestContext } from './access/request-context.ts'
import { callHelper, type HelperOutcome } from './credentials/helper-calls.ts'
import type { LoginConversation, Logins } from './sessions/logins.ts'
import type { Logout } from './sessions/logout.ts'
import type { Profiles } from './sessions/profiles.ts'
import { secretStatus, type Secrets } from './credentials/static-secrets.ts'
import type { StopRequest } from './service.ts'
import type { Shares } from './shares/shares.ts'
import type { Issued, Sessions } from './sessions/sessions.ts'
import { sessionStatus, unreadableStatus } from './sessions/status.ts'

export interface Services {
  readonly clock: Clock
  readonly vault: Store
  readonly profiles: Profiles
  readonly sessions: Sessions
  readonly logins: Logins
  readonly logout: Logout
  readonly secrets: Secrets
  readonly credentials: Credentials
  readonly audit: AuditTrail
  readonly issuer: Issuer
  readonly shares: Shares
  readonly approvals: Approvals
  readonly events: EventHub
  readonly about: { readonly version: string; readonly socket: string }
  /** Whose the socket is: the service manager's, which keeps it when the agent ends, or the agent's own. */
  readonly socketOf: 'service_manager' | 'agent'
  /** Sentences that hold as long as the agent runs. */
  readonly warnings: Set<string>
  readonly shutDown: (how: StopRequest) => void
}

const locked = (): Failure => new Failure('vault_locked', 'the vault is locked')

export class Operations {
  readonly #parts: Services
  readonly #startedAt: number

  constructor(parts: Services) {
    this.#parts = parts
    this.#startedAt = parts.clock.now()
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return this.#parts.clock.now()
  }

  /** `minTtl` in seconds. Synchronous if nothing has to be looked up, asked or waited for. */
  token(
    context: RequestContext,
    profile: string | undefined,
    target: Target,
    minTtl: number | undefined,
  ): Issued | Promise<Issued> {
    return this.#parts.issuer.token(context, { profile, target, minTtl })
  }

  /** Throws share_limited, which is audited, if the channel of the request has no such permission. */
  checkOperation(context: RequestContext, permission: Permission): void {
    this.#parts.issuer.operation(context, permission)
  }

  /** What was no request for a credential. */
  refused(context: RequestContext, error: unknown): void {
    this.#parts.audit.refused(context, error)
  }

  /** A tool's call of its helper. Never throws, but where `throws` asks for it. */
  helper(context: RequestContext, body: Buffer, throws = false): HelperOutcome | Promise<HelperOutcome> {
    const { credentials, profiles } = this.#parts
    return callHelper(context.request, body, {
      ports: credentials.for(context),
      throws,
      mayLogIn: async () => context.share === undefined && (await profiles.config()).interactiveLogin,
    })
  }

  /** A command has changed config.toml. Throws config_invalid. */
  async reloadConfig(): Promise<void> {
    await this.#parts.profiles.reload()
  }

  approvals(): readonly ApprovalStatus[] {
    return this.#parts.approvals.list()
  }

  /** Something comes back where it was for always. Throws not_found. */
  answerApproval(id: string, reply: ApprovalReply): Promise<ApprovalAnswer> | undefined {
    return this.#parts.approvals.answer(id, reply)
  }

  async shares(): Promise<readonly ShareStatus[]> {
    return this.#parts.shares.list()
  }

  async share(name: string): Promise<ShareStatus> {
    return this.#parts.shares.get(name)
  }

  /** Its profiles must be there; whether somebody is logged in to them is for later. */
  async makeShare(name: string, request: ShareRequest): Promise<ShareStatus> {
    const { profiles, shares, audit } = this.#parts
    profiles.expire()
    for (const name of request.profiles) {
      const profile = await profiles.profile(name)
      checkTarget(profile, request)
      if (request.scope !== undefined) checkProfileScope(profile, parseScope(request.scope))
    }
    const status = await shares.make(name, request)
    audit.shareChanged('shared', name)
    return status
  }

  async removeShare(name: string): Promise<void> {
    await this.#parts.shares.remove(name)
    this.#parts.audit.shareChanged('unshared', name)
  }

  /** What is known of the static secrets, but never one itself (L2). */
  async secrets(): Promise<readonly SecretStatus[]> {
    return (await this.#parts.secrets.all()).map(secretStatus)
  }

  async putSecret(name: string, { value, url, username, expires_at: expiresAt }: SecretRequest): Promise<void> {
    const { vault, secrets } = this.#parts
    await vault.prepare()
    await secrets.put({
      name,
      value: redact(value),
      origin: 'user',
      ...(url === undefined ? {} : { url }),
      ...(username === undefined ? {} : { username }),
      ...(expiresAt === undefined ? {} : { expiresAt: expiresAt * 1000 }),
    })
  }

  async removeSecret(name: string): Promise<void> {
    await this.#parts.secrets.remove(name)
  }

  async status(): Promise<AgentStatus> {
    const { about, profiles, warnings, secrets, audit } = this.#parts
    const { failure } = audit
    profiles.expire()
    const notes = [...warnings, ...(failure === undefined ? [] : [failure]), ...(await secrets.warnings().catch(() => []))]
    const sessions = await this.sessions().catch((error: unknown) => {
      notes.push(asFailure(error).message)
      return []
    })
    if (profiles.problem !== undefined) notes.push(profiles.problem)
    return {
      agent: {
        version: about.version,
        protocol: 1,
        pid: process.pid,
        started_at: Math.floor(this.#startedAt / 1000),
        socket: about.socket,
        config: profiles.path,
      },
      vault: this.vaultStatus(),
      sessions,
      warnings: [...new Set(notes)],
    }
  }

  vaultStatus(): VaultStatus {
    const { state, masterKey, detail, hint } = this.#parts.vault.status()
    return {
      state,
      ...(masterKey === undefined ? {} : { master_key: masterKey }),
      ...(detail === undefined ? {} : { detail }),
      ...(hint === undefined ? {} : { hint }),
    }
  }

  async sessions(): Promise<readonly SessionStatus[]> {
    const profiles = await this.#parts.profiles.all()
    return Promise.all(profiles.map((profile) => this.#statusOf(profile)))
  }

  async session(name: string): Promise<SessionStatus> {
    this.#parts.profiles.expire()
    return this.#statusOf(await this.#parts.profiles.profile(name))
  }

  async logIn(name: string | undefined, grant: Grant | undefined, conversation: LoginConversation): Promise<SessionStatus> {
    const { profiles, logins } = this.#parts
    profiles.expire()
    const profile = await profiles.profile(name)
    await logins.logIn(profile, grant ?? profile.grant, conversation)
    return this.#statusOf(profile)
  }

  /** Refreshes a session now, whatever was planned for it. The status says how that ended. */
  async retry(name: string): Promise<SessionStatus> {
    const { profiles, sessions } = this.#parts
    profiles.expire()
    const profile = await profiles.profile(name)
    await sessions.retry(profile)
    return this.#statusOf(profile)
  }

  async logOut(name: string): Promise<LogoutAnswer> {
    const { profiles, sessions, logout } = this.#parts
    profiles.expire()
    const profile = await profiles.profile(name)
    return logout.logOut(profile, await sessions.runner(profile).catch(() => sessions.runnerOverDamaged(profile)))
  }

  /** Resolves when no token can leave and the key is gone from memory; what was being refreshed is saved first. */
  async lock(): Promise<VaultStatus> {
    const { logins, sessions, vault, events } = this.#parts
    logins.cancelAll()
    this.#parts.credentials.forgetAll()
    this.#parts.approvals.forget()
    await sessions.close(locked())
    vault.lock()
    events.publish({ type: 'locked' })
    this.#parts.audit.happened('locked')
    return this.vaultStatus()
  }

  async unlock(passphrase: Redacted<string> | undefined): Promise<VaultStatus> {
    const { sessions, vault, events } = this.#parts
    await vault.unlock(passphrase)
    sessions.open()
    events.publish({ type: 'unlocked' })
    this.#parts.audit.happened('unlocked')
    await sessions.loadAll()
    void this.#parts.secrets.watch()
    return this.vaultStatus()
  }

  async changeMasterKey(choice: MasterKeyChoice): Promise<VaultStatus> {
    await this.#parts.vault.changeMasterKey(choice)
    return this.vaultStatus()
  }

  async discardMasterKey(): Promise<void> {
    await this.#parts.vault.discardMasterKey()
  }

  async setClientSecret(name: string, secret: Redacted<string>): Promise<void> {
    const { profiles, vault } = this.#parts
    profiles.expire()
    const profile = await profiles.profile(name)
    await vault.prepare()
    await profiles.setClientSecret(profile.name, secret.reveal())
  }

  async removeClientSecret(name: string): Promise<void> {
    await this.#parts.profiles.removeClientSecret(name)
  }

  subscribe(subscriber: (event: EventMessage) => void): () => void {
    const { events, about, clock } = this.#parts
    subscriber({ type: 'hello', at: Math.floor(clock.now() / 1000), version: about.version })
    return events.subscribe(subscriber)
  }

  requestShutdown(): void {
    this.#parts.shutDown('stop')
  }

  /** Another agent is about to take the socket; if none does, this one goes on. */
  requestHandover(): HandoverAnswer {
    this.#parts.shutDown('hand over')
    return { socket_of: this.#parts.socketOf }
  }

  async #statusOf(profile: Profile): Promise<SessionStatus> {
    const { sessions, logins } = this.#parts
    try {
      const runner = await sessions.runner(profile)
      await runner.reload()
      return sessionStatus(profile, runner.state, {
        nextWake: runner.wakeAt(profile.refresh === 'ahead'),
        endsAt: sessions.endsAt(profile.name),
        loginPending: logins.isPending(profile.name),
      })
    } catch (error) {
      return unreadableStatus(profile, error)
    }
  }
}
