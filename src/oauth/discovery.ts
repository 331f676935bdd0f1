// What a server says of itself: OpenID discovery or RFC 8414, whichever it has, or endpoints given by hand.

import type { ServerMetadata } from 'openid-client'
import { Failure } from '../core/failures.ts'
import type { Profile } from '../core/profile.ts'
import { requireSecureUrl } from './http/require-secure-url.ts'
import type { OAuthRequest } from './http/request.ts'
import { failureOf } from './http/outcome.ts'
import { checkMetadata, type MetadataDocument, metadataOf } from './metadata.ts'
import { metadataUrls } from './well-known.ts'

/** Throws discovery_failed, issuer_mismatch, insecure_url, server_*. */
export async function discover({ issuer, endpoints }: Profile, request: OAuthRequest): Promise<ServerMetadata> {
  if (endpoints !== undefined) return metadataOf(issuer, endpoints)
  requireSecureUrl(new URL(issuer), 'the issuer')
  const tried: string[] = []
  let unavailable: Failure | undefined
  for (const url of metadataUrls(issuer)) {
    const document = await fetchDocument(url, request)
    if (document instanceof Failure) unavailable ??= document
    else if (typeof document === 'object') return checkMetadata(document, issuer)
    else tried.push(`${url}: ${document}`)
  }
  if (unavailable !== undefined) throw unavailable
  throw new Failure('discovery_failed', `no metadata was found for ${issuer}: ${tried.join('; ')}`)
}

/** The document, or why there is none (a Failure: there may be one later). Throws if the server cannot be reached. */
async function fetchDocument(url: string, request: OAuthRequest): Promise<MetadataDocument | string | Failure> {
  try {
    const response = await request.fetch(url, { headers: { accept: 'application/json' } })
    if (response.status !== 200) {
      if (response.status === 429 || response.status >= 500) return failureOf(undefined, request.trace)
      return `status ${response.status}`
    }
    const document: unknown = JSON.parse(await response.text())
    // Some answer every path with a page or an object of their own.
    return typeof (document as { issuer?: unknown } | null)?.issuer === 'string'
      ? (document as MetadataDocument)
      : 'no issuer in it'
  } catch (error) {
    if (error instanceof SyntaxError) return 'not JSON'
    throw failureOf(error, request.trace)
  }
}
