// What the user configured, as the rest of the program sees it. config/ reads it from config.toml.

import type { Grant } from './grant.ts'

/** Endpoints given by hand, for a server without metadata. Absolute URLs. */
export interface Endpoints {
  readonly token: string
  readonly authorization?: string
  readonly deviceAuthorization?: string
  readonly revocation?: string
  readonly userinfo?: string
  readonly jwks?: string
}

/** How the client proves itself at the token endpoint. oauth/client-auth/ holds how each of them is done. */
export const clientAuthentications = {
  none: { usesSecret: false },
  client_secret_basic: { usesSecret: true },
  client_secret_post: { usesSecret: true },
} as const

export type ClientAuthentication = keyof typeof clientAuthentications

export interface Profile {
  readonly name: string
  readonly issuer: string
  readonly clientId: string
  readonly grant: Grant
  readonly scopes: readonly string[]
  /** RFC 8707; the default of token requests that name none. */
  readonly resource?: string
  /** For servers that take `audience` in place of `resource` (Auth0 and others). */
  readonly audience?: string
  /** Further resources and audiences that a request may name. The login asks for the resources. */
  readonly resources?: readonly string[]
  readonly audiences?: readonly string[]
  readonly clientAuthentication: ClientAuthentication
  /** A file that holds the client secret; otherwise the vault may hold one. */
  readonly clientSecretFile?: string
  readonly endpoints?: Endpoints
  /** A certificate authority of one's own: a PEM file, added to the system's. */
  readonly caFile?: string
  /** `ahead`: refreshed before expiry whether used or not; `on_demand`: only when a caller asks. */
  readonly refresh: 'ahead' | 'on_demand'
  /** Seconds for which the server is known to take a refresh token again after it was used; 0: none is known (R4). */
  readonly refreshGrace: number
  /** Seconds after its login at which a session ends, whatever its server allows (L7). */
  readonly lifetime?: number
  /** Seconds without use after which it ends. */
  readonly idleLimit?: number
  /** The command that opens the login pages of this profile; undefined: the system's browser. */
  readonly browser?: readonly string[]
  /** Loopback redirect: which literal, which port (0: any) and which path; some servers compare them exactly. */
  readonly redirect: { readonly host: '127.0.0.1' | '::1'; readonly port: number; readonly path: string }
  /** Added to the authorization request as they are (`prompt`, `login_hint`, `access_type`, ...). */
  readonly authorizationParameters: Readonly<Record<string, string>>
}

/** Lower case, so that two profiles never meet in one file on a case-insensitive disk. */
const profileNamePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/

export const isProfileName = (name: string): boolean => profileNamePattern.test(name)
