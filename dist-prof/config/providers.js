// Facts about well-known servers that their metadata does not give. Adding a provider is a row.
/** Where refresh tokens are not taken out of use by a refresh. */
const noEnd = 10 * 365 * 86_400;
const providers = [
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
];
export const providerOf = (issuer) => providers.find((provider) => provider.issuer.test(issuer));
