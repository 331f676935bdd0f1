// The options that describe a profile, shared by `login ISSUER` and `profile add`: options -> a table of config.toml.

import { resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Command } from 'commander'
import { Failure } from '../core/failures.ts'
import { type Grant, grants } from '../core/grant.ts'
import { type ClientAuthentication, clientAuthentications, type Profile } from '../core/profile.ts'
import { defined } from '../core/util/defined.ts'
import type { ProfileChanges } from '../config/change-profile.ts'
import type { ProfileTable } from '../config/profile-table.ts'
import { collectList, oneOf } from './arguments.ts'

export interface ProfileOptions {
  readonly clientId?: string
  readonly grant?: Grant
  readonly scope?: readonly string[]
  readonly resource?: string
  readonly audience?: string
  readonly clientAuthentication?: ClientAuthentication
  readonly redirect?: string
  readonly refresh?: 'ahead' | 'on_demand'
  readonly caFile?: string
  readonly tokenEndpoint?: string
  readonly authorizationEndpoint?: string
  readonly deviceAuthorizationEndpoint?: string
  readonly revocationEndpoint?: string
  readonly jwksUri?: string
}

const authentications = Object.keys(clientAuthentications) as readonly ClientAuthentication[]

export const withProfileOptions = (command: Command): Command =>
  command
    .option('--client-id <id>', 'client ID, as registered at the server')
    .option('--grant <grant>', grants.join(', '), oneOf('--grant', grants))
    .option('--scope <scopes>', 'scopes to request; may be repeated', collectList)
    .option('--resource <uri>', 'resource that tokens are for (RFC 8707)')
    .option('--audience <audience>', "audience that tokens are for, if the server expects 'audience'")
    .option('--client-authentication <method>', authentications.join(', '), oneOf('--client-authentication', authentications))
    .option('--redirect <uri>', 'redirect URI of browser logins (default: http://127.0.0.1/callback, any port)')
    .option('--refresh <when>', 'ahead (default) or on_demand', oneOf('--refresh', ['ahead', 'on_demand'] as const))
    .option('--ca-file <path>', 'additional certificate authorities (PEM)')
    .option('--token-endpoint <url>', 'token endpoint, for a server without metadata')
    .option('--authorization-endpoint <url>', 'authorization endpoint')
    .option('--device-authorization-endpoint <url>', 'device authorization endpoint')
    .option('--revocation-endpoint <url>', 'revocation endpoint')
    .option('--jwks-uri <url>', 'URL of the signing keys')

export const withSecretOptions = (command: Command): Command =>
  command
    .option('--client-secret-stdin', 'read the client secret from stdin')
    .option('--client-secret-file <path>', 'read the client secret from a file')

/** The field of a profile that each option sets. Not `grant`: that can also be chosen for a single login. */
const fieldsByOption = {
  scope: 'scopes',
  resource: 'resource',
  audience: 'audience',
  clientAuthentication: 'clientAuthentication',
  redirect: 'redirect',
  refresh: 'refresh',
  caFile: 'caFile',
  tokenEndpoint: 'endpoints',
  authorizationEndpoint: 'endpoints',
  deviceAuthorizationEndpoint: 'endpoints',
  revocationEndpoint: 'endpoints',
  jwksUri: 'endpoints',
} as const satisfies Partial<Record<keyof ProfileOptions, keyof Profile>>

type FieldOption = keyof typeof fieldsByOption

const given = (options: ProfileOptions): readonly FieldOption[] =>
  (Object.keys(fieldsByOption) as FieldOption[]).filter((key) => options[key] !== undefined)

const flagOf = (key: string): string => `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

/** The options given that describe a profile, as they are typed. */
export const profileFlags = (options: ProfileOptions): readonly string[] => given(options).map(flagOf)

/** Those of them that would change `existing` into `requested`. */
export const changingFlags = (existing: Profile, requested: Profile, options: ProfileOptions): readonly string[] =>
  given(options)
    .filter((key) => !isDeepStrictEqual(existing[fieldsByOption[key]], requested[fieldsByOption[key]]))
    .map(flagOf)

/** The fields that the options given set. Throws bad_request for endpoints: they are a table of their own. */
export function profileChanges(options: ProfileOptions): ProfileChanges {
  const { clientId, grant, scope, resource, audience, clientAuthentication, redirect, refresh, caFile } = options
  if (namesEndpoint(options)) {
    throw new Failure('bad_request', 'endpoints of an existing profile are not changed by options', {
      hint: '`authsock profile edit` opens config.toml: the table is [profile.NAME.endpoints]',
    })
  }
  return defined({
    client_id: clientId,
    grant,
    scopes: scope,
    resource,
    audience,
    client_authentication: clientAuthentication,
    redirect,
    refresh,
    ca_file: caFile === undefined ? undefined : resolve(caFile),
  })
}

const namesEndpoint = (options: ProfileOptions): boolean => given(options).some((key) => fieldsByOption[key] === 'endpoints')

/** As config.toml writes it. Throws bad_request if a required option is missing. */
export function profileTable(issuer: string, options: ProfileOptions): ProfileTable {
  if (options.clientId === undefined) {
    throw new Failure('bad_request', 'a profile needs a client ID', {
      hint: 'add --client-id ID: register a public client at the server, or ask its administrator for one',
    })
  }
  return defined({
    issuer,
    client_id: options.clientId,
    grant: options.grant,
    scopes: options.scope,
    resource: options.resource,
    audience: options.audience,
    client_authentication: options.clientAuthentication,
    redirect: options.redirect,
    refresh: options.refresh,
    // The agent has another working directory.
    ca_file: options.caFile === undefined ? undefined : resolve(options.caFile),
    endpoints: endpointsTable(options),
  })
}

function endpointsTable(options: ProfileOptions): ProfileTable['endpoints'] {
  const others = defined({
    authorization: options.authorizationEndpoint,
    device_authorization: options.deviceAuthorizationEndpoint,
    revocation: options.revocationEndpoint,
    jwks: options.jwksUri,
  })
  if (options.tokenEndpoint !== undefined) return { token: options.tokenEndpoint, ...others }
  if (Object.keys(others).length === 0) return undefined
  throw new Failure('bad_request', 'the token endpoint is missing', { hint: 'add --token-endpoint URL' })
}
