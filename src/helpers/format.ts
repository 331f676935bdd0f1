// What adapters share: arguments, times, and how a failure is said.

import { parseArgs } from 'node:util'
import { Failure } from '../core/failures.ts'
import type { UrlPattern } from '../core/credentials/url-pattern.ts'
import { parseScope } from '../core/session/scope.ts'
import type { EpochMs, Target } from '../core/session/session.ts'
import type { Credential, HelperAnswer } from './ports.ts'

/** Of the last year that RFC 3339 can write. */
const endOfTime = Date.UTC(9999, 11, 31, 23, 59, 59)

/** RFC 3339, in whole seconds: what Go, Python and Java all read. */
export const rfc3339 = (at: EpochMs): string =>
  new Date(Math.min(endOfTime, Math.floor(at / 1000) * 1000)).toISOString().replace('.000Z', 'Z')

export const unixTime = (at: EpochMs): number => Math.floor(at / 1000)

export const jsonLine = (value: unknown): string => `${JSON.stringify(value)}\n`

/** As the command line says it. */
export function failureText(failure: Failure): string {
  const hint = failure.hint === '' ? '' : `hint: ${failure.hint}\n`
  return `authsock: ${failure.message.replaceAll('\n', '\n          ')}\n${hint}`
}

/** On one line, for tools that show only that. */
export const failureLine = ({ message, hint }: Failure): string =>
  `authsock: ${message.replaceAll('\n', '; ')}${hint === '' ? '' : `; ${hint}`}`

export const failed = (failure: Failure): HelperAnswer => ({ stderr: failureText(failure), exit: failure.exitCode })

/** A user name where neither a route nor a secret has one: some registries insist on theirs. */
export function usernameAt({ username }: Credential, { host, username: asked }: UrlPattern): string {
  if (username !== undefined) return username
  if (asked !== undefined) return asked
  if (/(^|\.)(gcr\.io|pkg\.dev)$/.test(host)) return 'oauth2accesstoken'
  if (host.endsWith('.azurecr.io')) return '00000000-0000-0000-0000-000000000000'
  if (host === 'bitbucket.org') return 'x-token-auth'
  return 'oauth2'
}

/** A second line would be another attribute, header or field; a carriage return alone is one to some. Throws bad_request. */
export function oneLine(text: string, ends = /[\n\0]/): string {
  if (!ends.test(text)) return text
  throw new Failure('bad_request', 'the credential has several lines, which this tool cannot take')
}

/** The value of an Authorization header: Bearer for tokens, Basic for a secret with a user name. */
export function authorization({ value, tokenType, username, from }: Credential): string {
  const text = oneLine(value.reveal(), /[\r\n\0]/)
  if (from.kind === 'profile') return `${schemeOf(tokenType)} ${text}`
  if (username !== undefined) return `Basic ${Buffer.from(`${username}:${text}`).toString('base64')}`
  return text.includes(' ') ? text : `Bearer ${text}`
}

/** Servers write `bearer` in many ways; in a header it is written as RFC 6750 does. */
export const schemeOf = (tokenType: string | undefined): string =>
  tokenType === undefined || tokenType.toLowerCase() === 'bearer' ? 'Bearer' : tokenType

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

/** `[NAME] --scope S --resource R ...` and what the helper itself takes. Throws bad_request. */
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
  if (positionals.length > 1)
    throw new Failure('bad_request', `one profile is taken, not ${positionals.length}: ${positionals.join(' ')}`)
  const texts = Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
  const { resource, audience, 'min-ttl': minTtl } = texts
  const scope = (values['scope'] as readonly string[] | undefined)?.flatMap((text) => parseScope(text.replaceAll(',', ' ')))
  if (minTtl !== undefined && !/^\d{1,7}$/.test(minTtl))
    throw new Failure('bad_request', `--min-ttl is '${minTtl}', not a number of seconds`)
  const [name] = positionals
  return {
    ...(name === undefined ? {} : { name }),
    ...(minTtl === undefined ? {} : { minTtl: Number(minTtl) }),
    target: {
      ...(scope === undefined ? {} : { scope }),
      ...(resource === undefined ? {} : { resource }),
      ...(audience === undefined ? {} : { audience }),
    },
    flags: new Set(Object.keys(values).filter((key) => values[key] === true)),
    values: texts,
  }
}

type Config = Readonly<Record<string, { readonly type: 'boolean' } | { readonly type: 'string'; readonly multiple: boolean }>>

function parse(args: readonly string[], config: Config) {
  try {
    return parseArgs({ args: [...args], options: config, allowPositionals: true, strict: true })
  } catch (error) {
    throw new Failure('bad_request', (error as Error).message.split(/[.\n]/)[0]?.toLowerCase() ?? 'wrong arguments', {
      hint: `known are ${Object.keys(config)
        .map((name) => `--${name}`)
        .join(', ')}`,
    })
  }
}

/** Throws bad_request. */
export function parseJson(text: string, what: string): Readonly<Record<string, unknown>> {
  const json: unknown = tryJson(text)
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>
  throw new Failure('bad_request', `${what} is not a JSON object`)
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
