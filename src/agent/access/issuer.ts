// Issues credentials: resolves what a request is for, has it authorized, gets it, has what the server granted authorized, and
// writes the audit log. Every token and secret leaves the agent by way of this file.

import type { RequestedCredential } from '../../core/access/access-request.ts'
import type { RuleMatch } from '../../core/access/rules.ts'
import { profileTarget, resolveTarget } from '../../core/access/resolve-target.ts'
import type { Permission } from '../../core/access/authorize.ts'
import { notShared } from '../../core/access/share.ts'
import { asFailure, Failure } from '../../core/failures.ts'
import type { Profile } from '../../core/profile.ts'
import { sameScope } from '../../core/session/scope.ts'
import type { EpochMs, Target } from '../../core/session/session.ts'
import { thenSync } from '../../core/util/then-sync.ts'
import type { Profiles } from '../sessions/profiles.ts'
import type { Issued, Sessions } from '../sessions/sessions.ts'
import type { AccessControl } from './access-control.ts'
import type { AuditTrail } from './audit-trail.ts'
import type { RequestContext } from './request-context.ts'

export interface IssuerPorts {
  readonly profiles: Pick<Profiles, 'known' | 'profile'>
  readonly sessions: Pick<Sessions, 'token' | 'grantedScope'>
  readonly control: AccessControl
  readonly audit: AuditTrail
  /** Whether the clients of a share may cause a refresh now (S4). */
  readonly mayRefresh: (share: string) => boolean
  /** A login of the profile is under way (R12). */
  readonly isLoginPending: (profile: string) => boolean
}

/** What is asked for. `minTtl` in seconds. */
export interface TokenRequest {
  /** Undefined: the share's first profile, else the default profile. */
  readonly profile: string | undefined
  readonly target: Target
  readonly minTtl: number | undefined
}

/** Which credential of a profile: `exchanged` and `role` belong to a cloud role. */
export type TokenUse =
  | { readonly kind: 'access_token' }
  | { readonly kind: 'id_token' }
  | Omit<Extract<RequestedCredential, { kind: 'cloud_role' }>, 'profile'>

type ProfileCredential = Exclude<RequestedCredential, { kind: 'secret' }>

const accessToken: TokenUse = { kind: 'access_token' }
/** An ID token is bound to no resource, and has no scope but this one. */
const idTokenTarget: Target = { scope: ['openid'] }

export class Issuer {
  readonly #ports: IssuerPorts

  constructor(ports: IssuerPorts) {
    this.#ports = ports
  }

  /** Synchronous if nothing has to be looked up, asked or waited for. Throws (rejects with) a Failure, which is audited. */
  token(context: RequestContext, request: TokenRequest, use: TokenUse = accessToken): Issued | Promise<Issued> {
    const { profiles } = this.#ports
    const name = request.profile ?? context.share?.profiles[0]
    const refuse = (error: unknown): never => this.#refuse(context, error, use, name, request.target)
    try {
      const profile = profiles.known(name)
      const issued =
        profile === undefined
          ? this.#lookUp(context, name, request, use)
          : this.#issue(context, { ...use, profile: profile.name }, profile, request)
      return issued instanceof Promise ? issued.catch(refuse) : issued
    } catch (error) {
      return refuse(error)
    }
  }

  /**
   * A static secret, which `read` gives at the moment it leaves. Rejects with denied, share_*, approval_*, secret_expired; the
   * refusal is audited.
   */
  async secret<T extends { readonly expiresAt?: EpochMs }>(context: RequestContext, secret: string, read: () => T): Promise<T> {
    const { control, audit } = this.#ports
    const credential = { kind: 'secret', secret } as const
    try {
      const match = await control.check(context, { requester: context.requester, credential, target: {} })
      const value = read()
      await audit.issuedSecret(context, secret, value.expiresAt, match)
      return value
    } catch (error) {
      audit.refused(context, error, { credential })
      throw error
    }
  }

  /**
   * Whether the credential exists for the clients of the share that the request came by; if not, that is audited. Always true on
   * the main socket: its rules are applied when the credential is issued.
   */
  isVisible(context: RequestContext, credential: RequestedCredential): boolean {
    const { control, audit } = this.#ports
    if (context.share === undefined || !control.isExcluded(context, credential)) return true
    audit.refused(context, notShared(context.share), { credential })
    return false
  }

  /** As `isVisible`, of a name that may mean something else: nothing is audited. */
  mayExist(context: RequestContext, credential: RequestedCredential): boolean {
    return !this.#ports.control.isExcluded(context, credential)
  }

