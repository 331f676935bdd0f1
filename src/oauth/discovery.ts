// What a server says of itself: OpenID discovery or RFC 8414, whichever it has, or endpoints given by hand. P3: the issuer
// it names is the one configured, to the letter.

import type { ServerMetadata } from 'openid-client'
import { Failure } from '../core/failures.ts'
import type { Endpoints, Profile } from '../core/profile.ts'
import type { OAuthRequest } from './http/request.ts'
import { isLoopback } from './http/request.ts'
import { failureOf, printable } from './http/outcome.ts'

/** Where the metadata of an issuer may lie: OpenID Connect Discovery section 4, RFC 8414 section 3, and what some made of them. */
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

/** Throws discovery_failed, issuer_mismatch, insecure_url, server_*. */
export async function discover(profile: Profile, makeExchange: () => OAuthRequest): Promise<ServerMetadata> {
  if (profile.endpoints !== undefined) return fromEndpoints(profile.issuer, profile.endpoints)
  requireSecure(profile.issuer, 'the issuer')
  const tried: string[] = []
  let unavailable: Failure | undefined
  for (const url of metadataUrls(profile.issuer)) {
    const document = await fetchDocument(url, makeExchange())
    if (document instanceof Failure) unavailable ??= document
    else if (typeof document === 'object') return checkMetadata(document, profile, url)
    else tried.push(`${url}: ${document}`)
  }
  if (unavailable !== undefined) throw unavailable
  throw new Failure('discovery_failed', `no metadata was found for ${profile.issuer}: ${tried.join('; ')}`)
}

/** The document, or why it is none (a Failure: it may be another time). Throws where the server cannot be asked at all. */
async function fetchDocument(url: string, exchange: OAuthRequest): Promise<Readonly<Record<string, unknown>> | string | Failure> {
  try {
    const response = await exchange.fetch(url, { headers: { accept: 'application/json' } })
    if (response.status !== 200) {
      if (response.status === 429 || response.status >= 500) return failureOf(undefined, exchange.trace)
      return `status ${response.status}`
    }
    const document: unknown = JSON.parse(await response.text())
    // Some answer any path with a page or an object of their own.
    return typeof (document as { issuer?: unknown } | null)?.issuer === 'string'
      ? (document as Record<string, unknown>)
      : 'names no issuer'
  } catch (error) {
    if (error instanceof SyntaxError) return 'not JSON'
    throw failureOf(error, exchange.trace)
  }
}

const urlFields = [
  'token_endpoint',
  'authorization_endpoint',
  'device_authorization_endpoint',
  'revocation_endpoint',
  'userinfo_endpoint',
  'jwks_uri',
  'pushed_authorization_request_endpoint',
]

function checkMetadata(document: Readonly<Record<string, unknown>>, profile: Profile, url: string): ServerMetadata {
  checkIssuer(document['issuer'] as string, profile.issuer)
  const metadata: Record<string, unknown> = { ...document }
  for (const [name, value] of Object.entries(metadata)) if (value === null) delete metadata[name]
  for (const field of urlFields) {
    const value = metadata[field]
    if (value === undefined) continue
    if (typeof value !== 'string' || !URL.canParse(value)) {
      throw new Failure('discovery_failed', `the '${field}' of ${profile.issuer} is not a URL`)
    }
    requireSecure(value, `the '${field}' of ${profile.issuer}`)
  }
  metadata['id_token_signing_alg_values_supported'] = signingAlgorithms(metadata['id_token_signing_alg_values_supported'])
  if (metadata['token_endpoint'] === undefined) throw new Failure('discovery_failed', `${url} names no token_endpoint`)
  return metadata as unknown as ServerMetadata
}

/** What openid-client takes where the server does not say. */
const asymmetric = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519', 'RS384', 'RS512', 'PS384', 'PS512', 'ES384', 'ES512']

/** P11: servers list `none`, which is for answers by the browser alone. */
const signingAlgorithms = (listed: unknown): readonly string[] => {
  const algorithms = Array.isArray(listed) ? listed.filter((each) => typeof each === 'string' && each !== 'none') : []
  return algorithms.length > 0 ? algorithms : asymmetric
}

/** P3. Where the profile gives the URL of the document itself, it lies where that issuer's does, or below it. */
function checkIssuer(found: string, configured: string): void {
  if (found === configured) return
  const isDocumentUrl = configured.includes('/.well-known/')
  if (isDocumentUrl && URL.canParse(found)) {
    if (metadataUrls(found).includes(configured) || configured.startsWith(`${found.replace(/\/$/, '')}/`)) return
  }
  throw new Failure('issuer_mismatch', `the server calls itself '${printable(found)}', not '${configured}'`, {
    hint: `if that is the server you mean, use ${printable(found)} as the issuer`,
  })
}

export function requireSecure(text: string, what: string): void {
  const url = new URL(text)
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url))) return
  throw new Failure('insecure_url', `${what} is ${printable(text)}, which is not https`)
}

function fromEndpoints(issuer: string, endpoints: Endpoints): ServerMetadata {
  for (const [name, url] of Object.entries(endpoints)) requireSecure(url as string, `the ${name} endpoint`)
  const { token, authorization, deviceAuthorization, revocation, userinfo, jwks } = endpoints
  return {
    issuer,
    token_endpoint: token,
    id_token_signing_alg_values_supported: [...asymmetric],
    ...(authorization === undefined ? {} : { authorization_endpoint: authorization }),
    ...(deviceAuthorization === undefined ? {} : { device_authorization_endpoint: deviceAuthorization }),
    ...(revocation === undefined ? {} : { revocation_endpoint: revocation }),
    ...(userinfo === undefined ? {} : { userinfo_endpoint: userinfo }),
    ...(jwks === undefined ? {} : { jwks_uri: jwks }),
  }
}
