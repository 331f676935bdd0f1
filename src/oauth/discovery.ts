// What a server says of itself: OpenID discovery and RFC 8414, whichever it has. Some divide their metadata between the two.

import type { ServerMetadata } from 'openid-client'
import { Failure } from '../core/failures.ts'
import type { Profile } from '../core/profile.ts'
import { failureOf } from './http/outcome.ts'
import type { OAuthRequest } from './http/request.ts'
import { requireSecureUrl } from './http/require-secure-url.ts'
import { checkMetadata, type MetadataDocument, endpointsByHand } from './metadata.ts'
import { metadataUrls } from './well-known.ts'

/** Same-origin redirects that are followed, to the same path with a slash for example (P21). */
const maxRedirects = 3
/** If one of these is missing, the other document may have it. */
const oftenInTheOther = ['revocation_endpoint', 'device_authorization_endpoint']
/** The other document is not worth more. */
const otherTimeoutMs = 5_000

/** `newRequest` makes one for each document. Throws discovery_failed, issuer_mismatch, insecure_url, server_*. */
export async function discover(
  profile: Pick<Profile, 'issuer' | 'endpoints'>,
  newRequest: () => Promise<OAuthRequest>,
): Promise<ServerMetadata> {
  const { issuer } = profile
  requireSecureUrl(new URL(issuer), 'the issuer')
  const urls = metadataUrls(issuer)
  const { document, url } = await firstDocument(issuer, urls, newRequest)
  const metadata = checkMetadata(document, issuer, endpointsByHand(profile))
  if (oftenInTheOther.every((name) => document[name] !== undefined)) return metadata
  const others = urls.filter((each) => each !== url && each.includes('oauth-authorization-server'))
  for (const other of others) {
    const more = await fetchDocument(other, await newRequest(), AbortSignal.timeout(otherTimeoutMs)).catch(() => undefined)
    if (typeof more !== 'object' || more instanceof Failure || more.issuer !== document.issuer) continue
    return checkMetadata({ ...more, ...document }, issuer, endpointsByHand(profile))
  }
  return metadata
}

async function firstDocument(
  issuer: string,
  urls: readonly string[],
  newRequest: () => Promise<OAuthRequest>,
): Promise<{ readonly document: MetadataDocument; readonly url: string }> {
  const tried: string[] = []
  let unavailable: Failure | undefined
  for (const url of urls) {
    const document = await fetchDocument(url, await newRequest())
    if (document instanceof Failure) unavailable ??= document
    else if (typeof document === 'object') return { document, url }
    else tried.push(`${url}: ${document}`)
  }
  throw unavailable ?? new Failure('discovery_failed', `no metadata was found for ${issuer}: ${tried.join('; ')}`)
}

/** The document, or why there is none (a Failure: there may be one later). Throws if the server cannot be reached. */
async function fetchDocument(
  url: string,
  request: OAuthRequest,
  signal?: AbortSignal,
): Promise<MetadataDocument | string | Failure> {
  try {
    const response = await get(url, request, signal)
    if (response.status !== 200) {
      if (response.status === 429 || response.status >= 500) return failureOf(undefined, request.trace)
      return `status ${response.status}`
    }
    const document: unknown = JSON.parse((await response.text()).replace(/^\uFEFF/, ''))
    // Some answer every path with a page or an object of their own.
    return typeof (document as { issuer?: unknown } | null)?.issuer === 'string'
      ? (document as MetadataDocument)
      : 'no issuer in it'
  } catch (error) {
    if (error instanceof SyntaxError) return 'not JSON'
    throw failureOf(error, request.trace)
  }
}

async function get(first: string, request: OAuthRequest, signal: AbortSignal | undefined): Promise<Response> {
  let url = first
  for (let redirects = 0; ; redirects++) {
    const response = await request.fetch(url, {
      headers: { accept: 'application/json' },
      ...(signal === undefined ? {} : { signal }),
    })
    const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null
    const next = location === null ? null : URL.parse(location, url)
    if (next === null || next.origin !== new URL(url).origin || redirects === maxRedirects) return response
    url = next.href
  }
}
