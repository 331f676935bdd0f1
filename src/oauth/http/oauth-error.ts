// Error responses of token endpoints: read in the many forms that servers give them, and what each means for a session. Facts about
// servers stand in docs/servers.md; outcome.ts is the only user.

import { defined } from '../../core/util/defined.ts'
import type { TokenRefusal } from '../../core/session/token-refusal.ts'

type Json = Readonly<Record<string, unknown>>

export interface OAuthError {
  /** RFC 6749 section 5.2, or what the server has in its place. */
  readonly code: string
  readonly description?: string
  /** Entra: why, in one word. */
  readonly suberror?: string
  /** Entra: AADSTS numbers. */
  readonly numbers?: readonly number[]
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value.trim() !== '' ? value : undefined)

const record = (value: unknown): Json | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined

/**
 * `{"error": "x", "error_description": "y"}`, or one of what has been seen instead: the code in an object (`{"error": {"code": "x",
 * "message": "y"}}`), in a list (`{"errors": [{"code": "x"}]}`), or under another name. Undefined: it tells no error.
 */
export function readOAuthError(json: Json): OAuthError | undefined {
  const first: unknown = Array.isArray(json['errors']) ? (json['errors'] as readonly unknown[])[0] : undefined
  const inner = record(json['error']) ?? record(first)
  const code =
    text(json['error']) ??
    text(inner?.['code']) ??
    text(inner?.['error']) ??
    text(inner?.['type']) ??
    text(inner?.['status']) ??
    text(json['error_code']) ??
    text(json['errorCode']) ??
    (inner === undefined ? undefined : 'unknown_error')
  if (code === undefined) return undefined
  const from = { ...json, ...inner }
  const description = ['error_description', 'message', 'description', 'error_message', 'reason', 'detail', 'errorSummary']
    .map((name) => text(from[name]))
    .find((found) => found !== undefined)
  const numbers = Array.isArray(json['error_codes']) ? json['error_codes'].filter((each) => typeof each === 'number') : undefined
  return { code, ...defined({ description, suberror: text(json['suberror']), numbers }) }
}

type Kind = TokenRefusal['kind']

const kinds: Readonly<Record<string, Kind>> = {
  // The refresh token is no longer valid: RFC 6749, OpenID Connect, GitHub, Slack and others.
  invalid_grant: 'invalid_grant',
  bad_refresh_token: 'invalid_grant',
  invalid_refresh_token: 'invalid_grant',
  refresh_token_expired: 'invalid_grant',
  expired_refresh_token: 'invalid_grant',
  invalid_token: 'invalid_grant',
  token_expired: 'invalid_grant',
  expired_token: 'invalid_grant',
  token_revoked: 'invalid_grant',
  token_inactive: 'invalid_grant',
  session_expired: 'invalid_grant',
  // Refused, and no code says why.
  unknown_error: 'invalid_grant',
  login_required: 'invalid_grant',
  // The user has to agree or to prove more: OpenID Connect Core section 3.1.2.6, RFC 9470.
  interaction_required: 'interaction_required',
  consent_required: 'interaction_required',
  account_selection_required: 'interaction_required',
  insufficient_user_authentication: 'interaction_required',
  unmet_authentication_requirements: 'interaction_required',
  invalid_client: 'client_refused',
  unauthorized_client: 'client_refused',
  incorrect_client_credentials: 'client_refused',
  server_error: 'no_answer',
  temporarily_unavailable: 'busy',
  slow_down: 'busy',
  rate_limited: 'busy',
  rate_limit_exceeded: 'busy',
  ratelimited: 'busy',
  too_many_requests: 'busy',
}

/** `Token expired`, `InvalidRefreshToken` -> `token_expired`, `invalid_refresh_token`. */
const normalCode = (code: string): string =>
  code
    .trim()
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_|_$/g, '')

/** Entra refuses the device, the place or the risk, and may not do so the next time: conditional access, a locked account. */
const entraMayPass: ReadonlySet<number> = new Set([50053, 53000, 53001, 53002, 53003, 53004, 530031, 530032, 530034, 90033])
/** Entra wants another factor, or consent to what was asked for. */
const entraInteraction: ReadonlySet<number> = new Set([50072, 50074, 50076, 50079, 50158, 65001])
const entraInteractionSuberrors: ReadonlySet<string> = new Set(['consent_required', 'basic_action', 'additional_action'])

/** What the error means. `isRefresh`: the request sent a refresh token. */
export function kindOf(error: OAuthError, isRefresh: boolean): Kind {
  const kind = kinds[normalCode(error.code)] ?? 'refused'
  const numbers = [...(error.numbers ?? []), ...numbersIn(error.description)]
  if (numbers.some((number) => entraMayPass.has(number))) return 'may_pass'
  if (kind !== 'invalid_grant' && kind !== 'interaction_required') {
    return isRefresh && kind !== 'busy' && kind !== 'no_answer' && saysTokenIsDead(error) ? 'invalid_grant' : kind
  }
  const isInteraction =
    numbers.some((number) => entraInteraction.has(number)) || entraInteractionSuberrors.has(error.suberror ?? '')
  return isInteraction ? 'interaction_required' : kind
}

const numbersIn = (description = ''): readonly number[] =>
  [...description.matchAll(/\bAADSTS(\d{4,7})\b/g)].map(([, digits]) => Number(digits))

/**
 * Some have no code for a dead refresh token and say it in prose: Atlassian (403 unauthorized_client "refresh_token is invalid"),
 * Bitbucket, Metabase and Zoom (400 invalid_request "Invalid refresh_token"), X ("Value passed for the token was invalid").
 */
function saysTokenIsDead({ code, description = '' }: OAuthError): boolean {
  const isStandard = /^(invalid_(request|scope|target|client)|un(authorized_client|supported_grant_type)|access_denied)$/.test(
    code,
  )
  const said = (isStandard ? description : `${code} ${description}`).toLowerCase().replaceAll(/[_-]/g, ' ')
  if (/\b(clients?|scopes?|resources?|audiences?|assertions?|redirect|missing|required|unsupported)\b/.test(said)) return false
  const isAboutIt = /\b(token(?! (type|endpoint))|grant(?! type)|session)s?\b/.test(said)
  return isAboutIt && dead.test(said)
}

const dead =
  /\b(invalid|expired|revoked|unknown|inactive|malformed|(already|been) used|reused|no longer|not (valid|found|active|recogni[sz]ed)|(does not|doesn.t) exist)\b/

/** What to do about it; undefined: the failure's own hint serves. */
export function hintOf({ code }: OAuthError): string | undefined {
  switch (normalCode(code)) {
    case 'invalid_scope':
      return 'the server does not give one of the scopes: change `scopes` of the profile or the client at the server'
    case 'invalid_target':
      return 'the server does not know the resource: change `resource` or `audience` of the profile'
    case 'invalid_request':
    case 'unsupported_response_type':
    case 'unsupported_grant_type':
      return 'trying again does not help: compare the profile with what the server has for the client: `authsock profile show {profile}`'
    default:
      return undefined
  }
}
