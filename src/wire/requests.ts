// Decoders for requests. Unknown fields are ignored; a known field with a wrong value throws bad_request, with a message that names the
// field.

import { Failure } from '../core/failures.ts'
import { type Grant, grants } from '../core/grant.ts'
import { isProfileName } from '../core/profile.ts'
import { defined } from '../core/util/defined.ts'
import { parseScope } from '../core/session/scope.ts'
import type { Target } from '../core/session/session.ts'
import { parseUrlPattern } from '../core/credentials/url-pattern.ts'
import type {
  ApprovalReply,
  ClientSecretRequest,
  LoginReply,
  MasterKeyRequest,
  SecretRequest,
  ShareRequest,
  UnlockRequest,
} from './messages.ts'

export interface TokenRequest {
  readonly profile?: string
  readonly target: Target
  /** Seconds. */
  readonly minTtl?: number
}

const bad = (message: string, hint?: string): Failure => new Failure('bad_request', message, defined({ hint }))

/** RFC 6749 section 3.3: scope-token. */
const scopePattern = /^[\x21\x23-\x5b\x5d-\x7e]+( +[\x21\x23-\x5b\x5d-\x7e]+)*$/
const maxMinTtl = 30 * 24 * 3600
const maxText = 2048

/** Decoded queries: a tool repeats the same one, and this is the token path. */
const decodedQueries = new Map<string, TokenRequest>()
const maxDecodedQueries = 256

export function decodeTokenRequest(query: string): TokenRequest {
  const known = decodedQueries.get(query)
  if (known !== undefined) return known
  const request = readTokenRequest(query)
  if (decodedQueries.size >= maxDecodedQueries) decodedQueries.clear()
  decodedQueries.set(query, request)
  return request
}

function readTokenRequest(query: string): TokenRequest {
  const parameters = new URLSearchParams(query)
  const profile = single(parameters, 'profile')
  const scope = single(parameters, 'scope')
  const resource = single(parameters, 'resource')
  const audience = single(parameters, 'audience')
  const minTtl = single(parameters, 'min_ttl')
  return defined({
    profile: profile === undefined ? undefined : checkName('profile', profile),
    minTtl: minTtl === undefined ? undefined : decodeMinTtl(minTtl),
    target: defined({
      scope: scope === undefined ? undefined : decodeScope(scope),
      resource: resource === undefined ? undefined : decodeResource(resource),
      audience,
    }),
  })
}

export interface LoginRequest {
  readonly profile?: string
  readonly grant?: Grant
  /** The account, for the server (OpenID Connect `login_hint`). */
  readonly loginHint?: string
  /** The server asks which account to use (`prompt=select_account`). */
  readonly selectAccount?: boolean
  /** Seconds since the epoch: a login that was made after this second is enough. */
  readonly newerThan?: number
}

export function decodeLoginRequest(query: string): LoginRequest {
  const parameters = new URLSearchParams(query)
  const profile = single(parameters, 'profile')
  const text = single(parameters, 'grant')
  const grant = grants.find((each) => each === text)
  if (text !== undefined && grant === undefined) throw bad(`'grant' is '${text}', not one of ${grants.join(', ')}`)
  const newerThan = single(parameters, 'newer_than')
  const select = single(parameters, 'select_account')
  if (select !== undefined && select !== 'true' && select !== 'false') throw bad("'select_account' must be true or false")
  return defined({
    profile: profile === undefined ? undefined : checkName('profile', profile),
    grant,
    loginHint: single(parameters, 'login_hint'),
    selectAccount: select === undefined ? undefined : select === 'true',
    newerThan: newerThan === undefined ? undefined : decodeInstant('newer_than', newerThan),
  })
}

function decodeInstant(name: string, text: string): number {
  const value = Number(text)
  if (!/^\d{1,12}$/.test(text)) throw bad(`'${name}' must be seconds since the epoch`)
  return value
}

/** What a path or a request names. All of them are spelt alike. */
export type NamedThing = 'profile' | 'secret' | 'share' | 'approval'

const descriptions: Readonly<Record<NamedThing, string>> = {
  profile: 'a profile name',
  secret: 'the name of a secret',
  share: 'the name of a share',
  approval: 'the id of an approval',
}

/** Throws bad_request. */
export function checkName(thing: NamedThing, name: string): string {
  if (!isProfileName(name)) {
    throw bad(`'${name.slice(0, 64)}' is not ${descriptions[thing]}: use lower-case letters, digits, '.', '_' and '-'`)
  }
  return name
}

function single(parameters: URLSearchParams, name: string): string | undefined {
  const values = parameters.getAll(name)
  if (values.length > 1) throw bad(`'${name}' occurs ${values.length} times`, `give '${name}' once`)
  const value = values[0]
  if (value !== undefined && value.length > maxText) throw bad(`'${name}' is longer than ${maxText} characters`)
  return value === '' ? undefined : value
}

function decodeScope(text: string): readonly string[] {
  if (!scopePattern.test(text)) throw bad("'scope' must be scopes separated by spaces (RFC 6749 section 3.3)")
  return parseScope(text)
}

function decodeResource(text: string): string {
  if (!URL.canParse(text) || text.includes('#')) throw bad("'resource' must be an absolute URI without a fragment (RFC 8707)")
  return text
}

function decodeMinTtl(text: string): number {
  const value = Number(text)
  if (!/^\d{1,9}$/.test(text) || value > maxMinTtl) throw bad(`'min_ttl' must be a number of seconds from 0 to ${maxMinTtl}`)
  return value
}

// ---- bodies

