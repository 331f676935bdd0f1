// Responses of token and device endpoints as servers really write them, brought into the form of RFC 6749 section 5 and RFC 8628
// section 3.2: JSON under another content type, form encoding, errors with status 200, numbers as strings, nulls, odd types.

import { type OAuthError, readOAuthError } from './oauth-error.ts'

export type Json = Record<string, unknown>

interface TokenBody {
  /** For openid-client. */
  readonly json: Json
  readonly status: number
  /** As the server wrote it; openid-client knows few of them, and is told `Bearer`. */
  readonly tokenType: string
  /** Seconds. */
  readonly refreshTokenExpiresIn: number | undefined
  readonly error: OAuthError | undefined
}

/** Seconds: ten years. Nothing is planned for later, and a Date has an end. */
const maxLifetime = 10 * 366 * 86_400

/** Undefined if the body is neither a JSON object nor a form with a known field. */
export function normalTokenBody(text: string, status: number): TokenBody | undefined {
  const parsed = parseBody(text)
  if (parsed === undefined) return undefined
  const json = withNestedTokens(Object.fromEntries(Object.entries(parsed).filter(([, value]) => value !== null && value !== '')))
  const tokenType = tokenTypeOf(json['token_type'])
  // Keycloak writes 0 for a token that does not expire.
  const refreshTokenExpiresIn = seconds(json['refresh_token_expires_in'] ?? json['refresh_expires_in'])
  if (json['access_token'] === undefined) {
    const error = readOAuthError(json)
    // GitHub and Slack answer errors with 200.
    const asError = {
      json: error === undefined ? json : { error: error.code },
      status: error !== undefined && status === 200 ? 400 : status,
    }
    return { ...asError, error, tokenType, refreshTokenExpiresIn }
  }
  normalizeTokens(json)
  const asRfc = status >= 200 && status < 300 ? 200 : status
  return { json, status: asRfc, tokenType, refreshTokenExpiresIn, error: undefined }
}

/** Slack puts a user's tokens into `authed_user`, beside those of the app, if there are any. */
function withNestedTokens(json: Json): Json {
  const nested = json['authed_user']
  const isAlone = json['access_token'] === undefined && typeof nested === 'object' && nested !== null
  return isAlone && 'access_token' in nested ? { ...json, ...nested } : json
}

/** What openid-client would refuse is corrected or left out. */
function normalizeTokens(json: Json): void {
  json['token_type'] = 'Bearer'
  setOrDelete(json, 'scope', normalScopeText(json['scope']))
  setOrDelete(json, 'expires_in', seconds(json['expires_in']))
  for (const name of ['refresh_token', 'id_token']) if (typeof json[name] !== 'string') delete json[name]
}

/** Google writes `verification_url`, others numbers as strings. */
export function normalDeviceBody(json: Json): Json {
  const { verification_url: url, ...body } = json
  if (body['verification_uri'] === undefined && url !== undefined) body['verification_uri'] = url
  if (body['verification_uri_complete'] === null) delete body['verification_uri_complete']
  setOrDelete(body, 'interval', seconds(body['interval']))
  return body
}

export function parseBody(text: string): Json | undefined {
  const trimmed = text.trim()
  return trimmed.startsWith('{') ? parseJson(trimmed) : parseForm(trimmed)
}

function parseJson(text: string): Json | undefined {
  try {
    // It begins with '{': an object.
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

function parseForm(text: string): Json | undefined {
  if (!/^[A-Za-z_]+=[^\s<>]*$/.test(text)) return undefined
  const form = Object.fromEntries(new URLSearchParams(text))
  return form['access_token'] !== undefined || form['error'] !== undefined ? form : undefined
}

/** Undefined for 0 and less, and for other types. */
function seconds(value: unknown): number | undefined {
  const number = typeof value === 'string' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) && number > 0 ? Math.min(number, maxLifetime) : undefined
}

/** It ends up near an HTTP header: a token of RFC 9110 section 5.6.2, or `Bearer`. */
function tokenTypeOf(value: unknown): string {
  const text = typeof value === 'string' ? value.trim() : ''
  return /^[\w!#$%&'*+.^`|~-]+$/.test(text) ? text : 'Bearer'
}

/** GitHub and Strava write commas. */
function normalScopeText(value: unknown): string | undefined {
  if (Array.isArray(value)) return value.join(' ')
  if (typeof value !== 'string') return undefined
  return value.includes(' ') ? value : value.replaceAll(',', ' ')
}

function setOrDelete(json: Json, name: string, value: unknown): void {
  if (value === undefined) delete json[name]
  else json[name] = value
}
