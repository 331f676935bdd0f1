// `[profile.NAME]` tables: what a schema cannot check about them, and the profiles they define.

import { homedir } from 'node:os'
import { join } from 'node:path'
import { isInteractive, requires } from '../core/grant.ts'
import type { Endpoints, Profile, Redirect } from '../core/profile.ts'
import { normalScope } from '../core/session/scope.ts'
import { defined } from '../core/util/defined.ts'
import { insecurityOf } from '../core/util/secure-url.ts'
import { providerOf } from './providers.ts'
import type { Complaint } from './validate.ts'

/** A profile as it is written in the file. */
export interface ProfileTable {
  readonly issuer: string
  readonly client_id: string
  readonly grant?: Profile['grant']
  readonly scopes?: readonly string[]
  readonly resource?: string
  readonly audience?: string
  readonly resources?: readonly string[]
  readonly audiences?: readonly string[]
  readonly client_authentication?: Profile['clientAuthentication']
  readonly client_secret_file?: string
  readonly ca_file?: string
  readonly system_certificates?: boolean
  readonly refresh?: Profile['refresh']
  readonly refresh_grace?: number
  readonly lifetime?: number
  readonly idle_limit?: number
  readonly redirect?: string
  readonly browser?: readonly string[]
  readonly par?: boolean
  readonly authorization_parameters?: Readonly<Record<string, string>>
  readonly endpoints?: {
    readonly token?: string
    readonly authorization?: string
    readonly device_authorization?: string
    readonly revocation?: string
    readonly userinfo?: string
    readonly jwks?: string
    readonly pushed_authorization?: string
  }
}

export function checkProfile(table: ProfileTable, path: readonly string[]): readonly Complaint[] {
  const urls: (readonly [readonly string[], string | undefined])[] = [
    [[...path, 'issuer'], table.issuer],
    ...Object.entries(table.endpoints ?? {}).map(([name, url]) => [[...path, 'endpoints', name], url] as const),
  ]
  const complaints: Complaint[] = urls.flatMap(([at, url]) => {
    const problem = url === undefined ? undefined : urlProblem(url)
    return problem === undefined ? [] : [{ path: at, text: `'${at.at(-1)}' ${problem}` }]
  })
  const { resource, resources, grant } = table
  for (const [key, values] of [
    ['resource', resource === undefined ? [] : [resource]],
    ['resources', resources ?? []],
  ] as const) {
    if (values.every((value) => URL.canParse(value) && !value.includes('#'))) continue
    complaints.push({ path: [...path, key], text: `'${key}' must be an absolute URI without a fragment` })
  }
  for (const key of ['lifetime', 'idle_limit'] as const) {
    if (table[key] === undefined || grant === undefined || isInteractive(grant)) continue
    complaints.push({ path: [...path, key], text: `'${key}' has no effect with grant '${grant}': nobody logs in` })
  }
  for (const name of Object.keys(table.authorization_parameters ?? {})) {
    if (!reservedParameters.has(name)) continue
    complaints.push({ path: [...path, 'authorization_parameters', name], text: `'${name}' is set by authsock itself` })
  }
  return complaints
}

/** Parameters that make up the login, or that would replace the whole request (RFC 9101). */
const reservedParameters: ReadonlySet<string> = new Set([
  'response_type',
  'response_mode',
  'client_id',
  'redirect_uri',
  'state',
  'nonce',
  'code_challenge',
  'code_challenge_method',
  'request',
  'request_uri',
])

/** P19: https, except for loopback. */
function urlProblem(text: string): string | undefined {
  const url = URL.parse(text)
  if (url === null) return `is '${text}', not an absolute URL`
  return url.hash === '' ? insecurityOf(url) : 'contains a fragment'
}

export function toProfile(name: string, table: ProfileTable): Profile {
  const provider = providerOf(table.issuer)
  const grant = table.grant ?? 'authorization_code'
  const defaultScopes = isInteractive(grant) ? (provider?.scopes ?? ['openid', 'offline_access']) : []
  const usesSecret = requires(grant, 'clientAuthentication') || table.client_secret_file !== undefined
  return defined({
    name,
    issuer: table.issuer,
    clientId: table.client_id,
    grant,
    scopes: normalScope(table.scopes ?? defaultScopes),
    clientAuthentication: table.client_authentication ?? (usesSecret ? 'client_secret' : 'none'),
    refresh: table.refresh ?? 'ahead',
    refreshGrace: table.refresh_grace ?? provider?.refreshGrace ?? 0,
    redirect: toRedirect(table.redirect),
    pushedAuthorization: table.par ?? true,
    systemCertificates: table.system_certificates ?? true,
    authorizationParameters: { ...provider?.authorizationParameters, ...table.authorization_parameters },
    lifetime: table.lifetime,
    idleLimit: table.idle_limit,
    browser: table.browser,
    resource: table.resource,
    audience: table.audience,
    resources: table.resources,
    audiences: table.audiences,
    clientSecretFile: expandHome(table.client_secret_file),
    caFile: expandHome(table.ca_file),
    endpoints: table.endpoints === undefined ? provider?.endpoints : { ...provider?.endpoints, ...toEndpoints(table.endpoints) },
  })
}

function toEndpoints(table: NonNullable<ProfileTable['endpoints']>): Endpoints {
  const { device_authorization: deviceAuthorization, pushed_authorization: pushedAuthorization, ...rest } = table
  return defined({ ...rest, deviceAuthorization, pushedAuthorization })
}

/** As it is written: the parser of URLs adds a slash to one without path, and servers compare the text. */
function toRedirect(text = 'http://127.0.0.1/callback'): Redirect {
  const [, scheme, host, port = '0', path = ''] = redirectForm.exec(text) ?? []
  return { scheme: scheme as Redirect['scheme'], host: host as Redirect['host'], port: Number(port), path }
}

/** The pattern of the schema. */
const redirectForm = /^(https?):\/\/(127\.0\.0\.1|\[::1\]|localhost)(?::([0-9]{1,5}))?(\/[^?#]*)?$/

function expandHome(path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path
}
