// What became of one HTTP request: request.ts writes it, outcome.ts makes a refusal or a Failure of it.

import type { OAuthError } from './oauth-error.ts'

export interface RequestTrace {
  readonly host: string
  /** It sends a refresh token, which may be what an error is about. */
  readonly isRefresh: boolean
  /** Something of the request may have reached the server. */
  sent: boolean
  status: number | undefined
  /** What an OAuth error response says, with the request's secrets taken out. */
  oauthError: OAuthError | undefined
  /** The body is neither JSON nor a form: a page of something that is no OAuth server, or nothing at all. */
  body: 'oauth' | 'empty' | 'other'
  /** Seconds. */
  retryAfter: number | undefined
  /** Why there is no complete response. */
  networkError: NodeJS.ErrnoException | undefined
}

export const newTrace = (host: string, isRefresh = false): RequestTrace => ({
  host,
  isRefresh,
  sent: false,
  status: undefined,
  oauthError: undefined,
  body: 'empty',
  retryAfter: undefined,
  networkError: undefined,
})
