// URL patterns: which URLs a route or a static secret is for. Helper protocols name a URL, or a host alone; of the patterns that
// cover it the most specific one wins. Paths are compared by whole segments; a part that a pattern leaves out matches anything.

import { defined } from '../util/defined.ts'

export interface UrlPattern {
  /** Lower-case, without the colon; undefined if only a host was given. */
  readonly scheme?: string
  /** Lower-case; a pattern's may begin with `*.`. */
  readonly host: string
  /** Undefined: the default of the scheme. */
  readonly port?: string
  /** Decoded, without empty ones. */
  readonly segments: readonly string[]
  readonly username?: string
}

const defaultPorts: Readonly<Record<string, string>> = { https: '443', http: '80' }

/** Cargo and pip put the kind of index before the scheme. */
const kinds = /^(sparse|registry|index|git|hg|svn|bzr)\+(?=https?:)/i

/** What may stand before a host that begins with `*.`. */
const beforeWildcard = /^([a-z][a-z0-9+.-]*:\/\/)?([^/?#]*@)?(?=\*\.[^/?#@]*([/?#]|$))/i

/** A scheme without its two slashes (`https:/x`, `https:x`): a typing error, not the host `https`. */
const brokenScheme = /^(https?:(?!\/\/)|[a-z][a-z0-9+.-]*:\/(?!\/))/i

/** `https://host:1/a/b`, `host:1/a`, `host`, with or without `user@`; undefined if no host can be read from it. */
export function parseUrlPattern(text: string): UrlPattern | undefined {
  const plain = text.trim().replace(kinds, '')
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(plain)
  const authority = authorityOf(plain, hasScheme)
  // The URL parser accepts missing slashes, control characters, and backslashes for slashes; the tool that sends the credential may not.
  if (brokenScheme.test(plain) || authority === '' || /[\s\\\p{Cc}]/u.test(plain)) return undefined
  const wildcard = beforeWildcard.exec(plain)?.[0]
  const named = wildcard === undefined ? plain : wildcard + plain.slice(wildcard.length + 2)
  // Parsed as http whatever the scheme is: the parser normalises the hosts of web schemes only.
  const url = URL.parse(hasScheme ? named.replace(/^[^:]+/, 'http') : `http://${named}`)
  if (url === null || url.hostname === '') return undefined
  const scheme = hasScheme ? (/^[^:]+/.exec(plain)?.[0] ?? '').toLowerCase() : undefined
  // Parsed as http, the port 80 is dropped as its default; the text still has it.
  const port = url.port !== '' ? url.port : /:0*80$/.test(authority) ? '80' : undefined
  const isDefaultPort = scheme !== undefined && port === defaultPorts[scheme]
  return {
    host: (wildcard === undefined ? '' : '*.') + url.hostname.toLowerCase().replace(/\.$/, ''),
    segments: url.pathname
      .split('/')
      .filter((segment) => segment !== '')
      .map(decoded),
    ...defined({
      scheme,
      port: isDefaultPort ? undefined : port,
      username: url.username === '' ? undefined : decoded(url.username),
    }),
  }
}

const authorityOf = (plain: string, hasScheme: boolean): string =>
  (hasScheme ? plain.slice(plain.indexOf('://') + 3) : plain).replace(/[/?#].*$/s, '')

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** As a user writes it. */
export function formatUrlPattern({ scheme, host, port, segments, username }: UrlPattern): string {
  const user = username === undefined ? '' : `${encodeURIComponent(username)}@`
  const path = segments.map((segment) => `/${encodeURIComponent(segment).replaceAll('%40', '@').replaceAll('%3A', ':')}`).join('')
  return `${scheme === undefined ? '' : `${scheme}://`}${user}${host}${port === undefined ? '' : `:${port}`}${path}`
}

/** A pattern for many hosts; a request names one. */
export const isWildcard = ({ host }: UrlPattern): boolean => host.includes('*')

const isLoopbackHost = (host: string): boolean => /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(host)

/** Whether a credential for `pattern` may be used at `url`. */
export function covers(pattern: UrlPattern, url: UrlPattern): boolean {
  if (!coversScheme(pattern, url) || !coversHost(pattern.host, url.host) || port(pattern, url) !== port(url, pattern))
    return false
  if (pattern.username !== undefined && url.username !== undefined && pattern.username !== url.username) return false
  return pattern.segments.every((segment, index) => {
    const other = url.segments[index]
    // A repository has the same path with and without `.git`.
    return segment === other || (index === pattern.segments.length - 1 && `${segment}.git` === other)
  })
}

/** If one side names no scheme, every scheme fits, except plain http to another machine: a pattern has to name that. */
function coversScheme(pattern: UrlPattern, url: UrlPattern): boolean {
  if (pattern.scheme !== undefined && url.scheme !== undefined) return pattern.scheme === url.scheme
  return pattern.scheme !== undefined || url.scheme !== 'http' || isLoopbackHost(url.host)
}

const coversHost = (pattern: string, host: string): boolean =>
  pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1 : pattern === host

const port = (one: UrlPattern, other: UrlPattern): string =>
  one.port ?? defaultPorts[one.scheme ?? other.scheme ?? 'https'] ?? 'default'

export const withoutUsername = ({ host, segments, scheme, port }: UrlPattern): UrlPattern => ({
  host,
  segments,
  ...defined({ scheme, port }),
})

/** Negative if `a` is more specific than `b`: by host, then path, user name, scheme. */
export function bySpecificity(a: UrlPattern, b: UrlPattern): number {
  for (const measure of [hostLength, pathLength, hasUsername, hasScheme]) {
    const difference = measure(b) - measure(a)
    if (difference !== 0) return difference
  }
  return 0
}

/** A full host name is more specific than any wildcard. */
const hostLength = ({ host }: UrlPattern): number => (host.startsWith('*.') ? host.length : 1000)
const pathLength = ({ segments }: UrlPattern): number => segments.length
const hasUsername = ({ username }: UrlPattern): number => (username === undefined ? 0 : 1)
const hasScheme = ({ scheme }: UrlPattern): number => (scheme === undefined ? 0 : 1)

/** The most specific candidate that covers the URL. */
export function longestMatch<T>(
  url: UrlPattern,
  candidates: Iterable<T>,
  patternOf: (candidate: T) => UrlPattern,
): T | undefined {
  return [...candidates]
    .filter((candidate) => covers(patternOf(candidate), url))
    .sort((a, b) => bySpecificity(patternOf(a), patternOf(b)))[0]
}
