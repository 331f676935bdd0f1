// What the grants share: a server's metadata, and requests to it that carry the client's authentication and leave a trace.

import { readFile } from 'node:fs/promises'
import type * as openid from 'openid-client'
import { Failure } from '../core/failures.ts'
import type { Clock } from '../core/ports.ts'
import type { Profile } from '../core/profile.ts'
import { redact, type Redacted } from '../core/redacted.ts'
import type { Target } from '../core/session/session.ts'
import { defined } from '../core/util/defined.ts'
import { clientAuthMethods } from './client-auth/table.ts'
import { OAuthRequest } from './http/request.ts'
import { clockToleranceSeconds } from './id-token.ts'
import { isIssuerTemplate } from './issuer.ts'

/** What a connection is made of. */
export interface ConnectionOptions {
  readonly profile: Profile
  readonly clock: Clock
  readonly timeoutMs: number
  readonly userAgent: string
  readonly clientSecret: () => Promise<Redacted<string> | undefined>
}

export interface Connection {
  readonly profile: Profile
  readonly clock: Clock
  readonly metadata: openid.ServerMetadata
  readonly openid: typeof openid
  /** For one use of openid-client: its configuration, and the request that traces what it sends. */
  configure(signal: AbortSignal, options?: ConfigureOptions): Promise<Configured>
  /** The same, if the server's metadata names another token endpoint now. */
  moved(signal: AbortSignal): Promise<Connection | undefined>
}

interface ConfigureOptions {
  readonly dropIdToken?: boolean
  /** In place of the server's. */
  readonly metadata?: openid.ServerMetadata
}

interface Configured {
  readonly configuration: openid.Configuration
  readonly request: OAuthRequest
}

/** `moved` asks the server for its metadata anew; undefined: the token endpoint is where it was. */
export async function connectionTo(
  own: openid.ServerMetadata,
  options: ConnectionOptions,
  moved: (signal: AbortSignal) => Promise<openid.ServerMetadata | undefined>,
): Promise<Connection> {
  const openid = await import('openid-client')
  const { profile, clock, timeoutMs } = options
  return {
    profile,
    clock,
    metadata: own,
    openid,
    moved: async (signal) => {
      const metadata = await moved(signal)
      return metadata === undefined ? undefined : connectionTo(metadata, options, () => Promise.resolve(undefined))
    },
    configure: async (signal, { dropIdToken = false, metadata = own } = {}) => {
      const endpoints = { token: metadata.token_endpoint, device: metadata.device_authorization_endpoint }
      const request = await newRequest(options, signal, { endpoints, dropIdToken })
      const secret = (): Promise<Redacted<string>> => clientSecretOf(options)
      const authentication = await clientAuthMethods[profile.clientAuthentication]({ openid, metadata, secret })
      const configuration = await newConfiguration(openid, metadata, profile.clientId, authentication)
      configuration[openid.customFetch] = (url, init) => request.fetch(url, init)
      configuration.timeout = timeoutMs / 1000
      // Lifts openid-client's own check only: http/request.ts decides for every URL, and lets http through to loopback.
      // oxlint-disable-next-line typescript/no-deprecated
      openid.allowInsecureRequests(configuration)
      if (metadata.jwks_uri !== undefined) openid.enableNonRepudiationChecks(configuration)
      return { configuration, request }
    },
  }
}

async function newConfiguration(
  openid: Connection['openid'],
  metadata: openid.ServerMetadata,
  clientId: string,
  authentication: openid.ClientAuth,
): Promise<openid.Configuration> {
  const client = { [openid.clockTolerance]: clockToleranceSeconds }
  if (!isIssuerTemplate(metadata.issuer)) return new openid.Configuration(metadata, clientId, client, authentication)
  // openid-client takes Entra's template for an issuer only in its own discovery, and there from Entra's own address.
  const entra = new URL('https://login.microsoftonline.com/common/v2.0')
  const options = { [openid.customFetch]: () => Promise.resolve(Response.json(metadata)) }
  return openid.discovery(entra, clientId, client, authentication, options)
}

/** A request that trusts what the profile trusts. */
export async function newRequest(
  { profile, clock, timeoutMs, userAgent }: ConnectionOptions,
  signal: AbortSignal,
  more: Pick<ConstructorParameters<typeof OAuthRequest>[0], 'endpoints' | 'dropIdToken'> = {},
): Promise<OAuthRequest> {
  const ca = profile.caFile === undefined ? undefined : await readText(profile.caFile, 'ca_file')
  const trust = { ca, systemStore: profile.systemCertificates }
  return new OAuthRequest({ trust, signal, timeoutMs, userAgent, now: () => clock.now(), ...more })
}

/** Read anew for each use, so that a changed one is picked up. */
async function clientSecretOf({ profile, clientSecret }: ConnectionOptions): Promise<Redacted<string>> {
  const { clientSecretFile, name } = profile
  const secret =
    clientSecretFile === undefined
      ? await clientSecret()
      : redact((await readText(clientSecretFile, 'client_secret_file')).trim())
  if (secret !== undefined && secret.reveal() !== '') return secret
  throw new Failure('client_refused', `the client secret of '${name}' is not known`, {
    profile: name,
    hint: '`authsock login {profile}` asks for it; AUTHSOCK_CLIENT_SECRET or --client-secret-stdin give it without a prompt',
  })
}

async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new Failure('config_invalid', `the ${what} ${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`, {
      cause: error,
    })
  }
}

export const defaultTarget = ({ resource, audience }: Profile): Target => defined({ resource, audience })

/** A login asks for every resource of the profile (RFC 8707 section 2.1). */
export function withResources(parameters: Readonly<Record<string, string>>, { resources = [] }: Profile): URLSearchParams {
  const form = new URLSearchParams(parameters)
  for (const resource of resources) if (resource !== parameters['resource']) form.append('resource', resource)
  return form
}

export const targetParameters = ({ scope, resource, audience }: Target): Record<string, string> =>
  defined({ scope: scope === undefined || scope.length === 0 ? undefined : scope.join(' '), resource, audience })
