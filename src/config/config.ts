// config.toml as the program sees it: profiles and routes with every default filled in. Read again only when the file has
// changed.

import { readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../core/failures.ts'
import { isInteractive, requires } from '../core/grant.ts'
import type { Endpoints, Profile } from '../core/profile.ts'
import { insecurityOf } from '../core/util/secure-url.ts'
import { normalScope } from '../core/session/scope.ts'
import type { Route } from '../core/credentials/route.ts'
import type { Rule } from '../core/access/rules.ts'
import { providerOf } from './providers.ts'
import { checkRules, type RuleTable, toRule } from './rules.ts'
import { checkRoutes, type RouteTable, toRoute } from './routes.ts'
import { parseToml, tomlValue } from './toml.ts'
import { type Complaint, complain, validate } from './validate.ts'

export interface Config {
  readonly profiles: ReadonlyMap<string, Profile>
  readonly defaultProfile?: string
  readonly routes: readonly Route[]
  /** Whether tools may start a login. */
  readonly interactiveLogin: boolean
  readonly rules: readonly Rule[]
  readonly audit: 'on' | 'required' | 'off'
  /** The command that asks the user. */
  readonly prompt?: readonly string[]
  /** Seconds of quiet after which the vault is locked. */
  readonly lockAfter?: number
  readonly lockWithScreen: boolean
  /** The command that tells the user; empty: none. */
  readonly notify?: readonly string[]
}

const empty: Config = {
  profiles: new Map(),
  routes: [],
  interactiveLogin: true,
  rules: [],
  audit: 'on',
  lockWithScreen: false,
}

/** A profile as the file writes it. */
export interface ProfileTable {
  readonly issuer: string
  readonly client_id: string
  readonly grant?: Profile['grant']
  readonly scopes?: readonly string[]
  readonly resource?: string
  readonly audience?: string
  readonly client_authentication?: Profile['clientAuthentication']
  readonly client_secret_file?: string
  readonly ca_file?: string
  readonly refresh?: Profile['refresh']
  readonly refresh_grace?: number
  readonly lifetime?: number
  readonly idle_limit?: number
  readonly redirect?: string
  readonly authorization_parameters?: Readonly<Record<string, string>>
  readonly endpoints?: {
    readonly token: string
    readonly authorization?: string
    readonly device_authorization?: string
    readonly revocation?: string
    readonly userinfo?: string
    readonly jwks?: string
  }
}

export class ConfigFile {
  readonly path: string
  #stamp = ''
  #config: Config = empty

  constructor(path: string) {
    this.path = path
  }

  /** The same object as before while the file has not changed. A file that is not there is an empty one. Throws config_invalid. */
  async read(): Promise<Config> {
    const stamp = await stampOf(this.path)
    if (stamp !== this.#stamp) {
      this.#config = stamp === '' ? empty : await readConfig(await readText(this.path), this.path)
      this.#stamp = stamp
    }
    return this.#config
  }
}

async function stampOf(path: string): Promise<string> {
  try {
    const { mtimeNs, ctimeNs, size, ino } = await stat(path, { bigint: true })
    return `${mtimeNs} ${ctimeNs} ${size} ${ino}`
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw new Failure('config_invalid', `${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`, { cause: error })
  }
}

export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new Failure('config_invalid', `${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`, { cause: error })
  }
}

/** Throws config_invalid. */
export async function readConfig(text: string, file: string): Promise<Config> {
  const value = (await tomlValue(text)) ?? (await parseToml(text, file)).value
  const defects = await validate(value)
  // Where it stands is looked up when there is something to say.
  if (defects.length > 0) throw complain(await parseToml(text, file), file, defects)
  const {
    default_profile: defaultProfile,
    profile: tables = {},
    route: routes = [],
    interactive_login: interactiveLogin = true,
    rule: rules = [],
    audit = 'on',
    prompt,
    lock_after: lockAfter,
    lock_with_screen: lockWithScreen = false,
    notify,
  } = value as {
    default_profile?: string
    profile?: Record<string, ProfileTable>
    route?: readonly RouteTable[]
    interactive_login?: boolean
    rule?: readonly RuleTable[]
    audit?: Config['audit']
    prompt?: readonly string[]
    lock_after?: number
    lock_with_screen?: boolean
    notify?: readonly string[]
  }
  const complaints = Object.entries(tables).flatMap(([name, table]) => checkProfile(table, ['profile', name]))
  if (defaultProfile !== undefined && !Object.hasOwn(tables, defaultProfile)) {
    complaints.push({ path: ['default_profile'], text: `'default_profile' is '${defaultProfile}', and there is no such profile` })
  }
  complaints.push(...checkRoutes(routes, Object.keys(tables)), ...checkRules(rules))
  if (complaints.length > 0) throw complain(await parseToml(text, file), file, complaints)
  const profiles = new Map(Object.entries(tables).map(([name, table]) => [name, toProfile(name, table)]))
  return {
    profiles,
    routes: routes.map(toRoute),
    interactiveLogin,
    rules: rules.map((rule) => toRule(rule, profiles.keys())),
    audit,
    lockWithScreen,
    ...(prompt === undefined ? {} : { prompt }),
    ...(lockAfter === undefined ? {} : { lockAfter }),
    ...(notify === undefined ? {} : { notify }),
    ...(defaultProfile === undefined ? {} : { defaultProfile }),
  }
}

