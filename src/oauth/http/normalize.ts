// Answers of token and device endpoints as servers really write them, brought into the form of RFC 6749 section 5 and RFC 8628
// section 3.2: JSON under another content type, form encoding, errors with status 200, numbers as texts, nulls, odd types.

export type Json = Record<string, unknown>

interface TokenBody {
  readonly json: Json
  readonly status: number
  /** `Bearer`, or what else the server calls it: openid-client knows few names. */
  readonly tokenType: string
  /** Seconds. */
  readonly refreshTokenExpiresIn: number | undefined
}

/** Seconds. Beyond ten years nothing is planned, and dates end. */
const maxLifetime = 10 * 366 * 86_400

/** Undefined where the body is neither JSON nor a form with something known in it. */
export function normalTokenBody(text: string, status: number): TokenBody | undefined {
  const json = parseBody(text)
  if (json === undefined) return undefined
  for (const [name, value] of Object.entries(json)) if (value === null || value === '') delete json[name]
  const tokenType = normalTokenType(json['token_type'])
  // Keycloak writes 0 for a token that does not expire.
  const refreshTokenExpiresIn = seconds(json['refresh_token_expires_in'] ?? json['refresh_expires_in'])
  const result = { json, tokenType, refreshTokenExpiresIn }
  // GitHub and Slack answer errors with 200.
  if (typeof json['error'] === 'string' && json['access_token'] === undefined)
    return { ...result, status: status === 200 ? 400 : status }
  // Some wrap the error: {"error": {"code": ..., "message": ...}}.
  if (typeof json['error'] === 'object') delete json['error']
  if (json['access_token'] === undefined) return { ...result, status }
  json['token_type'] = 'Bearer'
  setOrDelete(json, 'scope', normalScopeText(json['scope']))
  setOrDelete(json, 'expires_in', seconds(json['expires_in']))
  for (const name of ['refresh_token', 'id_token']) if (typeof json[name] !== 'string') delete json[name]
  return { ...result, status: status >= 200 && status < 300 ? 200 : status }
}

/** Google writes `verification_url`, others numbers as texts. */
export function normalDeviceBody(json: Json): Json {
  const { verification_url: url, ...body } = json
  if (body['verification_uri'] === undefined && url !== undefined) body['verification_uri'] = url
  if (body['verification_uri_complete'] === null) delete body['verification_uri_complete']
  setOrDelete(body, 'interval', seconds(body['interval']))
  return body
}

export function parseBody(text: string): Json | undefined {
  const trimmed = text.trim()
  if (trimmed.startsWith('{')) {
    try {
      return JSON.parse(trimmed) as Json
    } catch {
      return undefined
    }
  }
  if (!/^[A-Za-z_]+=[^\s<>]*$/.test(trimmed)) return undefined
  const form = Object.fromEntries(new URLSearchParams(trimmed))
  return form['access_token'] !== undefined || form['error'] !== undefined ? form : undefined
}

/** Undefined for what says nothing: 0 and less, other types. */
function seconds(value: unknown): number | undefined {
  const number = typeof value === 'string' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) && number > 0 ? Math.min(number, maxLifetime) : undefined
}

/** Apigee says `BearerToken`. It goes into an HTTP header: a token of RFC 9110 section 5.6.2, or nothing. */
function normalTokenType(value: unknown): string {
  const text = typeof value === 'string' ? value.trim() : ''
  return /^(bearer(token)?)?$/i.test(text) || !/^[\w!#$%&'*+.^`|~-]+$/.test(text) ? 'Bearer' : text
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
