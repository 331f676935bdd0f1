// Where helpers get credentials from: routes first, then static secrets, and what becomes of those that a server refused or a
// tool wants kept.

import { hash } from 'node:crypto'
import { TokenBucket } from '../../core/util/token-bucket.ts'
import type { AwsCredentials, AwsRole } from '../../core/credentials/cloud-role.ts'
import { Failure } from '../../core/failures.ts'
import {
  withoutUsername,
  isWildcard,
  longestMatch,
  type UrlPattern,
  formatUrlPattern,
} from '../../core/credentials/url-pattern.ts'
import type { Clock } from '../../core/ports.ts'
import { isProfileName } from '../../core/profile.ts'
import { redact, type Redacted } from '../../core/redacted.ts'
import type { Route } from '../../core/credentials/route.ts'
import { isExpired, patternOfSecret, type StaticSecret } from '../../core/credentials/static-secret.ts'
import type { Target } from '../../core/session/session.ts'
import { boundedIdToken, boundedRole, boundedSecret, notShared } from '../../core/access/share.ts'
import type { Credential, HelperPorts } from '../../helpers/ports.ts'
import { usernameAt } from '../../helpers/format.ts'
import type { EventHub } from '../events.ts'
import type { RequestContext, Gate } from '../access/gate.ts'
import type { Profiles } from '../sessions/profiles.ts'
import type { Secrets } from './static-secrets.ts'
import type { Issued } from '../sessions/sessions.ts'

export interface CredentialsPorts {
  readonly clock: Clock
  readonly profiles: Profiles
  readonly secrets: Secrets
  readonly events: EventHub
  /** R11: proves vault and keychain writable. */
  readonly prepareVault: () => Promise<void>
  readonly gate: Gate
  /** `minTtl` in seconds. */
  readonly token: (
    context: RequestContext,
    profile: string | undefined,
    target: Target,
    minTtl: number | undefined,
  ) => Issued | Promise<Issued>
  /** Whether it was one of a session's. */
  readonly refusedToken: (value: string) => boolean
  /** Whether it is one of a session's. */
  readonly isToken: (value: string) => Promise<boolean>
  readonly assumeRole: (role: AwsRole, token: Redacted<string>) => Promise<AwsCredentials>
}

/** botocore asks anew for what has less than 15 minutes left: that, and a minute. */
const leastOfRole = 16 * 60_000
/** What a tool is given must outlast its run. */
const leastOfIdToken = 60_000
const maxIssued = 4096
/** A tool may name each of its sessions anew. */
const maxRoles = 256
/** By one share: so many, and then one every ten minutes. */
const refusalsAtOnce = 3
const refusalsPerSecond = 1 / 600

/** What is remembered of all askers. */
interface Remembered {
  readonly roles: Map<string, Promise<AwsCredentials>>
  /** Digests of what tools were given: they say it back, perhaps after it was replaced. */
  readonly issued: Set<string>
  /** Tokens that a share's clients may say were refused. */
  readonly refusals: Map<string, TokenBucket>
}

export class Credentials {
  readonly #ports: CredentialsPorts
  readonly #remembered: Remembered = { roles: new Map(), issued: new Set(), refusals: new Map() }

  constructor(ports: CredentialsPorts) {
    this.#ports = ports
    // A role's credentials are those of a session: they end with it, and another user's are others.
    ports.events.subscribe(({ type }) => {
      if (type === 'logged_in' || type === 'logged_out' || type === 'login_required') this.forgetAll()
    })
  }

  /** What one caller's helper may ask. */
  for(context: RequestContext): HelperPorts {
    return new AskedFor(this.#ports, this.#remembered, context)
  }

  /** Nothing that was got with the vault open outlives its being locked. */
  forgetAll(): void {
    this.#remembered.roles.clear()
  }
}

class AskedFor implements HelperPorts {
  readonly #ports: CredentialsPorts
  readonly #roles: Remembered['roles']
  readonly #issued: Remembered['issued']
  readonly #refusals: Remembered['refusals']
  readonly #context: RequestContext

  constructor(ports: CredentialsPorts, { roles, issued, refusals }: Remembered, context: RequestContext) {
    this.#ports = ports
    this.#roles = roles
    this.#issued = issued
    this.#refusals = refusals
    this.#context = context
  }

  now(): number {
    return this.#ports.clock.now()
  }

  async at(place: UrlPattern): Promise<Credential | undefined> {
    if (isWildcard(place)) return undefined
    const route = await this.#route(place)
    if (route !== undefined) return this.#isSeen(route.to) ? this.#of(route) : undefined
    const secret = await this.#ports.secrets.find(place)
    if (secret === undefined || !this.#isSeen({ kind: 'secret', secret: secret.name })) return undefined
    return this.#ofSecret(secret)
  }

  /** L3: what a share does not give is not even there, and whether it is elsewhere is the owner's to know. */
  #isSeen(to: Route['to']): boolean {
    const { share } = this.#context
    if (share === undefined) return true
    const [given, name] = to.kind === 'profile' ? [share.profiles, to.profile] : [share.secrets, to.secret]
    if (given.includes(name)) return true
    this.#ports.gate.refused(this.#context, name, {}, notShared(share))
    return false
  }

