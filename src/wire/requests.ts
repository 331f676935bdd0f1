// Decoders of what clients send. Unknown fields are ignored; what is known must be right, or the request is refused with
// bad_request and a sentence that names the field.

import { Failure } from '../core/failures.ts'
import { type Grant, grants, isProfileName } from '../core/profile.ts'
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

const bad = (message: string, hint?: string): Failure => new Failure('bad_request', message, hint === undefined ? {} : { hint })

/** RFC 6749 section 3.3: scope-token. */
const scopePattern = /^[\x21\x23-\x5b\x5d-\x7e]+( +[\x21\x23-\x5b\x5d-\x7e]+)*$/
const maxMinTtl = 30 * 24 * 3600
const maxText = 2048

/** Tools ask for the same again and again. */
const tokenRequests = new Map<string, TokenRequest>()
const maxRemembered = 256

export function decodeTokenRequest(query: string): TokenRequest {
  const known = tokenRequests.get(query)
  if (known !== undefined) return known
  const request = readTokenRequest(query)
  if (tokenRequests.size >= maxRemembered) tokenRequests.clear()
  tokenRequests.set(query, request)
  return request
}

function readTokenRequest(query: string): TokenRequest {
  const parameters = new URLSearchParams(query)
  const profile = one(parameters, 'profile')
  const scope = one(parameters, 'scope')
  const resource = one(parameters, 'resource')
  const audience = one(parameters, 'audience')
  const minTtl = one(parameters, 'min_ttl')
  return {
    ...(profile === undefined ? {} : { profile: checkProfileName(profile) }),
    ...(minTtl === undefined ? {} : { minTtl: decodeMinTtl(minTtl) }),
    target: {
      ...(scope === undefined ? {} : { scope: decodeScope(scope) }),
      ...(resource === undefined ? {} : { resource: decodeResource(resource) }),
      ...(audience === undefined ? {} : { audience }),
    },
  }
}

export interface LoginRequest {
  readonly profile?: string
  readonly grant?: Grant
}

export function decodeLoginRequest(query: string): LoginRequest {
  const parameters = new URLSearchParams(query)
  const profile = one(parameters, 'profile')
  const text = one(parameters, 'grant')
  const grant = grants.find((each) => each === text)
  if (text !== undefined && grant === undefined) throw bad(`'grant' is '${text}', not one of ${grants.join(', ')}`)
  return {
    ...(profile === undefined ? {} : { profile: checkProfileName(profile) }),
    ...(grant === undefined ? {} : { grant }),
  }
}

export function checkProfileName(name: string): string {
  if (!isProfileName(name))
    throw bad(`'${name.slice(0, 64)}' is not a profile name: lower-case letters, digits, '.', '_' and '-'`)
  return name
}

function one(parameters: URLSearchParams, name: string): string | undefined {
  const values = parameters.getAll(name)
  if (values.length > 1) throw bad(`'${name}' is given ${values.length} times`, `give '${name}' once`)
  const value = values[0]
  if (value !== undefined && value.length > maxText) throw bad(`'${name}' is longer than ${maxText} characters`)
  return value === '' ? undefined : value
}

function decodeScope(text: string): readonly string[] {
  if (!scopePattern.test(text)) throw bad("'scope' is not a list of scopes separated by spaces (RFC 6749 section 3.3)")
  return parseScope(text)
}

function decodeResource(text: string): string {
  if (!URL.canParse(text) || text.includes('#')) throw bad("'resource' is not an absolute URI without a fragment (RFC 8707)")
  return text
}

function decodeMinTtl(text: string): number {
  const value = Number(text)
  if (!/^\d{1,9}$/.test(text) || value > maxMinTtl) throw bad(`'min_ttl' is not a number of seconds from 0 to ${maxMinTtl}`)
  return value
}

// ---- bodies

function object(json: unknown): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw bad('the body is not a JSON object')
  return json as Readonly<Record<string, unknown>>
}

function text(json: Readonly<Record<string, unknown>>, name: string): string {
  const value = json[name]
  if (typeof value !== 'string' || value === '') throw bad(`'${name}' is missing or not a text`)
  if (value.length > maxText * 4) throw bad(`'${name}' is too long`)
  return value
}

