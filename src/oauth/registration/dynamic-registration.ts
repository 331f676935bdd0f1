// Dynamic client registration (RFC 7591): a client ID of our own at an issuer that gives one to whoever asks.

import { Failure } from '../../core/failures.ts'
import type { ClientAuthentication } from '../../core/profile.ts'
import { redact, type Redacted } from '../../core/redacted.ts'
import { defined } from '../../core/util/defined.ts'
import { serverText } from '../http/server-text.ts'
import { type DocumentPorts, requestJson } from './json-document.ts'

export interface Registration {
  readonly clientId: string
  readonly clientSecret: Redacted<string> | undefined
  readonly clientAuthentication: ClientAuthentication
}

export interface ClientMetadata {
  readonly redirectUri: string
  readonly scope: readonly string[] | undefined
  /** `token_endpoint_auth_methods_supported` of the issuer; undefined: it does not say. */
  readonly methods: readonly string[] | undefined
}

/** In the order of preference: a program on a user's machine keeps no secret that another copy of it could not have. */
const methods = ['none', 'client_secret_basic', 'client_secret_post'] as const

/** Throws login_failed, insecure_url, server_*. */
export async function registerClient(
  endpoint: string,
  { redirectUri, scope, methods: supported }: ClientMetadata,
  ports: DocumentPorts,
): Promise<Registration> {
  const method = methods.find((each) => supported?.includes(each)) ?? 'none'
  const { status, json = {} } = await requestJson(endpoint, ports, {
    method: 'POST',
    body: {
      client_name: 'authsock',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: method,
      application_type: 'native',
      ...defined({ scope: scope === undefined || scope.length === 0 ? undefined : scope.join(' ') }),
    },
  })
  const { client_id: clientId, client_secret: secret } = json
  if (status >= 300 || typeof clientId !== 'string' || clientId === '') throw refused(endpoint, status, json)
  const clientSecret = typeof secret === 'string' && secret !== '' ? redact(secret) : undefined
  const given = methods.find((each) => each === json['token_endpoint_auth_method'])
  return { clientId, clientSecret, clientAuthentication: given ?? (clientSecret === undefined ? 'none' : method) }
}

function refused(endpoint: string, status: number, json: Readonly<Record<string, unknown>>): Failure {
  const why = [json['error'], json['error_description']].filter((each) => typeof each === 'string').map(serverText)
  const text = why.length === 0 ? `status ${status}` : why.join(': ')
  return new Failure('login_failed', `${new URL(endpoint).host} does not register a client: ${text}`, {
    hint: 'ask who runs the server for a client ID, and give it with --client-id',
  })
}
