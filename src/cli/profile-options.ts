// The options that describe a profile, shared by `login ISSUER` and `profile add`.

import { resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Command } from 'commander'
import { Failure } from '../core/failures.ts'
import { type Grant, grants } from '../core/grant.ts'
import { type ClientAuthentication, clientAuthentications, type Profile } from '../core/profile.ts'
import type { ProfileTable } from '../config/profile-table.ts'

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

/** For an option that may be repeated. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  ...value.split(/[\s,]+/).filter((s) => s !== ''),
]

const oneOf =
  <T extends string>(option: string, all: readonly T[]) =>
  (value: string): T => {
    const found = all.find((each) => each === value || each.replaceAll('_', '-') === value)
    if (found !== undefined) return found
    throw new Failure('bad_request', `${option} is '${value}', not one of ${all.join(', ')}`)
  }

const authentications = Object.keys(clientAuthentications) as readonly ClientAuthentication[]

export function withProfileOptions(command: Command): Command {
  return command
    .option('--client-id <id>', 'the client as it is registered at the server')
    .option('--grant <grant>', grants.join(', '), oneOf('--grant', grants))
    .option('--scope <scopes>', 'scopes to ask for, repeated or separated by spaces', collect)
    .option('--resource <uri>', 'the resource that tokens are for (RFC 8707)')
    .option('--audience <audience>', "for servers that take 'audience' in place of 'resource'")
    .option('--client-authentication <method>', authentications.join(', '), oneOf('--client-authentication', authentications))
    .option('--redirect <uri>', 'the redirect URI of browser logins (default: http://127.0.0.1/callback, any port)')
    .option('--refresh <when>', 'ahead (default) or on_demand', oneOf('--refresh', ['ahead', 'on_demand'] as const))
    .option('--ca-file <path>', 'certificates of an authority of your own (PEM)')
    .option('--token-endpoint <url>', 'for a server without metadata: its token endpoint')
    .option('--authorization-endpoint <url>', '... its authorization endpoint')
    .option('--device-authorization-endpoint <url>', '... its device authorization endpoint')
    .option('--revocation-endpoint <url>', '... its revocation endpoint')
    .option('--jwks-uri <url>', '... its signing keys')
}

/** Each option that says how a profile is to be, and what it sets; `grant` may also be said of a single login. */
const describers = {
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

const given = (options: ProfileOptions): readonly (keyof typeof describers)[] =>
  (Object.keys(describers) as (keyof typeof describers)[]).filter((key) => options[key] !== undefined)

const flag = (key: string): string => `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

/** Options that describe a profile, as they are typed. */
export const describing = (options: ProfileOptions): readonly string[] => given(options).map(flag)

/** Of those, the ones by which `wanted` is another profile than `existing`. */
export const differing = (existing: Profile, wanted: Profile, options: ProfileOptions): readonly string[] =>
  given(options)
    .filter((key) => !isDeepStrictEqual(existing[describers[key]], wanted[describers[key]]))
    .map(flag)

/** As config.toml writes it. Throws bad_request where what must be there is not. */
export function profileTable(issuer: string, options: ProfileOptions): ProfileTable {
  if (options.clientId === undefined) {
    throw new Failure('bad_request', 'a profile needs the id of a client that is registered at the server', {
      hint: 'add --client-id ID; the server (or whoever runs it) gives it to you',
    })
  }
  const table: Record<string, unknown> = {
    issuer,
    client_id: options.clientId,
    grant: options.grant,
    scopes: options.scope,
    resource: options.resource,
    audience: options.audience,
    client_authentication: options.clientAuthentication,
    redirect: options.redirect,
    refresh: options.refresh,
    // The agent works in another folder.
    ca_file: options.caFile === undefined ? undefined : resolve(options.caFile),
    endpoints: endpoints(options),
  }
  return Object.fromEntries(Object.entries(table).filter(([, value]) => value !== undefined)) as unknown as ProfileTable
}

function endpoints(options: ProfileOptions): Readonly<Record<string, string>> | undefined {
  const named = Object.entries({
    token: options.tokenEndpoint,
    authorization: options.authorizationEndpoint,
    device_authorization: options.deviceAuthorizationEndpoint,
    revocation: options.revocationEndpoint,
    jwks: options.jwksUri,
  }).filter((entry): entry is [string, string] => entry[1] !== undefined)
  if (named.length === 0) return undefined
  if (options.tokenEndpoint === undefined) {
    throw new Failure('bad_request', 'endpoints given by hand need the token endpoint at least', {
      hint: 'add --token-endpoint URL',
    })
  }
  return Object.fromEntries(named)
}
