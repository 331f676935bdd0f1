// git's credential protocol (gitcredentials(7), git-credential(1)): `[PROFILE] get|store|erase`, attributes on stdin.

import { Failure } from '../core/failures.ts'
import { parseUrlPattern, type UrlPattern } from '../core/credentials/url-pattern.ts'
import { redact } from '../core/redacted.ts'
import { failureText, oneLine, schemeOf, unixTime, usernameAt } from './format.ts'
import type { Credential, Helper, HelperAnswer, HelperPorts, HelperRequest } from './ports.ts'

/** Keys ending in `[]` repeat, and an empty one starts anew; of the others the last counts. */
interface Attributes {
  readonly one: ReadonlyMap<string, string>
  readonly many: ReadonlyMap<string, readonly string[]>
}

export const git: Helper = {
  async run({ args, stdin }, ports) {
    const operation = args.at(-1)
    const attributes = parse(stdin)
    const place = placeOf(attributes)
    if (place === undefined) return {}
    switch (operation) {
      case 'get':
        return get(place, attributes, args.length > 1 ? args[0] : undefined, ports)
      case 'store':
        // Where a name is configured, the next `get` has its credential again: nothing that is kept would be given back.
        if (args.length === 1) await store(place, attributes, ports)
        return {}
      case 'erase': {
        const value = secretOf(attributes)
        await (value === undefined ? ports.forget(place) : ports.refused(place, value))
        return {}
      }
      default:
        // What a later git asks for: to be ignored (git-credential(1)).
        return {}
    }
  },

  fail(failure, { args }): HelperAnswer {
    // Otherwise git would go on to ask for a password, which is not what is missing.
    const quit = args.at(-1) === 'get' ? { stdout: 'quit=1\n' } : {}
    return { ...quit, stderr: failureText(failure), exit: failure.exitCode }
  },

  isBatch: ({ env }: HelperRequest) => /^(0|false|no|off)$/i.test(env['GIT_TERMINAL_PROMPT'] ?? ''),
}

async function get(
  place: UrlPattern,
  attributes: Attributes,
  profile: string | undefined,
  ports: HelperPorts,
): Promise<HelperAnswer> {
  const credential = profile === undefined ? await ports.at(place) : await ports.named(profile)
  if (credential === undefined) return {}
  const lines = takesBearerOnly(attributes) ? bearer(credential, attributes) : basic(credential, place)
  const { expiresAt } = credential
  const expiry = expiresAt === undefined ? [] : [`password_expiry_utc=${unixTime(expiresAt)}`]
  return { stdout: [...lines, ...expiry, ''].join('\n') }
}

function basic(credential: Credential, place: UrlPattern): readonly string[] {
  const [username, password] = [usernameAt(credential, place), credential.value.reveal()]
  return [`username=${oneLine(username)}`, `password=${oneLine(password)}`]
}

function bearer({ value, tokenType }: Credential, { many }: Attributes): readonly string[] {
  if (many.get('capability')?.includes('authtype') !== true) {
    throw new Failure('unsupported_by_server', 'this server takes Bearer tokens only, and this git cannot send them', {
      hint: 'git 2.46 or newer can',
    })
  }
  return ['capability[]=authtype', `authtype=${schemeOf(tokenType)}`, `credential=${oneLine(value.reveal())}`, 'ephemeral=1']
}

/** What the 401 offered; without it (an old git, or `git credential fill`) Basic is what every host takes. */
function takesBearerOnly({ many }: Attributes): boolean {
  const schemes = new Set(many.get('wwwauth')?.map((challenge) => challenge.trim().split(/[\s,]/)[0]?.toLowerCase()))
  return schemes.has('bearer') && !schemes.has('basic')
}

async function store(place: UrlPattern, attributes: Attributes, ports: HelperPorts): Promise<void> {
  const value = secretOf(attributes)
  if (value === undefined || attributes.one.get('ephemeral') === '1') return
  const expiry = Number(attributes.one.get('password_expiry_utc'))
  await ports.keep(place, redact(value), Number.isFinite(expiry) && expiry > 0 ? expiry * 1000 : undefined)
}

const secretOf = ({ one }: Attributes): string | undefined => one.get('password') ?? one.get('credential')

/** Only a line feed ends a line: a carriage return is part of the value. */
function parse(stdin: string): Attributes {
  const one = new Map<string, string>()
  const many = new Map<string, readonly string[]>()
  for (const line of stdin.split('\n')) {
    if (line === '') break
    const mark = line.indexOf('=')
    if (mark < 0) throw new Failure('bad_request', 'a line without = is not an attribute of git')
    const [key, value] = [line.slice(0, mark), line.slice(mark + 1)]
    if (!key.endsWith('[]')) one.set(key, value)
    else many.set(key.slice(0, -2), value === '' ? [] : [...(many.get(key.slice(0, -2)) ?? []), value])
  }
  return { one, many }
}

function placeOf({ one }: Attributes): UrlPattern | undefined {
  const [protocol, host, path, username] = [one.get('protocol'), one.get('host'), one.get('path'), one.get('username')]
  const url = one.get('url')
  // git has split the URL and decoded its parts: what could be read as another part now is none of a host.
  const isHost = host !== undefined && /^[^\s/\\@?#%]+$/.test(host)
  const encoded = (path ?? '').split('/').map(encodeURIComponent).join('/')
  const text = url ?? (protocol === undefined || !isHost ? undefined : `${protocol}://${host}/${encoded}`)
  const place = text === undefined ? undefined : parseUrlPattern(text)
  return place === undefined || username === undefined ? place : { ...place, username }
}
