// Static secrets: passwords, personal access tokens, API keys. They are not refreshed; the user is told before one expires.

import { withoutUsername, longestMatch, parseUrlPattern, type UrlPattern } from './url-pattern.ts'
import type { Redacted } from '../redacted.ts'
import type { EpochMs } from '../session/session.ts'
import { defined } from '../util/defined.ts'

export interface StaticSecret {
  readonly name: string
  readonly value: Redacted<string>
  /** The URL that it is used for without a route. */
  readonly url?: string
  readonly username?: string
  readonly createdAt: EpochMs
  readonly expiresAt?: EpochMs
  /** `tool`: stored by git, docker and the like, which may remove it as well. */
  readonly origin: 'user' | 'tool'
}

export function patternOfSecret({ url, username }: StaticSecret): UrlPattern | undefined {
  const pattern = url === undefined ? undefined : parseUrlPattern(url)
  return pattern === undefined ? undefined : { ...pattern, ...defined({ username }) }
}

export const isExpired = ({ expiresAt }: { readonly expiresAt?: EpochMs | undefined }, now: EpochMs): boolean =>
  expiresAt !== undefined && expiresAt <= now

/** What the search by URL needs, without the value. */
export interface SecretEntry {
  readonly name: string
  readonly pattern: UrlPattern
  readonly origin: StaticSecret['origin']
  readonly expiresAt: EpochMs | undefined
}

/** Those that have a URL, in their order. */
export const findable = (secrets: readonly StaticSecret[]): readonly SecretEntry[] =>
  secrets.flatMap((secret) => {
    const pattern = patternOfSecret(secret)
    return pattern === undefined ? [] : [{ name: secret.name, pattern, origin: secret.origin, expiresAt: secret.expiresAt }]
  })

/** The most specific one for the URL. One that has not expired comes before one that has, one of the user before one of a tool. */
export function bestFor(url: UrlPattern, all: readonly SecretEntry[], now: EpochMs): SecretEntry | undefined {
  const [added, stored] = [all.filter(({ origin }) => origin === 'user'), all.filter(({ origin }) => origin === 'tool')]
  // A tool may have stored it for a user name in a URL that somebody else wrote: that name counts only if it is requested.
  const at = (each: SecretEntry): UrlPattern =>
    each.origin === 'user' || url.username !== undefined ? each.pattern : withoutUsername(each.pattern)
  const candidates = [...added, ...stored]
  const live = candidates.filter((each) => !isExpired(each, now))
  return longestMatch(url, live, at) ?? longestMatch(url, candidates, at)
}

/** Prefixes of the secrets of known issuers; a longer one comes before its own beginning. */
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

/** For display; undefined if the prefix is not known. */
export const kindOfSecret = (value: string): string | undefined => prefixes.find(([prefix]) => value.startsWith(prefix))?.[1]

/** A name for a secret that a tool stores: host, port and user name, and a number if that is taken. */
export function nameOfSecret(url: UrlPattern, isTaken: (name: string) => boolean): string {
  const { host, port, username } = url
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
