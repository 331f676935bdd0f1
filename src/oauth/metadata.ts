// A server's metadata, checked before it is used: the issuer is the configured one (P3), endpoints are URLs that may be asked
// (P21), `none` is no signing algorithm (P11).

import type { ServerMetadata } from 'openid-client'
import { Failure } from '../core/failures.ts'
import type { Profile } from '../core/profile.ts'
import { defined } from '../core/util/defined.ts'
import { requireSecureUrl } from './http/require-secure-url.ts'
import { checkIssuer } from './issuer.ts'

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

/** `given`: endpoints that the profile adds. Throws issuer_mismatch, discovery_failed, insecure_url. */
export function checkMetadata(document: MetadataDocument, issuer: string, given: Partial<ServerMetadata>): ServerMetadata {
  checkIssuer(document.issuer, issuer)
  const known = Object.entries(document).filter(([, value]) => value !== null)
  const metadata: Record<string, unknown> = { ...Object.fromEntries(known), ...given }
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

/** The endpoints that the profile gives by hand. Throws insecure_url. */
export function endpointsByHand({ endpoints = {} }: Pick<Profile, 'endpoints'>): Partial<ServerMetadata> {
  for (const [name, url] of Object.entries(endpoints)) requireSecureUrl(new URL(url as string), `the ${name} endpoint`)
  return defined({
    token_endpoint: endpoints.token,
    authorization_endpoint: endpoints.authorization,
    device_authorization_endpoint: endpoints.deviceAuthorization,
    revocation_endpoint: endpoints.revocation,
    userinfo_endpoint: endpoints.userinfo,
    jwks_uri: endpoints.jwks,
    pushed_authorization_request_endpoint: endpoints.pushedAuthorization,
  })
}

/** Of a server that publishes none; undefined if the profile does not give the token endpoint. */
export function metadataByHand(profile: Profile): ServerMetadata | undefined {
  const given = endpointsByHand(profile)
  if (given.token_endpoint === undefined) return undefined
  return { ...given, issuer: profile.issuer, id_token_signing_alg_values_supported: [...asymmetric] }
}
