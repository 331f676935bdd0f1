/** The scheme of the Authorization header. Servers write `bearer`, `BearerToken` (Apigee), `bot` (Slack) for RFC 6750's. */
export const authorizationScheme = (tokenType: string): 'Bearer' | 'DPoP' =>
  tokenType.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer'
