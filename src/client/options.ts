// Public: what callers of the client library pass to it, and the conversation of a login.

import type { Grant } from '../core/grant.ts'
import type { LoginMessage } from '../wire/messages.ts'

export interface ConnectOptions {
  /**
   * Where the agent listens: the path of its socket, or `http://HOST:PORT` of a share. Default: `$AUTHSOCK`, else the platform's own path
   * (protocol/README.md).
   */
  readonly socket?: string
  /** Whether to start an agent if none listens. Never for a share. Default: true. */
  readonly start?: boolean
  /** The environment that decides where socket, configuration and state are. Default: `process.env`. */
  readonly env?: NodeJS.ProcessEnv
}

export interface TokenOptions {
  /** Default: the configured default profile, or the only one. */
  readonly profile?: string
  /** A subset of the profile's scopes. Default: all that the session was granted. */
  readonly scope?: readonly string[]
  /** RFC 8707: an absolute URI. Default: the profile's. */
  readonly resource?: string
  /** For servers that take an audience in place of a resource. Default: the profile's. */
  readonly audience?: string
  /** Seconds that the token must still be valid; otherwise the agent refreshes it first. Default: 30, or a tenth of its lifetime. */
  readonly minTtl?: number
  /** Aborting rejects with `cancelled`; a refresh that has begun goes on in the agent. */
  readonly signal?: AbortSignal
}

export interface LoginOptions {
  /** Default: the profile's grant. */
  readonly grant?: Grant
  /** The account to log in as, for the server (OpenID Connect `login_hint`). */
  readonly loginHint?: string
  /** Have the server ask which account to use. Default: as the server and the profile have it. */
  readonly selectAccount?: boolean
  /** Seconds since the epoch: if somebody has logged in after this second, that login is the result, and none is made. */
  readonly newerThan?: number
  /** Aborting cancels the login. */
  readonly signal?: AbortSignal
}

/** The agent's messages during a login, in order; the last one is `done`. Leaving the loop earlier cancels the login. */
export interface LoginConversation extends AsyncIterable<Exclude<LoginMessage, { type: 'error' }>> {
  /** Passes on the redirect URL that a user copied from a browser on another machine. */
  redirected(url: string): void
}
