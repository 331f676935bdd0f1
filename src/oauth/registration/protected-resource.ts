// What a resource server says about its authorization (RFC 9728): which issuers, and which scopes.

import { Failure } from '../../core/failures.ts'
import type { Challenge } from '../../core/util/www-authenticate.ts'
import { serverText } from '../http/server-text.ts'
import { type DocumentPorts, requestJson, stringsOf } from './json-document.ts'

export interface ProtectedResource {
  /** As the document writes it: the `resource` of every request for a token. */
  readonly resource: string
  /** At least one. */
  readonly issuers: readonly string[]
  readonly scopes: readonly string[] | undefined
}

/** `https://host/a/b` -> where its document is if no challenge names it: with the path, then without. */
export function resourceDocumentUrls(url: URL): readonly string[] {
  const base = `${url.origin}/.well-known/oauth-protected-resource`
  const path = url.pathname.replace(/\/$/, '')
  return path === '' ? [base] : [`${base}${path}${url.search}`, base]
}

/**
 * Undefined if there is no document, as at servers of before 2025-06-18. `challenge`: what the resource server answered to a request without
 * a token. Throws discovery_failed, issuer_mismatch (the document is about another server), insecure_url, server_*.
 */
export async function protectedResource(
  url: URL,
  challenge: Challenge | undefined,
  ports: DocumentPorts,
): Promise<ProtectedResource | undefined> {
  const named = challenge?.parameters.get('resource_metadata')
  if (named !== undefined) {
    if (!URL.canParse(named))
      throw new Failure('discovery_failed', `'${serverText(named)}' is no URL, but ${url.origin} names it`)
    const { status, json } = await requestJson(named, ports)
    if (status === 200 && json !== undefined) return decode(url, json)
    throw new Failure('discovery_failed', `${serverText(named)}: status ${status}${json === undefined ? ', no JSON' : ''}`, {
      hint: `${url.origin} names this document as its metadata (RFC 9728): ask who runs it`,
    })
  }
  for (const each of resourceDocumentUrls(url)) {
    const { status, json } = await requestJson(each, ports)
    // Some answer every path with a page or an object of their own.
    if (status === 200 && json !== undefined && typeof json['resource'] === 'string') return decode(url, json)
  }
  return undefined
}

function decode(url: URL, json: Readonly<Record<string, unknown>>): ProtectedResource {
  const { resource } = json
  if (typeof resource !== 'string' || !isFor(resource, url)) {
    const found = typeof resource === 'string' ? serverText(resource) : 'no resource'
    throw new Failure('issuer_mismatch', `the metadata of ${url.href} is about ${found}`, {
      hint: 'a token for that would be of use to somebody else: ask who runs the server',
    })
  }
  const issuers = stringsOf(json['authorization_servers']) ?? []
  if (issuers.length === 0) throw new Failure('discovery_failed', `the metadata of ${url.href} names no authorization server`)
  return { resource, issuers, scopes: stringsOf(json['scopes_supported']) }
}

/** It names the server's URL, or what the path of that begins with. */
function isFor(resource: string, url: URL): boolean {
  const named = URL.parse(resource)
  if (named === null || named.origin !== url.origin) return false
  const withSlash = (path: string): string => (path.endsWith('/') ? path : `${path}/`)
  return withSlash(url.pathname).startsWith(withSlash(named.pathname))
}
