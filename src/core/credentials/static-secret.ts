// Static secrets: passwords, personal access tokens, API keys. They do not refresh; where one says when it ends, that is
// watched.

import { Failure } from '../failures.ts'
import { withoutUsername, longestMatch, parseUrlPattern, type UrlPattern } from './url-pattern.ts'
import { redact, type Redacted } from '../redacted.ts'
import type { EpochMs } from '../session/session.ts'

export interface StaticSecret {
  readonly name: string
  readonly value: Redacted<string>
  /** Where it may be used without a route. */
  readonly url?: string
  readonly username?: string
  readonly createdAt: EpochMs
  readonly expiresAt?: EpochMs
  /** `tool`: stored by git, docker and the like, which may also have it removed. */
  readonly origin: 'user' | 'tool'
}

export const patternOfSecret = ({ url, username }: StaticSecret): UrlPattern | undefined => {
  const place = url === undefined ? undefined : parseUrlPattern(url)
  if (place === undefined) return undefined
  return username === undefined ? place : { ...place, username }
}

export const isExpired = ({ expiresAt }: { readonly expiresAt?: EpochMs | undefined }, now: EpochMs): boolean =>
  expiresAt !== undefined && expiresAt <= now

/** What a search needs to know of a secret, and nothing of its value. */
export interface SecretEntry {
  readonly name: string
  readonly pattern: UrlPattern
  readonly origin: StaticSecret['origin']
  readonly expiresAt: EpochMs | undefined
}

/** Of those that have a place, in their order. */
export const findable = (secrets: readonly StaticSecret[]): readonly SecretEntry[] =>
  secrets.flatMap((secret) => {
    const place = patternOfSecret(secret)
    return place === undefined ? [] : [{ name: secret.name, pattern: place, origin: secret.origin, expiresAt: secret.expiresAt }]
  })

/** The one that says most about the place; one that has expired gives way to one that has not, what a tool stored to what the user added. */
export function bestFor(place: UrlPattern, all: readonly SecretEntry[], now: EpochMs): SecretEntry | undefined {
  const [added, stored] = [all.filter(({ origin }) => origin === 'user'), all.filter(({ origin }) => origin === 'tool')]
  // What a tool stored, perhaps from a URL of somebody else's, takes the place of what the user added only where it is asked for.
  const at = (each: SecretEntry): UrlPattern =>
    each.origin === 'user' || place.username !== undefined ? each.pattern : withoutUsername(each.pattern)
  const candidates = [...added, ...stored]
  const live = candidates.filter((each) => !isExpired(each, now))
  return longestMatch(place, live, at) ?? longestMatch(place, candidates, at)
}

/** Prefixes by which issuers let their secrets be recognised; the longest first where one begins with another. */
const prefixes: readonly (readonly [string, string])[] = [
  ['github_pat_', 'GitHub fine-grained token'],
  ['ghp_', 'GitHub personal access token'],
  ['gho_', 'GitHub OAuth token'],
  ['ghu_', 'GitHub user token'],
  ['ghs_', 'GitHub installation token'],
  ['glpat-', 'GitLab personal access token'],
  ['gldt-', 'GitLab deploy token'],
  ['glrt-', 'GitLab runner token'],
  ['npm_', 'npm token'],
  ['pypi-', 'PyPI token'],
  ['cio', 'crates.io token'],
  ['dckr_pat_', 'Docker Hub token'],
  ['dop_v1_', 'DigitalOcean token'],
  ['hf_', 'Hugging Face token'],
  ['sk-ant-', 'Anthropic API key'],
  ['sk-proj-', 'OpenAI API key'],
  ['xoxb-', 'Slack bot token'],
  ['xoxp-', 'Slack user token'],
  ['sk_live_', 'Stripe secret key'],
  ['hvs.', 'Vault token'],
  ['AKIA', 'AWS access key id'],
  ['eyJ', 'JSON Web Token'],
]

/** What the secret looks like, for display; undefined where nothing is known of it. */
export const kindOfSecret = (value: string): string | undefined => prefixes.find(([prefix]) => value.startsWith(prefix))?.[1]

const version = 1

export function encodeSecret(secret: StaticSecret): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ version, ...secret, value: secret.value.reveal() }))
}

/** Throws record_damaged. */
export function decodeSecret(content: Uint8Array, name: string): StaticSecret {
  const json = parse(content)
  const { value, url, username, createdAt, expiresAt, origin } = json
  const isWhole =
    json['version'] === version &&
    json['name'] === name &&
    typeof value === 'string' &&
    typeof createdAt === 'number' &&
    (origin === 'user' || origin === 'tool') &&
    (url === undefined || typeof url === 'string') &&
    (username === undefined || typeof username === 'string') &&
    (expiresAt === undefined || typeof expiresAt === 'number')
  if (!isWhole) throw damaged(name)
  return {
    name,
    value: redact(value),
    createdAt,
    origin,
    ...(url === undefined ? {} : { url }),
    ...(username === undefined ? {} : { username }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}

function parse(content: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content))
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

const damaged = (name: string): Failure =>
  new Failure('record_damaged', `the stored secret '${name}' cannot be read`, {
    hint: `the file is kept; \`authsock secret add ${name}\` replaces it`,
  })

/** A name for what a tool stores: the host, the port and the user, and a number where that is taken by another place. */
export function nameOfSecret(place: UrlPattern, isTaken: (name: string) => boolean): string {
  const { host, port, username } = place
  const parts = [host.replace('*.', 'any.'), port, username].filter((part) => part !== undefined).join('-')
  const base = (
    parts
      .toLowerCase()
      .replaceAll(/[^a-z0-9._-]+/g, '-')
      .replace(/^[._-]+/, '') || 'secret'
  ).slice(0, 56)
  for (let count = 1; ; count++) {
    const name = count === 1 ? base : `${base}-${count}`
    if (!isTaken(name)) return name
  }
}
