// A pending revocation (RFC 7009) as it is sealed into the store, and as it is read back after a restart. Only revocations.ts
// uses it.

import { grants } from '../../core/grant.ts'
import { type ClientAuthentication, clientAuthentications, type Endpoints, type Profile } from '../../core/profile.ts'
import { redact, type Redacted } from '../../core/redacted.ts'
import { defined } from '../../core/util/defined.ts'
import { maybe, number, object, oneOf, string, strings, texts } from '../../core/util/json-decoder.ts'

export interface Revocation {
  readonly id: string
  /** As configured at the time of the logout. */
  readonly profile: Profile
  readonly kind: 'refresh_token' | 'access_token'
  readonly token: Redacted<string>
  readonly clientSecret: Redacted<string> | undefined
}

const refreshModes = ['ahead', 'on_demand'] as const
const clientAuthenticationNames = Object.keys(clientAuthentications) as readonly ClientAuthentication[]

export function encodeRevocation({ token, clientSecret, ...rest }: Revocation): Uint8Array {
  const plain = { ...rest, token: token.reveal(), clientSecret: clientSecret?.reveal() }
  return new TextEncoder().encode(JSON.stringify(plain))
}

/** Throws a DecodeError or a SyntaxError. */
export function decodeRevocation(content: Uint8Array, id: string): Revocation {
  const json = object(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content)), 'revocation')
  return {
    id,
    profile: decodeProfile(json['profile']),
    kind: oneOf(json['kind'], ['refresh_token', 'access_token'], 'kind'),
    token: redact(string(json['token'], 'token')),
    clientSecret: maybe(json['clientSecret'], 'clientSecret', (value, at) => redact(string(value, at))),
  }
}

/** Every field has to be named, so that a new one is not forgotten here. */
type Fields<T> = { readonly [K in keyof Required<T>]: T[K] }

function decodeProfile(value: unknown): Profile {
  const json = object(value, 'profile')
  const fields: Fields<Profile> = {
    name: string(json['name'], 'name'),
    issuer: string(json['issuer'], 'issuer'),
    clientId: string(json['clientId'], 'clientId'),
    grant: oneOf(json['grant'], grants, 'grant'),
    scopes: strings(json['scopes'], 'scopes'),
    clientAuthentication: oneOf(json['clientAuthentication'], clientAuthenticationNames, 'clientAuthentication'),
    refresh: oneOf(json['refresh'], refreshModes, 'refresh'),
    refreshGrace: number(json['refreshGrace'], 'refreshGrace'),
    redirect: decodeRedirect(json['redirect']),
    authorizationParameters: texts(json['authorizationParameters'], 'authorizationParameters'),
    resource: maybe(json['resource'], 'resource', string),
    audience: maybe(json['audience'], 'audience', string),
    resources: maybe(json['resources'], 'resources', strings),
    audiences: maybe(json['audiences'], 'audiences', strings),
    clientSecretFile: maybe(json['clientSecretFile'], 'clientSecretFile', string),
    endpoints: maybe(json['endpoints'], 'endpoints', decodeEndpoints),
    caFile: maybe(json['caFile'], 'caFile', string),
    // Older records have neither.
    systemCertificates: json['systemCertificates'] !== false,
    pushedAuthorization: json['pushedAuthorization'] !== false,
    lifetime: maybe(json['lifetime'], 'lifetime', number),
    idleLimit: maybe(json['idleLimit'], 'idleLimit', number),
    browser: maybe(json['browser'], 'browser', strings),
  }
  return defined(fields)
}

function decodeEndpoints(value: unknown, at: string): Endpoints {
  const json = object(value, at)
  const fields: Fields<Endpoints> = {
    token: maybe(json['token'], 'token', string),
    authorization: maybe(json['authorization'], 'authorization', string),
    deviceAuthorization: maybe(json['deviceAuthorization'], 'deviceAuthorization', string),
    revocation: maybe(json['revocation'], 'revocation', string),
    userinfo: maybe(json['userinfo'], 'userinfo', string),
    jwks: maybe(json['jwks'], 'jwks', string),
    pushedAuthorization: maybe(json['pushedAuthorization'], 'pushedAuthorization', string),
  }
  return defined(fields)
}

function decodeRedirect(value: unknown): Profile['redirect'] {
  const json = object(value, 'redirect')
  return {
    // Older records have no scheme, and ::1 without brackets.
    scheme: json['scheme'] === 'https' ? 'https' : 'http',
    host: json['host'] === '::1' ? '[::1]' : oneOf(json['host'], ['127.0.0.1', '[::1]', 'localhost'], 'host'),
    port: number(json['port'], 'port'),
    path: string(json['path'], 'path'),
  }
}