export function decodeUnlockRequest(json: unknown): UnlockRequest {
  if (json === undefined) return {}
  const body = object(json)
  return body['passphrase'] === undefined ? {} : { passphrase: text(body, 'passphrase') }
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
  if (url !== undefined && parseUrlPattern(url) === undefined)
    throw bad(`'url' is '${url.slice(0, 200)}': no host can be read from it`)
  if (expiresAt !== undefined && !(typeof expiresAt === 'number' && Number.isSafeInteger(expiresAt) && expiresAt > 0)) {
    throw bad("'expires_at' is not in seconds since the epoch")
  }
  const value = body['value']
  if (typeof value !== 'string' || value === '') throw bad("'value' is missing or not a text")
  // Tools take one line, and a line feed in a value would be read as the next attribute.
  if (/[\n\0]/.test(value)) throw bad('a secret is one line')
  if (username !== undefined && /\p{Cc}/u.test(username)) throw bad("'username' holds control characters")
  return {
    value,
    ...(url === undefined ? {} : { url }),
    ...(username === undefined ? {} : { username }),
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
  }
}

const maxShare = 400 * 86_400

/** `{ [name]: true }`, or nothing. */
function flag<K extends string>(body: Readonly<Record<string, unknown>>, name: K): { readonly [P in K]?: true } {
  const value = body[name]
  if (value !== undefined && typeof value !== 'boolean') throw bad(`'${name}' is neither true nor false`)
  return value === true ? ({ [name]: true } as { readonly [P in K]: true }) : {}
}

export function decodeShareRequest(json: unknown): ShareRequest {
  const body = object(json)
  const names = (key: string): readonly string[] => {
    const list = body[key] ?? []
    if (!Array.isArray(list)) throw bad(`'${key}' is not a list of names`)
    return list.map((name: unknown) => {
      if (typeof name !== 'string') throw bad(`'${key}' is not a list of names`)
      return checkProfileName(name)
    })
  }
  const [profiles, secrets] = [names('profiles'), names('secrets')]
  if (profiles.length === 0 && secrets.length === 0) throw bad("'profiles' is empty: a share gives tokens of at least one")
  const ttl = body['ttl']
  if (!(typeof ttl === 'number' && Number.isSafeInteger(ttl) && ttl > 0 && ttl <= maxShare)) {
    throw bad(`'ttl' is not a number of seconds from 1 to ${maxShare}`)
  }
  const [scope, resource, audience] = ['scope', 'resource', 'audience'].map((name) => optionalText(body, name))
  if (body['any_target'] === true && (resource !== undefined || audience !== undefined)) {
    throw bad("'any_target' excludes 'resource' and 'audience'")
  }
  if (body['allow_wider_scope'] === true && scope === undefined)
    throw bad("'allow_wider_scope' has a meaning beside 'scope' only")
  const tcp = body['tcp']
  if (tcp !== undefined && typeof tcp !== 'boolean' && !isPort(tcp)) {
    throw bad(`'tcp' is neither true, false nor a port from ${lowestPort} to ${highestPort}`)
  }
  return {
    profiles,
    secrets,
    ttl,
    ...(scope === undefined ? {} : { scope: decodeScope(scope).join(' ') }),
    ...(resource === undefined ? {} : { resource: decodeResource(resource) }),
    ...(audience === undefined ? {} : { audience }),
    ...flag(body, 'any_target'),
    ...flag(body, 'allow_wider_scope'),
    ...(tcp === undefined ? {} : { tcp }),
  }
}

/** Below are those of the system's own services. */
const lowestPort = 1024
const highestPort = 65_535

const isPort = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= lowestPort && value <= highestPort

export function decodeApprovalReply(json: unknown): ApprovalReply {
  const { decision, remember } = object(json)
  if (decision !== 'allow' && decision !== 'deny') throw bad("'decision' is neither 'allow' nor 'deny'")
  if (remember === undefined) return { decision }
  if (remember === 'once' || remember === 'session' || remember === 'always') return { decision, remember }
  if (typeof remember === 'number' && Number.isSafeInteger(remember) && remember > 0) return { decision, remember }
  throw bad("'remember' is neither 'once', 'session', 'always' nor a number of seconds")
}

const optionalText = (body: Readonly<Record<string, unknown>>, name: string): string | undefined =>
  body[name] === undefined ? undefined : text(body, name)

export function decodeLoginReply(json: unknown): LoginReply {
  const body = object(json)
  if (body['type'] !== 'redirected') throw bad("'type' is not 'redirected'")
  return { type: 'redirected', url: text(body, 'url') }
}
