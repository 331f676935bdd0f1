// The provider catalogue: facts about well-known authorization servers that their metadata does not have. A new quirk is a row here.

import type { Endpoints } from '../core/profile.ts'

interface Provider {
  /** The issuers of this provider. */
  readonly issuer: RegExp
  /** The default scopes, if a refresh token needs others than openid and offline_access. */
  readonly scopes?: readonly string[]
  /** For a server without metadata. */
  readonly endpoints?: Endpoints
  readonly authorizationParameters?: Readonly<Record<string, string>>
  /** Seconds for which a used refresh token is accepted again. Only if the vendor documents it and no customer can change it. */
  readonly refreshGrace?: number
  /** A revoked refresh token ends every login of the same user and client. */
  readonly revocationEndsAll?: boolean
}

/** For servers whose refresh tokens stay valid after a refresh. */
const unlimitedGrace = 10 * 365 * 86_400

const providers: readonly Provider[] = [
  {
    // Issues a refresh token only with access_type=offline, and a second one only with prompt=consent.
    issuer: /^https:\/\/accounts\.google\.com$/,
    scopes: ['email', 'openid', 'profile'],
    authorizationParameters: { access_type: 'offline', prompt: 'consent' },
    refreshGrace: unlimitedGrace,
    revocationEndsAll: true,
  },
  {
    // Has no metadata and no OpenID. The permissions of a GitHub App take the place of scopes.
    issuer: /^https:\/\/github\.com$/,
    scopes: [],
    endpoints: {
      token: 'https://github.com/login/oauth/access_token',
      authorization: 'https://github.com/login/oauth/authorize',
      deviceAuthorization: 'https://github.com/login/device/code',
    },
  },
  {
    // In many tenants prompt=consent would require an administrator. A refresh token is issued without it.
    issuer: /^https:\/\/login\.microsoftonline\.com\//,
    authorizationParameters: { prompt: 'select_account' },
    refreshGrace: unlimitedGrace,
  },
  {
    issuer: /^https:\/\/auth\.atlassian\.com$/,
    refreshGrace: 600,
  },
  {
    // Always issues a refresh token, and refuses the unknown scope offline_access.
    issuer: /^https:\/\/gitlab\.com$/,
    scopes: ['openid'],
  },
]

export const providerOf = (issuer: string): Provider | undefined => providers.find((provider) => provider.issuer.test(issuer))
