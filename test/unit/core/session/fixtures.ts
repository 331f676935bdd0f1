// Records and responses for tests of the core: everything has a default, a test names what it is about.

import { Failure } from '../../../../src/core/failures.ts'
import type { TokenResponse } from '../../../../src/core/ports.ts'
import type { TokenRefusal } from '../../../../src/core/session/token-refusal.ts'
import { redact } from '../../../../src/core/redacted.ts'
import type { AccessToken, SessionRecord, Target } from '../../../../src/core/session/session.ts'

export const minute = 60_000
export const start = 1_800_000_000_000

export const token = (over: Partial<AccessToken> = {}): AccessToken => ({
  value: redact('access-1'),
  tokenType: 'Bearer',
  target: {},
  scope: ['read', 'write'],
  obtainedAt: start,
  expiresAt: start + 60 * minute,
  ...over,
})

export const record = (over: Partial<SessionRecord> = {}): SessionRecord => ({
  profile: 'work',
  issuer: 'https://issuer.example',
  clientId: 'client',
  grant: 'device_code',
  generation: 7,
  loggedInAt: start,
  scope: ['read', 'write'],
  refreshToken: redact('refresh-1'),
  accessTokens: [token()],
  ...over,
})

export const response = (at: number, over: Partial<TokenResponse> = {}): TokenResponse => ({
  accessToken: redact('access-2'),
  tokenType: 'Bearer',
  expiresIn: 3600,
  refreshToken: redact('refresh-2'),
  receivedAt: at,
  ...over,
})

const codes = {
  not_sent: 'server_unreachable',
  no_answer: 'server_timeout',
  busy: 'server_unavailable',
  invalid_grant: 'server_refused',
  client_refused: 'client_refused',
  no_verdict: 'server_invalid_response',
  may_pass: 'server_refused',
  interaction_required: 'server_refused',
  refused: 'server_refused',
  identity_changed: 'server_refused',
} as const

export const refusal = (kind: TokenRefusal['kind'], retryAfter?: number): TokenRefusal => ({
  kind,
  failure: new Failure(codes[kind], `told: ${kind}`, retryAfter === undefined ? {} : { retryAfter }),
})

export const primary: Target = {}
