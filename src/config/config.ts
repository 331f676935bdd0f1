// The meaning of config.toml: profiles, routes, rules and settings, with every default filled in. config-file.ts reads the file; the
// agent and the command line use the result.

import { Failure } from '../core/failures.ts'
import type { Profile } from '../core/profile.ts'
import type { Route } from '../core/credentials/route.ts'
import type { Rule } from '../core/access/rules.ts'
import { defined } from '../core/util/defined.ts'
import { checkProfile, type ProfileTable, toProfile } from './profile-table.ts'
import { checkRules, type RuleTable, toRule } from './rules.ts'
import { checkRoutes, type RouteTable, toRoute } from './routes.ts'
import { parseToml, tomlValue } from './toml.ts'
import { type Complaint, complaintLines, validate } from './validate.ts'

export interface Config {
  readonly profiles: ReadonlyMap<string, Profile>
  /** Profiles that have a mistake and are not in `profiles`: what is wrong with each. */
  readonly invalidProfiles: ReadonlyMap<string, Failure>
  readonly defaultProfile?: string
  readonly routes: readonly Route[]
  /** Whether tools may start a login. */
  readonly interactiveLogin: boolean
  /** Of a client metadata document that the user publishes: the client ID at issuers that take one. */
  readonly clientMetadataUrl?: string
  /** In the order of the file. */
  readonly rules: readonly Rule[]
  readonly audit: 'on' | 'required' | 'off'
  /** The command that asks the user for approval. */
  readonly prompt?: readonly string[]
  /** Seconds without a request after which the vault is locked. */
  readonly lockAfter?: number
  readonly lockWithScreen: boolean
  /** Seconds without a request after which an agent ends whose socket the service manager keeps. */
  readonly exitAfter?: number
  /** The command that shows notifications; empty: none. */
  readonly notify?: readonly string[]
}

export const emptyConfig: Config = {
  profiles: new Map(),
  invalidProfiles: new Map(),
  routes: [],
  interactiveLogin: true,
  rules: [],
  audit: 'on',
  lockWithScreen: false,
}

/** The file as its schema describes it. */
interface Document {
  readonly default_profile?: string
  readonly profile?: Readonly<Record<string, ProfileTable>>
  readonly route?: readonly RouteTable[]
  readonly interactive_login?: boolean
  readonly client_metadata_url?: string
  readonly rule?: readonly RuleTable[]
  readonly audit?: Config['audit']
  readonly prompt?: readonly string[]
  readonly lock_after?: number
  readonly lock_with_screen?: boolean
  readonly exit_after?: number
  readonly notify?: readonly string[]
}

/** Throws config_invalid for any mistake, with a line for each. `file`: its name in messages. */
export async function readConfig(text: string, file: string): Promise<Config> {
  const config = await readValidParts(text, file)
  if (config.invalidProfiles.size === 0) return config
  throw new Failure('config_invalid', [...config.invalidProfiles.values()].map(({ message }) => message).join('\n'))
}

/**
 * The same, where a mistake inside a profile concerns that profile only. A mistake anywhere else makes the file unusable, since a rule
 * or route that is left out could let a request through. Throws config_invalid.
 */
export async function readValidParts(text: string, file: string): Promise<Config> {
  const value = (await tomlValue(text)) ?? (await parseToml(text, file)).value
  const schemaComplaints = await validate(value)
  // The document has the shape of the schema from here on, except for the profiles that the complaints name.
  const document = value as Document
  const complaints = schemaComplaints.some(isOutsideOfProfiles)
    ? schemaComplaints
    : [...schemaComplaints, ...check(document, schemaComplaints)]
  const invalidProfiles = new Map<string, Failure>()
  if (complaints.length > 0) {
    const position = await parseToml(text, file)
    if (complaints.some(isOutsideOfProfiles)) throw new Failure('config_invalid', complaintLines(position, file, complaints))
    for (const [name, own] of Map.groupBy(complaints, profileOf)) {
      invalidProfiles.set(name, new Failure('config_invalid', complaintLines(position, file, own)))
    }
  }
  return toConfig(document, invalidProfiles)
}

const profileOf = ({ path }: Complaint): string => String(path[1])
const isOutsideOfProfiles = ({ path }: Complaint): boolean => path[0] !== 'profile' || path.length < 2

/** What a schema cannot express. Profiles that the schema rejects already are not checked. */
function check(
  { default_profile: defaultProfile, profile: tables = {}, route = [], rule = [] }: Document,
  known: readonly Complaint[],
) {
  const invalid = new Set(known.map(profileOf))
  const complaints: Complaint[] = Object.entries(tables).flatMap(([name, table]) =>
    invalid.has(name) ? [] : checkProfile(table, ['profile', name]),
  )
  if (defaultProfile !== undefined && !Object.hasOwn(tables, defaultProfile)) {
    complaints.push({ path: ['default_profile'], text: `'default_profile' is '${defaultProfile}', which is not a profile` })
  }
  return [...complaints, ...checkRoutes(route, Object.keys(tables)), ...checkRules(rule)]
}

function toConfig(document: Document, invalidProfiles: Config['invalidProfiles']): Config {
  const { profile: tables = {}, route: routes = [], rule: rules = [] } = document
  const valid = Object.entries(tables).filter(([name]) => !invalidProfiles.has(name))
  return defined({
    profiles: new Map(valid.map(([name, table]) => [name, toProfile(name, table)])),
    invalidProfiles,
    defaultProfile: document.default_profile,
    routes: routes.map(toRoute),
    clientMetadataUrl: document.client_metadata_url,
    interactiveLogin: document.interactive_login ?? emptyConfig.interactiveLogin,
    rules: rules.map((rule) => toRule(rule, Object.keys(tables))),
    audit: document.audit ?? emptyConfig.audit,
    prompt: document.prompt,
    lockAfter: document.lock_after,
    lockWithScreen: document.lock_with_screen ?? emptyConfig.lockWithScreen,
    exitAfter: document.exit_after,
    notify: document.notify,
  })
}
