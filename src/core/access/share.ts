// A shared socket's bounds: which profiles, scopes and resource it gives tokens for, and until when. It can do nothing else (L3).

import type { AwsRole } from '../credentials/cloud-role.ts'
import { Failure } from '../failures.ts'
import type { EpochMs, Target } from '../session/session.ts'

export interface Share {
  readonly name: string
  /** At least one; the first is what a request gets that names none. */
  readonly profiles: readonly string[]
  /** Static secrets that helpers may give. */
  readonly secrets: readonly string[]
  /** The most that is given, and what a request gets that names none. Undefined: whatever the profile's session has. */
  readonly scope?: readonly string[]
  /** Fixed; a request may name it, or nothing. */
  readonly resource?: string
  readonly audience?: string
  readonly createdAt: EpochMs
  readonly expiresAt: EpochMs
  /** Where the socket does not cross: a port of 127.0.0.1 too. */
  readonly tcp?: ShareTcp
}

export interface ShareTcp {
  /** The same as long as the share lives. */
  readonly port: number
  /** SHA-256 of what each request has to bring, in hex. The secret itself is for those who can read the share's folder. */
  readonly secretHash: string
}

export interface Bounded {
  readonly profile: string
  readonly target: Target
}

const limited = (share: Share, what: string): Failure =>
  new Failure('share_limited', `the share '${share.name}' ${what}; it gives ${boundsText(share)}`, {
    hint: 'ask for what it gives, or have its owner make another: `authsock share create`',
  })

/** What a request by this share becomes. Throws share_expired, share_limited, which say what is allowed. */
export function bounded(share: Share, profile: string | undefined, target: Target, now: EpochMs): Bounded {
  if (now >= share.expiresAt) throw new Failure('share_expired', `the share '${share.name}' has ended`)
  const [first = ''] = share.profiles
  const wanted = profile ?? first
  if (!share.profiles.includes(wanted)) throw limited(share, `does not give '${wanted}'`)
  const extra = share.scope === undefined ? [] : (target.scope ?? []).filter((scope) => share.scope?.includes(scope) !== true)
  if (extra.length > 0) throw limited(share, `does not give the scope ${extra.map((scope) => `'${scope}'`).join(', ')}`)
  for (const key of ['resource', 'audience'] as const) {
    const asked = target[key]
    if (asked !== undefined && asked !== share[key] && isFixed(share)) throw limited(share, `is not for ${key} '${asked}'`)
  }
  const { scope = share.scope } = target
  const place = isFixed(share) ? share : target
  return {
    profile: wanted,
    target: {
      ...(scope === undefined ? {} : { scope }),
      ...(place.resource === undefined ? {} : { resource: place.resource }),
      ...(place.audience === undefined ? {} : { audience: place.audience }),
    },
  }
}

/** Throws share_expired, share_limited. */
export function boundedSecret(share: Share, name: string, now: EpochMs): void {
  if (now >= share.expiresAt) throw new Failure('share_expired', `the share '${share.name}' has ended`)
  if (!share.secrets.includes(name)) throw limited(share, `does not give the secret '${name}'`)
}

/** An ID token says who the user is, to whoever takes it, and knows no scope and no resource. Throws share_limited. */
export function boundedIdToken(share: Share): void {
  const isWithin = (share.scope === undefined || share.scope.includes('openid')) && !isFixed(share)
  if (!isWithin) throw limited(share, 'gives no ID token, which it would with `openid` among its scopes and for no one resource')
}

/** The agent is on the machine's network, and whoever is behind a share need not be: it goes where it goes by itself. */
export function boundedRole(share: Share, { endpoint }: AwsRole): void {
  if (endpoint !== undefined) throw limited(share, `asks nobody at '${endpoint.slice(0, 100)}'`)
}

/** Whatever else is asked of it. */
export const notShared = (share: Share): Failure => limited(share, 'answers requests for tokens and nothing else')

const isFixed = ({ resource, audience }: Share): boolean => resource !== undefined || audience !== undefined

/** For people. */
function boundsText({ profiles, secrets, scope, resource, audience }: Share): string {
  const parts = [
    `tokens of ${profiles.map((profile) => `'${profile}'`).join(', ')}`,
    scope === undefined ? undefined : `with ${scope.join(' ')}`,
    resource === undefined ? undefined : `for ${resource}`,
    audience === undefined ? undefined : `for ${audience}`,
    secrets.length === 0 ? undefined : `and the secrets ${secrets.join(', ')}`,
  ]
  return parts.filter((part) => part !== undefined).join(' ')
}
