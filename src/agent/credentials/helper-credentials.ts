// What one helper call may use (helpers/ports.ts): the credential of a URL or a name, and what becomes of one that a server
// refused or a tool wants stored.

import type { AwsCredentials, AwsRole } from '../../core/credentials/cloud-role.ts'
import type { Route } from '../../core/credentials/route.ts'
import { isExpired, patternOfSecret, type StaticSecret } from '../../core/credentials/static-secret.ts'
import {
  formatUrlPattern,
  isWildcard,
  longestMatch,
  type UrlPattern,
  withoutUsername,
} from '../../core/credentials/url-pattern.ts'
import { Failure } from '../../core/failures.ts'
import type { Clock } from '../../core/ports.ts'
import { isProfileName } from '../../core/profile.ts'
import { redact, type Redacted } from '../../core/redacted.ts'
import type { EpochMs, Target } from '../../core/session/session.ts'
import { defined } from '../../core/util/defined.ts'
import { duration } from '../../core/util/durations.ts'
import { jwtExpiry } from '../../core/util/jwt-payload.ts'
import { usernameAt } from '../../helpers/format.ts'
import type { Credential, HelperPorts } from '../../helpers/ports.ts'
import type { Issuer, TokenUse } from '../access/issuer.ts'
import type { RequestContext } from '../access/request-context.ts'
import type { EventHub } from '../events.ts'
import type { Profiles } from '../sessions/profiles.ts'
import type { Issued } from '../sessions/sessions.ts'
import type { CredentialMemory } from './credential-memory.ts'
import { digestOf } from './issued-tokens.ts'
import { refusalPauseMs } from './refusal-guard.ts'
import type { Secrets } from './static-secrets.ts'

export interface CredentialsPorts {
  readonly clock: Clock
  readonly profiles: Profiles
  readonly secrets: Secrets
  readonly events: EventHub
  readonly issuer: Issuer
  /** R11: proves vault and keychain writable. */
  readonly prepareVault: () => Promise<void>
  /** A server has refused this token; whether it is one of a session. */
  readonly refusedToken: (value: string) => boolean
  /** Whether it is a token of a session. */
  readonly isToken: (value: string) => Promise<boolean>
  readonly assumeRole: (role: AwsRole, token: Redacted<string>) => Promise<AwsCredentials>
}

/** ms that an ID token must live: what a tool is given must outlast its run. */
const minIdTokenLifeMs = 60_000

export class HelperCredentials implements HelperPorts {
  readonly #ports: CredentialsPorts
  readonly #memory: CredentialMemory
  readonly #context: RequestContext

  constructor(ports: CredentialsPorts, memory: CredentialMemory, context: RequestContext) {
    this.#ports = ports
    this.#memory = memory
    this.#context = context
  }

  now(): EpochMs {
    return this.#ports.clock.now()
  }

