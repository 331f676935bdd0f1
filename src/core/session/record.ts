// The JSON form of a session record, as it is sealed into its file. Decoding checks each field: a damaged record, or one of
// another version, is a record_damaged failure, never a partly read session.

import { Failure, isFailureCode } from '../failures.ts'
import { type Grant, grants } from '../grant.ts'
import { redact } from '../redacted.ts'
import { authorizationScheme } from '../util/authorization-scheme.ts'
import { array, boolean, DecodeError, number, object, oneOf, optional, string, strings } from '../util/json-decoder.ts'
import {
  type AccessToken,
  type Identity,
  type Intent,
  type LoginReason,
  loginReasonCodes,
  type RefusedTarget,
  type SessionRecord,
  type Target,
} from './session.ts'

const version = 1

export function encodeRecord(record: SessionRecord): Uint8Array {
  const { refreshToken, accessTokens, ...rest } = record
  const plain = {
    version,
    ...rest,
    refreshToken: refreshToken?.reveal(),
    accessTokens: accessTokens.map((token) => ({ ...token, value: token.value.reveal(), idToken: token.idToken?.reveal() })),
  }
  return new TextEncoder().encode(JSON.stringify(plain))
}

/** `generation` comes from the seal, which authenticates it. Throws record_damaged. */
export function decodeRecord(content: Uint8Array, profile: string, generation: number): SessionRecord {
  try {
    return decode(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content)), profile, generation)
  } catch (error) {
    // The message of JSON.parse quotes its input, which holds tokens.
    const why = error instanceof DecodeError ? error.message : 'it is not JSON'
    throw new Failure('record_damaged', `the stored session of '${profile}' cannot be read: ${why}`, { profile })
  }
}

function decode(json: unknown, profile: string, generation: number): SessionRecord {
  const record = object(json, 'record')
  if (record['version'] !== version) throw new DecodeError(`its version is ${String(record['version'])}, not ${version}`)
  if (record['profile'] !== profile) throw new DecodeError(`it belongs to '${String(record['profile'])}'`)
  return {
    profile,
    generation,
    issuer: string(record['issuer'], 'issuer'),
    clientId: string(record['clientId'], 'clientId'),
    grant: oneOf<Grant>(record['grant'], grants, 'grant'),
    loggedInAt: number(record['loggedInAt'], 'loggedInAt'),
    scope: strings(record['scope'], 'scope'),
    accessTokens: array(record['accessTokens'], 'accessTokens').map(decodeToken),
    ...optional('refreshedAt', record['refreshedAt'], number),
    ...optional('identity', record['identity'], decodeIdentity),
    ...optional('refreshToken', record['refreshToken'], (value, at) => redact(string(value, at))),
    ...optional('refreshTokenExpiresAt', record['refreshTokenExpiresAt'], number),
    ...optional('narrowedFrom', record['narrowedFrom'], strings),
    ...optional('refreshTokenIsNarrow', record['refreshTokenIsNarrow'], boolean),
    ...optional('rotates', record['rotates'], boolean),
    ...optional('intent', record['intent'], decodeIntent),
    ...optional('refusedTargets', record['refusedTargets'], decodeRefusedTargets),
    ...optional('loginRequired', record['loginRequired'], decodeReason),
  }
}

function decodeToken(json: unknown, index: number): AccessToken {
  const token = object(json, `accessTokens[${index}]`)
  return {
    value: redact(string(token['value'], 'value')),
    tokenType: authorizationScheme(string(token['tokenType'], 'tokenType')),
    target: decodeTarget(token['target']),
    scope: strings(token['scope'], 'scope'),
    obtainedAt: number(token['obtainedAt'], 'obtainedAt'),
    ...optional('audience', token['audience'], strings),
    ...optional('expiresAt', token['expiresAt'], number),
    ...optional('idToken', token['idToken'], (value, at) => redact(string(value, at))),
  }
}

function decodeTarget(json: unknown): Target {
  const target = object(json, 'target')
  return {
    ...optional('scope', target['scope'], strings),
    ...optional('resource', target['resource'], string),
    ...optional('audience', target['audience'], string),
  }
}

function decodeIdentity(json: unknown): Identity {
  const identity = object(json, 'identity')
  return {
    issuer: string(identity['issuer'], 'issuer'),
    subject: string(identity['subject'], 'subject'),
    ...optional('name', identity['name'], string),
    ...optional('email', identity['email'], string),
    ...optional('preferredUsername', identity['preferredUsername'], string),
  }
}

function decodeIntent(json: unknown): Intent {
  const intent = object(json, 'intent')
  return {
    digest: string(intent['digest'], 'digest'),
    at: number(intent['at'], 'at'),
    ...optional('targetRefused', intent['targetRefused'], boolean),
  }
}

const decodeRefusedTargets = (json: unknown, at: string): readonly RefusedTarget[] =>
  array(json, at).map((element) => {
    const refused = object(element, at)
    const code = refused['code']
    return {
      target: decodeTarget(refused['target']),
      at: number(refused['at'], 'at'),
      attempts: number(refused['attempts'], 'attempts'),
      // A code of a later version is read as the general one.
      code: isFailureCode(code) ? code : 'server_refused',
      text: string(refused['text'], 'text'),
    }
  })

function decodeReason(json: unknown): LoginReason {
  const reason = object(json, 'loginRequired')
  return {
    // A code of a later version is read as the general one.
    code: loginReasonCodes.find((code) => code === reason['code']) ?? 'refused',
    text: string(reason['text'], 'text'),
    at: number(reason['at'], 'at'),
    ...optional('refusals', reason['refusals'], number),
    ...optional('mayPass', reason['mayPass'], boolean),
  }
}