  /**
   * Whether a token would be issued now, without asking the user and without a login. A token that is due is refreshed, so that the request
   * that follows is served from the cache. Nothing leaves, and nothing is audited.
   */
  async isTokenAvailable(context: RequestContext, name: string, wanted: Target): Promise<boolean> {
    const { profiles, sessions, control } = this.#ports
    try {
      const profile = await profiles.profile(name)
      const { requested, resolved } = resolveTarget(wanted, profile, context.share, sessions.grantedScope(profile))
      const credential = { kind: 'access_token', profile: name } as const
      const access = { requester: context.requester, credential, target: resolved }
      const own = profileTarget(profile)
      if (!(await control.isAllowed(context, access, own))) return false
      const { token } = await sessions.token(profile, requested, undefined)
      return await control.isAllowed(context, { ...access, granted: token.scope }, own)
    } catch {
      return false
    }
  }

  /** The same for a static secret. */
  isSecretAvailable(context: RequestContext, secret: string): Promise<boolean> {
    const credential = { kind: 'secret', secret } as const
    return this.#ports.control.isAllowed(context, { requester: context.requester, credential, target: {} })
  }

  /** Throws share_limited, audited, if the operation is for the main socket only. */
  operation(context: RequestContext, permission: Permission): void {
    try {
      this.#ports.control.checkOperation(context, permission)
    } catch (error) {
      this.#ports.audit.refused(context, error)
      throw error
    }
  }

  async #lookUp(context: RequestContext, name: string | undefined, request: TokenRequest, use: TokenUse): Promise<Issued> {
    const { profiles, control } = this.#ports
    // What a share does not have is refused before it is looked up: whether it exists is not for its clients to know.
    const credential = { ...use, profile: name ?? '' }
    if (name !== undefined && control.isExcluded(context, credential)) {
      await control.check(context, { requester: context.requester, credential, target: request.target })
    }
    const profile = await profiles.profile(name)
    return this.#issue(context, { ...use, profile: profile.name }, profile, request)
  }

  #issue(
    context: RequestContext,
    credential: ProfileCredential,
    profile: Profile,
    { target: wanted, minTtl }: TokenRequest,
  ): Issued | Promise<Issued> {
    const { sessions, control } = this.#ports
    const { requested, resolved } = resolveTarget(wanted, profile, context.share, sessions.grantedScope(profile))
    const usesIdToken =
      credential.kind === 'id_token' || (credential.kind === 'cloud_role' && credential.exchanged === 'id_token')
    const access = { requester: context.requester, credential, target: usesIdToken ? idTokenTarget : resolved }
    const own = profileTarget(profile)
    const mayRefresh = context.share && this.#refreshOf(context.share.name)
    return thenSync(control.check(context, access, own), (match) =>
      thenSync(sessions.token(profile, usesIdToken ? own : requested, minTtl, mayRefresh), (issued) => {
        const isAsDecided = usesIdToken || sameScope(issued.token.scope, resolved.scope)
        if (isAsDecided) return this.#audited(context, credential, issued, match)
        // R16: what the server granted bounds what leaves.
        const granted = control.check(context, { ...access, granted: issued.token.scope }, own)
        return thenSync(granted, (match) => this.#audited(context, credential, issued, match))
      }),
    )
  }

  #refreshOf(share: string): () => boolean {
    return () => this.#ports.mayRefresh(share)
  }

  #audited(
    context: RequestContext,
    credential: ProfileCredential,
    issued: Issued,
    match: RuleMatch | undefined,
  ): Issued | Promise<Issued> {
    return thenSync(this.#ports.audit.issuedToken(context, credential, issued.token, match), () => issued)
  }

  #refuse(context: RequestContext, error: unknown, use: TokenUse, name: string | undefined, target: Target): never {
    const failure = this.#explained(asFailure(error))
    const profile = name ?? failure.details.profile
    this.#ports.audit.refused(context, failure, {
      target,
      ...(profile === undefined ? {} : { credential: { ...use, profile } }),
    })
    throw context.share === undefined ? failure : withoutNames(failure)
  }

  /** R12: while a login is under way, those who need its result are told so at once. */
  #explained(failure: Failure): Failure {
    const { profile } = failure.details
    if (failure.code !== 'login_required' || profile === undefined || !this.#ports.isLoginPending(profile)) return failure
    return new Failure('login_pending', `a login for '${profile}' is under way`, { profile, retryAfter: 5 })
  }
}

/** L3: which profiles there are is not for the clients of a share to know. */
const withoutNames = (failure: Failure): Failure =>
  failure.code === 'unknown_profile'
    ? new Failure('unknown_profile', 'the profile that this share was made for does not exist any more')
    : failure