  async at(url: UrlPattern): Promise<Credential | undefined> {
    if (isWildcard(url)) return undefined
    const { issuer, secrets } = this.#ports
    const route = await this.#route(url)
    if (route !== undefined) {
      const { to } = route
      const credential = to.kind === 'profile' ? ({ kind: 'access_token', profile: to.profile } as const) : to
      return issuer.isVisible(this.#context, credential) ? this.#ofRoute(route) : undefined
    }
    const secret = await secrets.find(url)
    if (secret === undefined || !issuer.isVisible(this.#context, { kind: 'secret', secret: secret.name })) return undefined
    return this.#ofSecret(secret)
  }

  named(name: string | undefined, target: Target = {}, minTtl?: number): Credential | Promise<Credential> {
    if (name !== undefined && this.#ports.profiles.known(name) === undefined) return this.#lookUp(name, target, minTtl)
    return this.#ofProfile(name, target, minTtl)
  }

  async idToken(name: string | undefined): Promise<{ readonly value: Redacted<string>; readonly expiresAt: EpochMs }> {
    return this.#idToken(name, { kind: 'id_token' })
  }

  async refused(url: UrlPattern, value: string): Promise<void> {
    const { secrets, events, refusedToken } = this.#ports
    const { share } = this.#context
    if (share !== undefined && !this.#memory.mayReportRefusal(share.name, this.now())) return
    if (this.#memory.issued.has(value)) {
      if (this.#mayReplace(url, value)) refusedToken(value)
      return
    }
    if (refusedToken(value) || share !== undefined) return
    if ((await secrets.forget(url, value)).length > 0) return
    const kept = (await secrets.all()).find((secret) => secret.value.reveal() === value)
    if (kept === undefined) return
    events.publish({
      type: 'warning',
      text: `${url.host} has refused the secret '${kept.name}': \`authsock secret add ${kept.name}\` replaces it`,
    })
  }

  /** H11: whether another token can help. */
  #mayReplace(url: UrlPattern, value: string): boolean {
    const { issued, refusalGuard } = this.#memory
    const [digest, host] = [digestOf(value), hostOf(url)]
    const verdict = refusalGuard.refused(host, digest, issued.firstIssuedAt(digest), this.now())
    if (verdict === 'pause') {
      this.#ports.events.publish({
        type: 'warning',
        text: `${host} refuses every new token: no other one is requested for it in the next ${duration(refusalPauseMs / 1000)}`,
      })
    }
    return verdict === 'replace'
  }

  async keep(url: UrlPattern, value: Redacted<string>, expiresAt?: EpochMs): Promise<{ readonly kept?: string }> {
    const { issuer, secrets, prepareVault, isToken } = this.#ports
    issuer.operation(this.#context, 'admin')
    // Stored, it would be served to every host that the pattern covers.
    if (isWildcard(url)) throw new Failure('bad_request', `'${url.host}' is a pattern, and not one host`)
    if (/\p{Cc}/u.test(url.username ?? '')) {
      throw new Failure('bad_request', 'a user name with control characters is not stored')
    }
    // A credential that came from the agent comes back: docker login, git after a push, `authsock token` on a command line.
    const isIssued = this.#memory.issued.has(value.reveal())
    if (isIssued) this.#memory.refusalGuard.accepted(hostOf(url))
    if (isIssued || (await this.#route(url)) !== undefined) return {}
    if (await isToken(value.reveal())) return {}
    const known = await secrets.find(url)
    if (known !== undefined && known.value.reveal() === value.reveal()) return {}
    await prepareVault()
    return { kept: await secrets.store(url, value, expiresAt) }
  }

  async forget(url: UrlPattern): Promise<void> {
    this.#ports.issuer.operation(this.#context, 'admin')
    await this.#ports.secrets.forget(url, undefined)
  }

  async available(): Promise<readonly { readonly url: UrlPattern; readonly username: string }[]> {
    const { issuer, profiles, secrets } = this.#ports
    issuer.operation(this.#context, 'read')
    const { routes } = await profiles.config()
    const all = await secrets.all()
    const usernameOf = (to: Route['to']) =>
      to.kind === 'secret' ? all.find(({ name }) => name === to.secret)?.username : undefined
    const routed = routes
      .filter(({ pattern }) => !isWildcard(pattern))
      .map(({ pattern, username, to }) => ({ pattern, username: username ?? usernameOf(to), to }))
    const stored = all.flatMap((secret) => {
      const pattern = patternOfSecret(secret)
      return pattern === undefined
        ? []
        : [{ pattern, username: secret.username, to: { kind: 'secret', secret: secret.name } as const }]
    })
    const isAvailable = await Promise.all([...routed, ...stored].map(({ to }) => this.#isAvailable(to, all)))
    const unnamed = { value: redact(''), from: { kind: 'secret', secret: '' } } as const
    return [...routed, ...stored]
      .filter((_, index) => isAvailable[index])
      .map(({ pattern, username }) => ({
        url: withoutUsername(pattern),
        username: username ?? usernameAt(unnamed, pattern),
      }))
  }

  async #isAvailable(to: Route['to'], secrets: readonly StaticSecret[]): Promise<boolean> {
    const { issuer } = this.#ports
    if (to.kind === 'profile') return issuer.isTokenAvailable(this.#context, to.profile, to.target)
    const secret = secrets.find(({ name }) => name === to.secret)
    return secret !== undefined && !isExpired(secret, this.now()) && issuer.isSecretAvailable(this.#context, secret.name)
  }

  async assumeRole(name: string | undefined, role: AwsRole, exchanged: 'access_token' | 'id_token'): Promise<AwsCredentials> {
    const { share } = this.#context
    const use = { kind: 'cloud_role', role, exchanged } as const
    const key = JSON.stringify([name, role, exchanged, share])
    const token = (): Promise<Redacted<string>> => this.#tokenFor(name, use)
    // Authorized and audited for each request, whoever has brought the credentials that are kept.
    const exists = this.#memory.roles.has(key)
    if (exists) await token()
    return this.#memory.roles.get(key, this.now(), async () => this.#ports.assumeRole(role, await token()))
  }

  async #tokenFor(name: string | undefined, use: Extract<TokenUse, { kind: 'cloud_role' }>): Promise<Redacted<string>> {
    if (use.exchanged === 'id_token') return (await this.#idToken(name, use)).value
    const { token } = await this.#token(name, {}, undefined, use)
    this.#memory.issued.add(token.value, this.now())
    return token.value
  }

  async #idToken(name: string | undefined, use: TokenUse) {
    let issued = await this.#token(name, {}, undefined, use)
    for (const mayRefresh of [true, false]) {
      const { idToken, value } = issued.token
      const expiresAt = idToken === undefined ? undefined : jwtExpiry(idToken.reveal())
      if (idToken !== undefined && expiresAt !== undefined && expiresAt - this.now() > minIdTokenLifeMs) {
        return { value: idToken, expiresAt }
      }
      if (!mayRefresh || idToken === undefined) break
      // It may expire before the access token that it came with: most servers send a new one with a refresh.
      this.#ports.refusedToken(value.reveal())
      issued = await this.#token(name, {}, undefined, use)
    }
    throw new Failure('unsupported_by_server', `the server sent no ID token for '${issued.profile}' that is still valid`, {
      profile: issued.profile,
      hint: "add `openid` to the profile's scopes, and log in again: `authsock login {profile}`",
    })
  }

  #token(name: string | undefined, target: Target, minTtl: number | undefined, use?: TokenUse): Issued | Promise<Issued> {
    return this.#ports.issuer.token(this.#context, { profile: name, target, minTtl }, use)
  }

  /** Of a name that may be a secret's. */
  async #lookUp(name: string, target: Target, minTtl: number | undefined): Promise<Credential> {
    const { profiles, secrets, issuer } = this.#ports
    const isCandidate = isProfileName(name) && issuer.mayExist(this.#context, { kind: 'secret', secret: name })
    if (isCandidate && !(await profiles.config()).profiles.has(name)) {
      const secret = await secrets.get(name)
      if (secret !== undefined) return this.#ofSecret(secret)
    }
    return this.#ofProfile(name, target, minTtl)
  }

  #ofProfile(name: string | undefined, target: Target, minTtl: number | undefined): Credential | Promise<Credential> {
    const explain = (error: unknown): never => {
      if (!(error instanceof Failure) || error.code !== 'unknown_profile') throw error
      throw new Failure('unknown_profile', `${error.message}; nor is there a secret of that name`, {
        ...error.details,
        hint: '`authsock profile list` and `authsock secret list` show what there is',
      })
    }
    try {
      const issued = this.#token(name, target, minTtl)
      return issued instanceof Promise ? issued.then((each) => this.#ofToken(each), explain) : this.#ofToken(issued)
    } catch (error) {
      return explain(error)
    }
  }

  async #route(url: UrlPattern): Promise<Route | undefined> {
    const { profiles } = this.#ports
    const known = longestMatch(url, (await profiles.config()).routes, (route) => route.pattern)
    if (known !== undefined) return known
    // One may just have been added.
    profiles.expire()
    return longestMatch(url, (await profiles.config()).routes, (route) => route.pattern)
  }

  async #ofRoute({ to, username, pattern }: Route): Promise<Credential> {
    const named = defined({ username })
    if (to.kind === 'profile') return { ...this.#ofToken(await this.#token(to.profile, to.target, undefined)), ...named }
    const secret = await this.#ports.secrets.get(to.secret)
    if (secret !== undefined) return { ...(await this.#ofSecret(secret)), ...named }
    throw new Failure(
      'not_found',
      `the route ${formatUrlPattern(pattern)} names the secret '${to.secret}', which does not exist`,
      {
        hint: `\`authsock secret add ${to.secret}\` adds it`,
      },
    )
  }

  #ofToken({ profile, token }: Issued): Credential {
    const { value, tokenType, expiresAt, scope, target } = token
    this.#memory.issued.add(value, this.now())
    return { value, tokenType, scope, target, from: { kind: 'profile', profile }, ...defined({ expiresAt }) }
  }

  async #ofSecret(secret: StaticSecret): Promise<Credential> {
    return this.#ports.issuer.secret(this.#context, secret.name, () => {
      if (isExpired(secret, this.now())) throw secretExpired(secret.name)
      const { name, value, username, expiresAt } = secret
      return { value, from: { kind: 'secret', secret: name } as const, ...defined({ username, expiresAt }) }
    })
  }
}

/** Without path and user name: what a server refuses at one path it would refuse at another. */
const hostOf = (url: UrlPattern): string => formatUrlPattern({ ...withoutUsername(url), segments: [] })

const secretExpired = (name: string): Failure =>
  new Failure('secret_expired', `the secret '${name}' has expired`, { hint: `\`authsock secret add ${name}\` replaces it` })
