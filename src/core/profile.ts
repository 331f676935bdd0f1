// What the user configured, as the rest of the program sees it. config/ reads it from config.toml.

import type { Grant } from './grant.ts'

/** Endpoints given by hand, in place of those that the server's metadata names. Absolute URLs. */
export interface Endpoints {
  /** With it the server needs no metadata. */
  readonly token?: string
  readonly authorization?: string
  readonly deviceAuthorization?: string
  readonly revocation?: string
  readonly userinfo?: string
  readonly jwks?: string
  readonly pushedAuthorization?: string
}

/** How the client proves itself at the token endpoint. oauth/client-auth/ holds how each of them is done. */
export const clientAuthentications = {
  none: { usesSecret: false },
  /** The one of the next two that the server's metadata lists. */
  client_secret: { usesSecret: true },
  client_secret_basic: { usesSecret: true },
  client_secret_post: { usesSecret: true },
} as const

export type ClientAuthentication = keyof typeof clientAuthentications

/** The loopback redirect URI. Some servers compare it to the letter. */
export interface Redirect {
  readonly scheme: 'http' | 'https'
  readonly host: '127.0.0.1' | '[::1]' | 'localhost'
  /** 0: any free one. */
  readonly port: number
  /** With its slash, or empty. */
  readonly path: string
}

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
  /** A PEM file of certificate authorities, trusted beside the others. */
  readonly caFile?: string
  /** Whether the authorities in the operating system's store are trusted. */
  readonly systemCertificates: boolean
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
  readonly redirect: Redirect
  /** Whether the authorization request is pushed (RFC 9126) to a server that offers it and does not require it. */
  readonly pushedAuthorization: boolean
  /** Added to the authorization request as they are (`prompt`, `login_hint`, `access_type`, ...); an empty one is left out. */
  readonly authorizationParameters: Readonly<Record<string, string>>
}

/** Lower case, so that two profiles never meet in one file on a case-insensitive disk. */
const profileNamePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/

export const isProfileName = (name: string): boolean => profileNamePattern.test(name)
