// The provider catalogue: facts about well-known authorization servers that their metadata does not have. A new quirk is a row here.

import type { Endpoints } from '../core/profile.ts'

/** What the user registers at the provider, once. */
interface Registration {
  readonly name: string
  readonly title: string
  readonly issuerUrl: string
  /** What to create there. */
  readonly kind: string
  readonly page: string
  /** What the form must have, beside the redirect URI. */
  readonly note?: string
}

interface Provider {
  /** The issuers of this provider. */
  readonly issuer: RegExp
  /** The default scopes, if a refresh token needs others than openid and offline_access. */
  readonly scopes?: readonly string[]
  /** For a server without metadata. */
  readonly endpoints?: Endpoints
  readonly authorizationParameters?: Readonly<Record<string, string>>
  /** How to get a client ID, for a provider that can be named in place of its issuer: `authsock login github`. */
  readonly registration?: Registration
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
    registration: {
      name: 'google',
      title: 'Google',
      issuerUrl: 'https://accounts.google.com',
      kind: "an OAuth client of type 'Desktop app'",
      page: 'https://console.cloud.google.com/apis/credentials',
      note: 'its client secret is asked for',
    },
    scopes: ['email', 'openid', 'profile'],
    authorizationParameters: { access_type: 'offline', prompt: 'consent' },
    refreshGrace: unlimitedGrace,
    revocationEndsAll: true,
  },
  {
    // Has no metadata and no OpenID. The permissions of a GitHub App take the place of scopes.
    issuer: /^https:\/\/github\.com$/,
    registration: {
      name: 'github',
      title: 'GitHub',
      issuerUrl: 'https://github.com',
      kind: 'a GitHub App',
      page: 'https://github.com/settings/apps/new',
      note: "with 'Expire user authorization tokens' and 'Enable Device Flow'",
    },
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
    registration: {
      name: 'microsoft',
      title: 'Microsoft Entra',
      issuerUrl: 'https://login.microsoftonline.com/common/v2.0',
      kind: "an app registration with the platform 'Mobile and desktop applications'",
      page: 'https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/CreateApplicationBlade',
      note: 'for one tenant, log in with its issuer: https://login.microsoftonline.com/TENANT-ID/v2.0',
    },
    authorizationParameters: { prompt: 'select_account' },
    refreshGrace: unlimitedGrace,
  },
  {
    issuer: /^https:\/\/auth\.atlassian\.com$/,
    registration: {
      name: 'atlassian',
      title: 'Atlassian',
      issuerUrl: 'https://auth.atlassian.com',
      kind: 'an OAuth 2.0 (3LO) integration',
      page: 'https://developer.atlassian.com/console/myapps/create-3lo-app',
      note: 'its client secret is asked for',
    },
    refreshGrace: 600,
  },
  {
    // Always issues a refresh token, and refuses the unknown scope offline_access.
    issuer: /^https:\/\/gitlab\.com$/,
    registration: {
      name: 'gitlab',
      title: 'GitLab',
      issuerUrl: 'https://gitlab.com',
      kind: "an application without 'Confidential'",
      page: 'https://gitlab.com/-/user_settings/applications',
    },
    scopes: ['openid'],
  },
]

export const providerOf = (issuer: string): Provider | undefined => providers.find((provider) => provider.issuer.test(issuer))

export const providerByName = (name: string): Registration | undefined =>
  providers.find(({ registration }) => registration?.name === name)?.registration

/** `register a GitHub App at https://..., with the redirect URI http://127.0.0.1/callback (...)`. */
export const registrationText = ({ kind, page, note }: Registration): string =>
  `register ${kind} at ${page}, with the redirect URI http://127.0.0.1/callback${note === undefined ? '' : ` (${note})`}`
