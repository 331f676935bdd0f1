// Facts about well-known servers that their metadata does not give. Adding a provider is a row.

import type { Endpoints } from '../core/profile.ts'

interface Provider {
  /** Issuers that this row is about. */
  readonly issuer: RegExp
  /** What brings a refresh token here, where it is not openid and offline_access. */
  readonly scopes?: readonly string[]
  /** For a server without metadata. */
  readonly endpoints?: Endpoints
  readonly authorizationParameters?: Readonly<Record<string, string>>
  /** Seconds for which a used refresh token is taken again; only where the vendor says so and nobody can set it otherwise. */
  readonly refreshGrace?: number
}

/** Where refresh tokens are not taken out of use by a refresh. */
const noEnd = 10 * 365 * 86_400

const providers: readonly Provider[] = [
  {
    // A refresh token comes only with access_type, and again only with prompt=consent.
    issuer: /^https:\/\/accounts\.google\.com$/,
    scopes: ['email', 'openid', 'profile'],
    authorizationParameters: { access_type: 'offline', prompt: 'consent' },
    refreshGrace: noEnd,
  },
  {
    // No metadata and no OpenID; a GitHub App's scopes are its permissions.
    issuer: /^https:\/\/github\.com$/,
    scopes: [],
    endpoints: {
      token: 'https://github.com/login/oauth/access_token',
      authorization: 'https://github.com/login/oauth/authorize',
      deviceAuthorization: 'https://github.com/login/device/code',
    },
  },
  {
    // Consent each time would ask for an administrator's in many tenants; a refresh token comes without.
    issuer: /^https:\/\/login\.microsoftonline\.com\//,
    authorizationParameters: { prompt: 'select_account' },
    refreshGrace: noEnd,
  },
  {
    issuer: /^https:\/\/auth\.atlassian\.com$/,
    refreshGrace: 600,
  },
  {
    // GitLab gives refresh tokens always and refuses offline_access as a scope it does not know.
    issuer: /^https:\/\/gitlab\.com$/,
    scopes: ['openid'],
  },
]

export const providerOf = (issuer: string): Provider | undefined => providers.find((provider) => provider.issuer.test(issuer))