  named(name: string | undefined, target: Target = {}, minTtl?: number): Credential | Promise<Credential> {
    if (name !== undefined && this.#ports.profiles.known(name) === undefined) return this.#looked(name, target, minTtl)
    return this.#ofProfile(name, target, minTtl)
  }

  /** Of a name that may be a secret's. */
  async #looked(name: string, target: Target, minTtl: number | undefined): Promise<Credential> {
    const { profiles, secrets } = this.#ports
    const isHidden = this.#context.share?.secrets.includes(name) === false
    if (!isHidden && isProfileName(name) && !(await profiles.config()).profiles.has(name)) {
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
      const issued = this.#ports.token(this.#context, name, target, minTtl)
      return issued instanceof Promise ? issued.then((each) => this.#ofToken(each), explain) : this.#ofToken(issued)
    } catch (error) {
      return explain(error)
    }
  }

  async idToken(name: string | undefined) {
    const { share } = this.#context
    if (share !== undefined) this.#within(() => boundedIdToken(share))
    let issued = await this.#ports.token(this.#context, name, {}, undefined)
    for (const mayAskAnew of [true, false]) {
      const { token } = issued
      const { idToken } = token
      const expiresAt = idToken === undefined ? undefined : expiryOf(idToken)
      if (idToken !== undefined && expiresAt !== undefined && expiresAt - this.now() > leastOfIdToken)
        return { value: idToken, expiresAt }
      if (!mayAskAnew || idToken === undefined) break
      // It may end before the access token that it came with: a refresh brings a new one, from most servers.
      this.#ports.refusedToken(token.value.reveal())
      issued = await this.#ports.token(this.#context, name, {}, undefined)
    }
    throw new Failure('unsupported_by_server', `the server gave '${issued.profile}' no ID token that is good now`, {
      profile: issued.profile,
      hint: "`openid` among the profile's scopes brings one, and `authsock login {profile}` a new one",
    })
  }

  async refused(place: UrlPattern, value: string): Promise<void> {
    const { secrets, events, refusedToken } = this.#ports
    // Or whoever is behind a share has the session refreshed as often as he likes.
    if (this.#context.share !== undefined && !this.#mayRefuse()) return
    if (refusedToken(value) || this.#isIssued(value) || this.#context.share !== undefined) return
    if ((await secrets.forget(place, value)).length > 0) return
    const kept = (await secrets.all()).find((secret) => secret.value.reveal() === value)
    if (kept === undefined) return
    events.publish({
      type: 'warning',
      text: `${place.host} has refused the secret '${kept.name}': \`authsock secret add ${kept.name}\` replaces it`,
    })
  }

  async keep(place: UrlPattern, value: Redacted<string>, expiresAt?: number): Promise<{ readonly kept?: string }> {
    const { secrets, prepareVault, isToken } = this.#ports
    this.#refuseShare()
    // Kept, it would be served at every host that it covers.
    if (isWildcard(place)) throw new Failure('bad_request', `'${place.host}' is not one host`)
    // It comes out of a URL, perhaps, and would be shown on terminals.
    if (/\p{Cc}/u.test(place.username ?? '')) {
      throw new Failure('bad_request', 'a user name with control characters is not kept')
    }
    // What a route leads to is ours already; a tool that was given it says it back (docker login, git after a push).
    if (this.#isIssued(value.reveal()) || (await this.#route(place)) !== undefined) return {}
    // Or one that an agent before this one gave out, or that `authsock token` has printed.
    if (await isToken(value.reveal())) return {}
    const known = await secrets.find(place)
    if (known !== undefined && known.value.reveal() === value.reveal()) return {}
    await prepareVault()
    return { kept: await secrets.store(place, value, expiresAt) }
  }

  async forget(place: UrlPattern): Promise<void> {
    this.#refuseShare()
    await this.#ports.secrets.forget(place, undefined)
  }

  async places() {
    this.#refuseShare()
    const { routes } = await this.#ports.profiles.config()
    const secrets = await this.#ports.secrets.all()
    const routed = routes
      .filter(({ pattern: place }) => !isWildcard(place))
      .map(({ pattern: place, username }) => ({ place, username }))
    const stored = secrets.flatMap((secret) => {
      const place = patternOfSecret(secret)
      return place === undefined ? [] : [{ place, username: secret.username }]
    })
    const nobody = { value: redact(''), from: { kind: 'secret', secret: '' } } as const
    return [...routed, ...stored].map(({ place, username }) => ({
      place: withoutUsername(place),
      username: username ?? usernameAt(nobody, place),
    }))
  }

  async assumeRole(name: string | undefined, role: AwsRole, which: 'access_token' | 'id_token'): Promise<AwsCredentials> {
    const { share } = this.#context
    if (share !== undefined) this.#within(() => boundedRole(share, role))
    // What a share gives may be less: what was got for others is not for it.
    const key = JSON.stringify([name, role, which, share])
    // The session is asked all the same: rules, the audit and its end count for what others have brought.
    if (this.#roles.has(key)) await this.#gated(name, which)
    const known = await this.#roles.get(key)?.catch(() => undefined)
    if (known?.expiresAt !== undefined && known.expiresAt - this.now() > leastOfRole) return known
    // Those who come meanwhile share the answer.
    const running = this.#roles.get(key)
    if (running !== undefined && known === undefined) return running
    const asked = this.#assumeRole(name, role, which)
    this.#roles.set(key, asked)
    shorten(this.#roles, maxRoles)
    asked.catch(() => {
      if (this.#roles.get(key) === asked) this.#roles.delete(key)
    })
    return asked
  }

  /** L3: by a shared socket nothing is kept, forgotten or listed. */
  #refuseShare(): void {
    const { share } = this.#context
    if (share === undefined) return
    this.#within(() => {
      throw notShared(share)
    })
  }

  #within(look: () => void): void {
    try {
      look()
    } catch (error) {
      this.#ports.gate.refused(this.#context, undefined, {}, error)
      throw error
    }
  }

  #gated(name: string | undefined, which: 'access_token' | 'id_token') {
    return which === 'id_token' ? this.idToken(name) : this.named(name, {}, undefined)
  }

  async #assumeRole(name: string | undefined, role: AwsRole, which: 'access_token' | 'id_token'): Promise<AwsCredentials> {
    const token = await this.#gated(name, which)
    return this.#ports.assumeRole(role, token.value)
  }

  async #route(place: UrlPattern): Promise<Route | undefined> {
    const { profiles } = this.#ports
    const known = longestMatch(place, (await profiles.config()).routes, (route) => route.pattern)
    if (known !== undefined) return known
    // One may just have been added.
    profiles.expire()
    return longestMatch(place, (await profiles.config()).routes, (route) => route.pattern)
  }

