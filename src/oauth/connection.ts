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

/** What a connection is made of. */
export interface ConnectionOptions {
  readonly profile: Profile
  readonly clock: Clock
  readonly timeoutMs: number
  readonly clientSecret: () => Promise<Redacted<string> | undefined>
}

export interface Connection {
  readonly profile: Profile
  readonly clock: Clock
  readonly metadata: openid.ServerMetadata
  readonly openid: typeof openid
  /** For one use of openid-client: its configuration, and the request that traces what it sends. */
  configure(signal: AbortSignal, options?: ConfigureOptions): Promise<Configured>
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

export async function connectionTo(own: openid.ServerMetadata, options: ConnectionOptions): Promise<Connection> {
  const openid = await import('openid-client')
  const { profile, clock, timeoutMs } = options
  return {
    profile,
    clock,
    metadata: own,
    openid,
    configure: async (signal, { dropIdToken = false, metadata = own } = {}) => {
      const endpoints = { token: metadata.token_endpoint, device: metadata.device_authorization_endpoint }
      const request = await newRequest(options, signal, { endpoints, dropIdToken })
      const secret = (): Promise<Redacted<string>> => clientSecretOf(options)
      const authentication = await clientAuthMethods[profile.clientAuthentication]({ openid, metadata, secret })
      const configuration = new openid.Configuration(metadata, profile.clientId, undefined, authentication)
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

/** A request that trusts what the profile trusts. */
export async function newRequest(
  { profile, clock, timeoutMs }: ConnectionOptions,
  signal: AbortSignal,
  more: Pick<ConstructorParameters<typeof OAuthRequest>[0], 'endpoints' | 'dropIdToken'> = {},
): Promise<OAuthRequest> {
  const ca = profile.caFile === undefined ? undefined : await readText(profile.caFile, 'ca_file')
  return new OAuthRequest({ ca, signal, timeoutMs, now: () => clock.now(), ...more })
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
