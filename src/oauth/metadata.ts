// A server's metadata, checked before it is used: the issuer is the configured one (P3), endpoints are URLs that may be asked
// (P21), `none` is no signing algorithm (P11).

import type { ServerMetadata } from 'openid-client'
import { Failure } from '../core/failures.ts'
import type { Endpoints } from '../core/profile.ts'
import { defined } from '../core/util/defined.ts'
import { requireSecureUrl } from './http/require-secure-url.ts'
import { serverText } from './http/server-text.ts'
import { metadataUrls } from './well-known.ts'

/** As the server sent it. */
export type MetadataDocument = Readonly<Record<string, unknown>> & { readonly issuer: string }

/** Those that are asked, or opened in a browser. */
const endpointFields = [
  'token_endpoint',
  'authorization_endpoint',
  'device_authorization_endpoint',
  'revocation_endpoint',
  'userinfo_endpoint',
  'jwks_uri',
  'pushed_authorization_request_endpoint',
]

/** Throws issuer_mismatch, discovery_failed, insecure_url. */
export function checkMetadata(document: MetadataDocument, issuer: string): ServerMetadata {
  checkIssuer(document.issuer, issuer)
  const metadata: Record<string, unknown> = Object.fromEntries(Object.entries(document).filter(([, value]) => value !== null))
  for (const field of endpointFields) {
    const value = metadata[field]
    if (value === undefined) continue
    const url = typeof value === 'string' ? URL.parse(value) : null
    if (url === null) throw new Failure('discovery_failed', `the '${field}' of ${issuer} is not a URL`)
    requireSecureUrl(url, `the '${field}' of ${issuer},`)
  }
  if (metadata['token_endpoint'] === undefined)
    throw new Failure('discovery_failed', `the metadata of ${issuer} has no token_endpoint`)
  metadata['id_token_signing_alg_values_supported'] = signingAlgorithms(metadata['id_token_signing_alg_values_supported'])
  return metadata as unknown as ServerMetadata
}

/** Assumed if the server does not say. */
const asymmetric = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519', 'RS384', 'RS512', 'PS384', 'PS512', 'ES384', 'ES512']

/** P11: servers list `none`, which is for the implicit flow. */
const signingAlgorithms = (listed: unknown): readonly string[] => {
  const algorithms = Array.isArray(listed) ? listed.filter((each) => typeof each === 'string' && each !== 'none') : []
  return algorithms.length > 0 ? algorithms : asymmetric
}

/** P3. If the profile gives the URL of the document itself, that URL is one of the issuer's, or below the issuer. */
function checkIssuer(found: string, configured: string): void {
  if (found === configured) return
  if (configured.includes('/.well-known/') && URL.canParse(found)) {
    if (metadataUrls(found).includes(configured) || configured.startsWith(`${found.replace(/\/$/, '')}/`)) return
  }
  throw new Failure('issuer_mismatch', `the server calls itself '${serverText(found)}', not '${configured}'`, {
    hint: `if that is the server you mean, use ${serverText(found)} as the issuer`,
  })
}

/** Of endpoints that were given by hand. Throws insecure_url. */
export function metadataOf(issuer: string, endpoints: Endpoints): ServerMetadata {
  for (const [name, url] of Object.entries(endpoints)) requireSecureUrl(new URL(url as string), `the ${name} endpoint`)
  const { token, authorization, deviceAuthorization, revocation, userinfo, jwks } = endpoints
  return {
    issuer,
    token_endpoint: token,
    id_token_signing_alg_values_supported: [...asymmetric],
    ...defined({
      authorization_endpoint: authorization,
      device_authorization_endpoint: deviceAuthorization,
      revocation_endpoint: revocation,
      userinfo_endpoint: userinfo,
      jwks_uri: jwks,
    }),
  }
}