  async #of({ to, username, pattern: place }: Route): Promise<Credential> {
    const named = username === undefined ? {} : { username }
    if (to.kind === 'profile')
      return { ...this.#ofToken(await this.#ports.token(this.#context, to.profile, to.target, undefined)), ...named }
    const secret = await this.#ports.secrets.get(to.secret)
    if (secret !== undefined) return { ...(await this.#ofSecret(secret)), ...named }
    throw new Failure(
      'not_found',
      `the route of ${formatUrlPattern(place)} leads to the secret '${to.secret}', and there is none of that name`,
      {
        hint: `\`authsock secret add ${to.secret}\` adds it`,
      },
    )
  }

  #ofToken({ profile, token }: Issued): Credential {
    const { value, tokenType, expiresAt, scope, target } = token
    this.#issued.add(digestOf(value))
    shorten(this.#issued, maxIssued)
    return {
      value,
      tokenType,
      scope,
      target,
      from: { kind: 'profile', profile },
      ...(expiresAt === undefined ? {} : { expiresAt }),
    }
  }

  #mayRefuse(): boolean {
    const { clock } = this.#ports
    const known = this.#refusals.get(this.#context.share?.name ?? '')
    const allowance = known ?? new TokenBucket(refusalsAtOnce, refusalsPerSecond, clock.now())
    this.#refusals.set(this.#context.share?.name ?? '', allowance)
    return allowance.take(clock.now())
  }

  #isIssued(value: string): boolean {
    return this.#issued.has(digest(value))
  }

  async #ofSecret(secret: StaticSecret): Promise<Credential> {
    const { gate } = this.#ports
    try {
      if (this.#context.share !== undefined) boundedSecret(this.#context.share, secret.name, this.now())
      await gate.check(this.#context, secret.name, {})
      const credential = this.#live(secret)
      const { expiresAt } = credential
      await gate.issued(this.#context, { secret: secret.name, ...(expiresAt === undefined ? {} : { expiresAt }) })
      return credential
    } catch (error) {
      gate.refused(this.#context, secret.name, {}, error)
      throw error
    }
  }

  #live(secret: StaticSecret): Credential {
    const { name, value, username, expiresAt } = secret
    if (isExpired(secret, this.now())) {
      throw new Failure('secret_expired', `the secret '${name}' has expired`, {
        hint: `\`authsock secret add ${name}\` replaces it`,
      })
    }
    return {
      value,
      from: { kind: 'secret', secret: name },
      ...(username === undefined ? {} : { username }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    }
  }
}

/** The first that came go first. */
function shorten(kept: Map<string, unknown> | Set<string>, most: number): void {
  for (const first of kept.keys()) {
    if (kept.size <= most) break
    kept.delete(first)
  }
}

/** A token is given many times. */
const digests = new WeakMap<Redacted<string>, string>()

function digestOf(token: Redacted<string>): string {
  const known = digests.get(token) ?? digest(token.reveal())
  digests.set(token, known)
  return known
}

const digest = (value: string): string => hash('sha256', value, 'base64url')

/** Of a JWT; ms since the epoch. */
function expiryOf(token: Redacted<string>): number | undefined {
  try {
    const payload = JSON.parse(Buffer.from(token.reveal().split('.')[1] ?? '', 'base64url').toString()) as { exp?: unknown }
    return typeof payload.exp === 'number' ? payload.exp * 1000 : undefined
  } catch {
    return undefined
  }
}
