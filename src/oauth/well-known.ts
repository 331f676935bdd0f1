// Where an issuer publishes its metadata.

/** URLs of an issuer's metadata: OpenID Connect Discovery section 4, RFC 8414 section 3, and two that servers use by mistake. */
export function metadataUrls(issuer: string): readonly string[] {
  const url = new URL(issuer)
  if (url.pathname.includes('/.well-known/')) return [issuer]
  const path = url.pathname.replace(/\/+$/, '')
  const base = url.origin + path
  const urls = [
    `${base}/.well-known/openid-configuration`,
    `${url.origin}/.well-known/oauth-authorization-server${path}`,
    `${base}/.well-known/oauth-authorization-server`,
    `${url.origin}/.well-known/openid-configuration${path}`,
  ]
  return [...new Set(urls)]
}
