// What became of one HTTP request: request.ts writes it, outcome.ts makes a refusal or a Failure of it.

export interface RequestTrace {
  /** Something of the request may have reached the server. */
  sent: boolean
  host: string
  status: number | undefined
  /** The `error` of an OAuth error response, or what servers send in its place. */
  oauthError: string | undefined
  oauthErrorDescription: string | undefined
  /** Seconds. */
  retryAfter: number | undefined
  /** Why there is no complete response. */
  networkError: NodeJS.ErrnoException | undefined
}

export const newTrace = (host: string): RequestTrace => ({
  sent: false,
  host,
  status: undefined,
  oauthError: undefined,
  oauthErrorDescription: undefined,
  retryAfter: undefined,
  networkError: undefined,
})
