// Shared by the adapters: arguments, times, and the text of a failure.

import { parseArgs } from 'node:util'
import { Failure } from '../core/failures.ts'
import type { UrlPattern } from '../core/credentials/url-pattern.ts'
import { parseScope } from '../core/session/scope.ts'
import { checkedToken, headerValue } from '../core/credentials/header-value.ts'
import { defined } from '../core/util/defined.ts'
import { object } from '../core/util/json-decoder.ts'
import type { EpochMs, Target } from '../core/session/session.ts'
import type { Credential } from './ports.ts'

/** The last instant that RFC 3339 can express. */
const maxRfc3339 = Date.UTC(9999, 11, 31, 23, 59, 59)

/** RFC 3339 in whole seconds, the form that Go, Python and Java all parse. Undefined stays undefined, which JSON leaves out. */
export function rfc3339(at: EpochMs | undefined): string | undefined {
  if (at === undefined) return undefined
  return new Date(Math.min(maxRfc3339, Math.floor(at / 1000) * 1000)).toISOString().replace('.000Z', 'Z')
}

/** Seconds since the epoch. Undefined stays undefined. */
export function unixTime(at: EpochMs): number
export function unixTime(at: EpochMs | undefined): number | undefined
export function unixTime(at: EpochMs | undefined): number | undefined {
  return at === undefined ? undefined : Math.floor(at / 1000)
}

export const jsonLine = (value: unknown): string => `${JSON.stringify(value)}\n`

/** The user name of the route, secret or request; otherwise the one that the registry requires, or `oauth2`. */
export function usernameAt({ username }: Credential, { host, username: requested }: UrlPattern): string {
  if (username !== undefined) return username
  if (requested !== undefined) return requested
  if (/(^|\.)(gcr\.io|pkg\.dev)$/.test(host)) return 'oauth2accesstoken'
  if (host.endsWith('.azurecr.io')) return '00000000-0000-0000-0000-000000000000'
  if (host === 'bitbucket.org') return 'x-token-auth'
  return 'oauth2'
}

/**
 * For protocols of lines, in which a second line would be another attribute or header. `ends` are the characters that end a line:
 * some clients take a lone CR for one. Throws bad_request.
 */
export function oneLine(text: string, ends = /[\n\0]/): string {
  if (!ends.test(text)) return text
  throw new Failure('bad_request', 'the credential has more than one line, which this tool cannot read')
}

/** The credential as it is. Throws server_invalid_response if it is an access token that could break out of its line. */
export const rawValue = ({ value, from }: Credential): string =>
  from.kind === 'profile' ? checkedToken(value.reveal()) : value.reveal()

/** The value of an Authorization header: Bearer for tokens, Basic for a secret with a user name. */
export function authorization({ value, tokenType, username, from }: Credential): string {
  if (from.kind === 'profile') return headerValue(tokenType, value.reveal())
  const text = oneLine(value.reveal(), /[\r\n\0]/)
  if (username !== undefined) return `Basic ${Buffer.from(`${username}:${text}`).toString('base64')}`
  return text.includes(' ') ? text : `Bearer ${text}`
}

export interface Options {
  readonly name?: string
  readonly target: Target
  /** Seconds. */
  readonly minTtl?: number
  readonly flags: ReadonlySet<string>
  readonly values: Readonly<Record<string, string>>
}

const common: Readonly<Record<string, 'flag' | 'value'>> = {
  scope: 'value',
  resource: 'value',
  audience: 'value',
  'min-ttl': 'value',
}

/** Parses `[NAME] --scope S --resource R ...` and the helper's own options. Throws bad_request. */
export function options(args: readonly string[], own: Readonly<Record<string, 'flag' | 'value'>> = {}): Options {
  const [only] = args
  // A name alone is what nearly everybody asks for.
  if (only === undefined) return { target: {}, flags: new Set(), values: {} }
  if (args.length === 1 && !only.startsWith('-')) return { name: only, target: {}, flags: new Set(), values: {} }
  const taken = Object.entries({ ...common, ...own }).map(
    ([name, kind]) =>
      [name, kind === 'flag' ? { type: 'boolean' as const } : { type: 'string' as const, multiple: name === 'scope' }] as const,
  )
  const { values, positionals } = parse(args, Object.fromEntries(taken))
  if (positionals.length > 1) throw new Failure('bad_request', `more than one profile is given: ${positionals.join(' ')}`)
  const texts = Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
  const { resource, audience, 'min-ttl': minTtl } = texts
  const scope = (values['scope'] as readonly string[] | undefined)?.flatMap((text) => parseScope(text.replaceAll(',', ' ')))
  if (minTtl !== undefined && !/^\d{1,7}$/.test(minTtl))
    throw new Failure('bad_request', `--min-ttl must be a number of seconds, not '${minTtl}'`)
  const [name] = positionals
  return defined({
    name,
    minTtl: minTtl === undefined ? undefined : Number(minTtl),
    target: defined({ scope, resource, audience }),
    flags: new Set(Object.keys(values).filter((key) => values[key] === true)),
    values: texts,
  })
}

type Config = Readonly<Record<string, { readonly type: 'boolean' } | { readonly type: 'string'; readonly multiple: boolean }>>

function parse(args: readonly string[], config: Config) {
  try {
    return parseArgs({ args: [...args], options: config, allowPositionals: true, strict: true })
  } catch (error) {
    throw new Failure('bad_request', (error as Error).message.split(/[.\n]/)[0]?.toLowerCase() ?? 'invalid arguments', {
      hint: `the options are ${Object.keys(config)
        .map((name) => `--${name}`)
        .join(', ')}`,
    })
  }
}

/** Throws bad_request. */
export function parseJson(text: string, what: string): Readonly<Record<string, unknown>> {
  try {
    return object(JSON.parse(text), what)
  } catch (error) {
    throw new Failure('bad_request', `${what} is not a JSON object`, { cause: error })
  }
}

/** The fields of an optional object inside a request; none if it is absent or not an object. */
export const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {}

/** `expected`: the operations of the protocol, in words. */
export const unknownOperation = (args: readonly string[], expected: string): Failure =>
  new Failure(
    'bad_request',
    `${args.length === 0 ? 'no operation' : `unknown operation '${args.join(' ')}'`}: expected ${expected}`,
  )
