// How an MCP server is logged in to, found out from its URL alone (MCP specification, "Authorization"; RFC 9728, RFC 8414, RFC 7591).

import { Failure } from '../core/failures.ts'
import type { Grant } from '../core/grant.ts'
import type { ClientAuthentication, Profile } from '../core/profile.ts'
import type { Redacted } from '../core/redacted.ts'
import { normalScope } from '../core/session/scope.ts'
import { defined } from '../core/util/defined.ts'
import type { Challenge } from '../core/util/www-authenticate.ts'
import { discover } from '../oauth/discovery.ts'
import { registerClient } from '../oauth/registration/dynamic-registration.ts'
import { type DocumentPorts, newRequest, stringsOf } from '../oauth/registration/json-document.ts'
import { protectedResource } from '../oauth/registration/protected-resource.ts'

export interface McpAuthorization {
  readonly issuer: string
  /** Undefined: a server of before 2025-06-18, which knows no resource. */
  readonly resource: string | undefined
  readonly scopes: readonly string[]
  readonly registrationEndpoint: string | undefined
  /** `token_endpoint_auth_methods_supported` */
  readonly methods: readonly string[] | undefined
  readonly takesMetadataDocument: boolean
  /** Of a server without metadata: the paths of the specification of 2025-03-26. */
  readonly endpoints: { readonly authorization: string; readonly token: string } | undefined
}

/** `needsPkce`: somebody logs in. Throws discovery_failed, issuer_mismatch, unsupported_by_server (no PKCE), insecure_url, server_*. */
export async function mcpAuthorization(
  url: URL,
  challenge: Challenge | undefined,
  ports: DocumentPorts,
  needsPkce = true,
): Promise<McpAuthorization> {
  const resource = await protectedResource(url, challenge, ports)
  const issuer = resource?.issuers[0] ?? url.origin
  const metadata = await metadataOf(issuer, resource === undefined, ports)
  if (metadata === undefined) return withoutMetadata(url)
  const challenged = challenge?.parameters.get('scope')?.split(' ')
  const scopes = challenged ?? resource?.scopes ?? []
  // A refresh token is asked for where the server knows the word.
  const offline = stringsOf(metadata['scopes_supported'])?.includes('offline_access') === true ? ['offline_access'] : []
  if (needsPkce && stringsOf(metadata['code_challenge_methods_supported'])?.includes('S256') !== true) {
    throw new Failure('unsupported_by_server', `the metadata of ${issuer} does not say that it supports PKCE (S256)`, {
      hint: 'MCP requires PKCE: ask who runs the server',
    })
  }
  return {
    issuer,
    resource: resource?.resource,
    scopes: normalScope([...scopes, ...offline].filter((each) => each !== '')),
    registrationEndpoint: textOf(metadata['registration_endpoint']),
    methods: stringsOf(metadata['token_endpoint_auth_methods_supported']),
    takesMetadataDocument: metadata['client_id_metadata_document_supported'] === true,
    endpoints: undefined,
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** `isOld`: no metadata at all is no failure. */
async function metadataOf(
  issuer: string,
  isOld: boolean,
  ports: DocumentPorts,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    return await discover({ issuer }, async () => newRequest(ports))
  } catch (error) {
    if (isOld && error instanceof Failure && error.code === 'discovery_failed') return undefined
    throw error
  }
}

const withoutMetadata = ({ origin }: URL): McpAuthorization => ({
  issuer: origin,
  resource: undefined,
  scopes: [],
  registrationEndpoint: `${origin}/register`,
  methods: undefined,
  takesMetadataDocument: false,
  endpoints: { authorization: `${origin}/authorize`, token: `${origin}/token` },
})

export interface McpClient {
  readonly clientId: string
  readonly clientSecret: Redacted<string> | undefined
  readonly clientAuthentication: ClientAuthentication
}

/** `metadataDocument`: the URL of the user's own client metadata document. Throws bad_request, login_failed, server_*. */
export async function mcpClient(
  authorization: McpAuthorization,
  { redirectUri, metadataDocument }: { readonly redirectUri: string; readonly metadataDocument: string | undefined },
  ports: DocumentPorts,
): Promise<McpClient> {
  const { issuer, registrationEndpoint, methods, scopes, takesMetadataDocument } = authorization
  if (takesMetadataDocument && metadataDocument !== undefined) {
    return { clientId: metadataDocument, clientSecret: undefined, clientAuthentication: 'none' }
  }
  if (registrationEndpoint !== undefined) {
    return registerClient(registrationEndpoint, { redirectUri, scope: scopes, methods }, ports)
  }
  throw new Failure('bad_request', `${issuer} gives out no client ID by itself`, {
    hint: 'register a client there (redirect URI http://127.0.0.1/callback), then `authsock login URL --client-id ID`',
  })
}

/** The profile's table in config.toml. */
export function mcpProfile(
  { issuer, resource, scopes, endpoints }: McpAuthorization,
  { clientId, clientAuthentication }: Pick<McpClient, 'clientId' | 'clientAuthentication'>,
  redirect: string | undefined,
  grant: Grant | undefined,
) {
  return {
    issuer,
    client_id: clientId,
    scopes,
    ...defined({ grant, resource, redirect, endpoints }),
    ...(clientAuthentication === 'none' ? {} : { client_authentication: clientAuthentication }),
  }
}

/** Whether the profile's login is still the one that the server asks for. */
export const isSameIssuer = ({ issuer }: Pick<Profile, 'issuer'>, authorization: McpAuthorization): boolean =>
  issuer === authorization.issuer
