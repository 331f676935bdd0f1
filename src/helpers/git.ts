// git's credential protocol (gitcredentials(7), git-credential(1)): `[PROFILE] get|store|erase`, attributes on stdin.

import { Failure } from '../core/failures.ts'
import { parseUrlPattern, type UrlPattern } from '../core/credentials/url-pattern.ts'
import { redact } from '../core/redacted.ts'
import { schemeOf } from '../core/credentials/header-value.ts'
import { oneLine, rawValue, unixTime, usernameAt } from './format.ts'
import type { Credential, Helper, HelperAnswer, HelperPorts, HelperRequest } from './ports.ts'

/** A key ending in `[]` repeats, and an empty value clears the list. Of any other key the last value counts. */
interface Attributes {
  readonly one: ReadonlyMap<string, string>
  readonly many: ReadonlyMap<string, readonly string[]>
}

export const git: Helper = {
  async run({ args, stdin }, ports) {
    const operation = args.at(-1)
    const attributes = parse(stdin)
    const url = urlOf(attributes)
    if (url === undefined) return {}
    switch (operation) {
      case 'get':
        return get(url, attributes, args.length > 1 ? args[0] : undefined, ports)
      case 'store':
        // With a profile in the configuration, `get` always answers from that profile: a stored secret would never be used.
        if (args.length === 1) await store(url, attributes, ports)
        return {}
      case 'erase': {
        const value = secretOf(attributes)
        await (value === undefined ? ports.forget(url) : ports.refused(url, value))
        return {}
      }
      default:
        // Unknown operations must be ignored (gitcredentials(7)).
        return {}
    }
  },

  isBatch: ({ env }: HelperRequest) => /^(0|false|no|off)$/i.test(env['GIT_TERMINAL_PROMPT'] ?? ''),
}

async function get(
  url: UrlPattern,
  attributes: Attributes,
  profile: string | undefined,
  ports: HelperPorts,
): Promise<HelperAnswer> {
  const credential = profile === undefined ? await ports.at(url) : await ports.named(profile)
  if (credential === undefined) return {}
  const lines = takesBearerOnly(attributes) ? bearer(credential, attributes) : basic(credential, url)
  const { expiresAt } = credential
  const expiry = expiresAt === undefined ? [] : [`password_expiry_utc=${unixTime(expiresAt)}`]
  return { stdout: [...lines, ...expiry, ''].join('\n') }
}

function basic(credential: Credential, url: UrlPattern): readonly string[] {
  const [username, password] = [usernameAt(credential, url), rawValue(credential)]
  return [`username=${oneLine(username)}`, `password=${oneLine(password)}`]
}

function bearer(credential: Credential, { many }: Attributes): readonly string[] {
  if (many.get('capability')?.includes('authtype') !== true) {
    throw new Failure('unsupported_by_server', 'the server accepts only Bearer tokens, which this version of git cannot send', {
      hint: 'use git 2.46 or newer',
    })
  }
  return [
    'capability[]=authtype',
    `authtype=${schemeOf(credential.tokenType)}`,
    `credential=${oneLine(rawValue(credential))}`,
    'ephemeral=1',
  ]
}

/** True if the 401 offered Bearer but not Basic. Old versions of git, and `git credential fill`, send no challenge: use Basic. */
function takesBearerOnly({ many }: Attributes): boolean {
  const schemes = new Set(many.get('wwwauth')?.map((challenge) => challenge.trim().split(/[\s,]/)[0]?.toLowerCase()))
  return schemes.has('bearer') && !schemes.has('basic')
}

async function store(url: UrlPattern, attributes: Attributes, ports: HelperPorts): Promise<void> {
  const value = secretOf(attributes)
  if (value === undefined || attributes.one.get('ephemeral') === '1') return
  const expiry = Number(attributes.one.get('password_expiry_utc'))
  await ports.keep(url, redact(value), Number.isFinite(expiry) && expiry > 0 ? expiry * 1000 : undefined)
}

const secretOf = ({ one }: Attributes): string | undefined => one.get('password') ?? one.get('credential')

/** Only LF ends a line; CR is data. */
function parse(stdin: string): Attributes {
  const one = new Map<string, string>()
  const many = new Map<string, readonly string[]>()
  for (const line of stdin.split('\n')) {
    if (line === '') break
    const mark = line.indexOf('=')
    if (mark < 0) throw new Failure('bad_request', 'stdin is not in the format of git credentials: a line has no "="')
    const [key, value] = [line.slice(0, mark), line.slice(mark + 1)]
    if (!key.endsWith('[]')) one.set(key, value)
    else many.set(key.slice(0, -2), value === '' ? [] : [...(many.get(key.slice(0, -2)) ?? []), value])
  }
  return { one, many }
}

function urlOf({ one }: Attributes): UrlPattern | undefined {
  const [protocol, host, path, username] = [one.get('protocol'), one.get('host'), one.get('path'), one.get('username')]
  const whole = one.get('url')
  // git has split the URL and decoded its parts, so a host may contain a delimiter that must not be parsed again.
  const isHost = host !== undefined && /^[^\s/\\@?#%]+$/.test(host)
  const encoded = (path ?? '').split('/').map(encodeURIComponent).join('/')
  const text = whole ?? (protocol === undefined || !isHost ? undefined : `${protocol}://${host}/${encoded}`)
  const parsed = text === undefined ? undefined : parseUrlPattern(text)
  return parsed === undefined || username === undefined ? parsed : { ...parsed, username }
}