function object(json: unknown): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw bad('the body is not a JSON object')
  return json as Readonly<Record<string, unknown>>
}

function text(json: Readonly<Record<string, unknown>>, name: string): string {
  const value = json[name]
  if (typeof value !== 'string' || value === '') throw bad(`'${name}' is missing or not a string`)
  if (value.length > maxText * 4) throw bad(`'${name}' is too long`)
  return value
}

export function decodeUnlockRequest(json: unknown): UnlockRequest {
  if (json === undefined) return {}
  const body = object(json)
  return defined({ passphrase: optionalText(body, 'passphrase') })
}

export function decodeMasterKeyRequest(json: unknown): MasterKeyRequest {
  const body = object(json)
  const provider = text(body, 'provider')
  switch (provider) {
    case 'keychain':
    case 'insecure-key-file':
      return { provider }
    case 'passphrase':
      return { provider, passphrase: text(body, 'passphrase') }
    case 'key-file':
      return { provider, path: text(body, 'path') }
    default:
      throw bad(`'provider' is '${provider.slice(0, 64)}', not one of keychain, passphrase, key-file, insecure-key-file`)
  }
}

export const decodeClientSecretRequest = (json: unknown): ClientSecretRequest => ({
  client_secret: text(object(json), 'client_secret'),
})

export function decodeSecretRequest(json: unknown): SecretRequest {
  const body = object(json)
  const url = optionalText(body, 'url')
  const username = optionalText(body, 'username')
  const expiresAt = body['expires_at']
  if (url !== undefined && parseUrlPattern(url) === undefined) throw bad(`'url' has no host: '${url.slice(0, 200)}'`)
  if (expiresAt !== undefined && !(typeof expiresAt === 'number' && Number.isSafeInteger(expiresAt) && expiresAt > 0)) {
    throw bad("'expires_at' must be in seconds since the epoch")
  }
  const value = body['value']
  if (typeof value !== 'string' || value === '') throw bad("'value' is missing or not a string")
  // No variable and no line of a protocol can hold it. Line feeds are kept (PEM): a helper whose protocol is made of lines refuses them.
  if (value.includes('\0')) throw bad('the value contains a NUL byte')
  if (username !== undefined && /\p{Cc}/u.test(username)) throw bad("'username' contains control characters")
  return defined({ value, url, username, expires_at: expiresAt })
}

const maxShareTtl = 400 * 86_400

/** Undefined unless the flag is set. */
function flag(body: Readonly<Record<string, unknown>>, name: string): true | undefined {
  const value = body[name]
  if (value !== undefined && typeof value !== 'boolean') throw bad(`'${name}' must be true or false`)
  return value === true ? value : undefined
}

export function decodeShareRequest(json: unknown): ShareRequest {
  const body = object(json)
  const names = (key: string, thing: NamedThing): readonly string[] => {
    const list = body[key] ?? []
    if (!Array.isArray(list)) throw bad(`'${key}' must be a list of names`)
    return list.map((name: unknown) => {
      if (typeof name !== 'string') throw bad(`'${key}' must be a list of names`)
      return checkName(thing, name)
    })
  }
  const [profiles, secrets] = [names('profiles', 'profile'), names('secrets', 'secret')]
  if (profiles.length === 0 && secrets.length === 0)
    throw bad("'profiles' is empty: a share needs at least one profile or secret")
  const ttl = body['ttl']
  if (!(typeof ttl === 'number' && Number.isSafeInteger(ttl) && ttl > 0 && ttl <= maxShareTtl)) {
    throw bad(`'ttl' must be a number of seconds from 1 to ${maxShareTtl}`)
  }
  const [scope, resource, audience] = ['scope', 'resource', 'audience'].map((name) => optionalText(body, name))
  if (body['any_target'] === true && (resource !== undefined || audience !== undefined)) {
    throw bad("'any_target' cannot be combined with 'resource' or 'audience'")
  }
  if (body['allow_wider_scope'] === true && scope === undefined) throw bad("'allow_wider_scope' requires 'scope'")
  const tcp = body['tcp']
  if (tcp !== undefined && typeof tcp !== 'boolean' && !isPort(tcp)) {
    throw bad(`'tcp' must be true, false or a port from ${minPort} to ${maxPort}`)
  }
  return defined({
    profiles,
    secrets,
    ttl,
    scope: scope === undefined ? undefined : decodeScope(scope).join(' '),
    resource: resource === undefined ? undefined : decodeResource(resource),
    audience,
    tcp,
    any_target: flag(body, 'any_target'),
    allow_wider_scope: flag(body, 'allow_wider_scope'),
  })
}

/** Lower ports are for system services. */
const minPort = 1024
const maxPort = 65_535

const isPort = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= minPort && value <= maxPort

export function decodeApprovalReply(json: unknown): ApprovalReply {
  const { decision, remember } = object(json)
  if (decision !== 'allow' && decision !== 'deny') throw bad("'decision' must be 'allow' or 'deny'")
  if (remember === undefined) return { decision }
  if (remember === 'once' || remember === 'session' || remember === 'always') return { decision, remember }
  if (typeof remember === 'number' && Number.isSafeInteger(remember) && remember > 0) return { decision, remember }
  throw bad("'remember' must be 'once', 'session', 'always' or a number of seconds")
}

const optionalText = (body: Readonly<Record<string, unknown>>, name: string): string | undefined =>
  body[name] === undefined ? undefined : text(body, name)

export function decodeLoginReply(json: unknown): LoginReply {
  const body = object(json)
  if (body['type'] !== 'redirected') throw bad("'type' must be 'redirected'")
  return { type: 'redirected', url: text(body, 'url') }
}