/** What a schema cannot say. */
function checkProfile(table: ProfileTable, path: readonly string[]): Complaint[] {
  const urls: (readonly [readonly string[], string | undefined])[] = [
    [[...path, 'issuer'], table.issuer],
    ...Object.entries(table.endpoints ?? {}).map(([name, url]) => [[...path, 'endpoints', name], url] as const),
  ]
  const complaints = urls.flatMap(([at, url]) => {
    const problem = url === undefined ? undefined : urlProblem(url)
    return problem === undefined ? [] : [{ path: at, text: `'${at.at(-1)}' ${problem}` }]
  })
  const { resource } = table
  if (resource !== undefined && (!URL.canParse(resource) || resource.includes('#'))) {
    complaints.push({ path: [...path, 'resource'], text: "'resource' is not an absolute URI without a fragment" })
  }
  for (const key of ['lifetime', 'idle_limit'] as const) {
    const { grant } = table
    if (table[key] === undefined || grant === undefined || isInteractive(grant)) continue
    complaints.push({ path: [...path, key], text: `'${key}' has no effect with grant '${grant}': nobody logs in` })
  }
  for (const name of Object.keys(table.authorization_parameters ?? {})) {
    if (!ownParameters.has(name)) continue
    complaints.push({ path: [...path, 'authorization_parameters', name], text: `'${name}' is set by the program itself` })
  }
  return complaints
}

/** What a login is made of, or what would take its place (RFC 9101). */
const ownParameters: ReadonlySet<string> = new Set([
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

/** P19: https everywhere but on this machine. */
function urlProblem(text: string): string | undefined {
  const url = URL.parse(text)
  if (url === null) return `is '${text}', not an absolute URL`
  return url.hash === '' ? insecurityOf(url) : 'contains a fragment'
}

export function toProfile(name: string, table: ProfileTable): Profile {
  const provider = providerOf(table.issuer)
  const grant = table.grant ?? 'authorization_code'
  const userTakesPart = isInteractive(grant)
  const scopes = table.scopes ?? (userTakesPart ? (provider?.scopes ?? ['openid', 'offline_access']) : [])
  const needsSecret = requires(grant, 'clientAuthentication') || table.client_secret_file !== undefined
  const endpoints = table.endpoints === undefined ? provider?.endpoints : toEndpoints(table.endpoints)
  return {
    name,
    issuer: table.issuer,
    clientId: table.client_id,
    grant,
    scopes: normalScope(scopes),
    clientAuthentication: table.client_authentication ?? (needsSecret ? 'client_secret_basic' : 'none'),
    refresh: table.refresh ?? 'ahead',
    refreshGrace: table.refresh_grace ?? provider?.refreshGrace ?? 0,
    redirect: toRedirect(table.redirect),
    authorizationParameters: { ...provider?.authorizationParameters, ...table.authorization_parameters },
    ...(table.lifetime === undefined ? {} : { lifetime: table.lifetime }),
    ...(table.idle_limit === undefined ? {} : { idleLimit: table.idle_limit }),
    ...(table.resource === undefined ? {} : { resource: table.resource }),
    ...(table.audience === undefined ? {} : { audience: table.audience }),
    ...(table.client_secret_file === undefined ? {} : { clientSecretFile: expandHome(table.client_secret_file) }),
    ...(table.ca_file === undefined ? {} : { caFile: expandHome(table.ca_file) }),
    ...(endpoints === undefined ? {} : { endpoints }),
  }
}

const toEndpoints = ({
  device_authorization: deviceAuthorization,
  ...rest
}: NonNullable<ProfileTable['endpoints']>): Endpoints => ({
  ...rest,
  ...(deviceAuthorization === undefined ? {} : { deviceAuthorization }),
})

function toRedirect(text = 'http://127.0.0.1/callback'): Profile['redirect'] {
  const url = new URL(text)
  return { host: url.hostname === '[::1]' ? '::1' : '127.0.0.1', port: Number(url.port), path: url.pathname }
}

const expandHome = (path: string): string => (path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path)
