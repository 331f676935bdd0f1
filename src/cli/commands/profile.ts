// `authsock profile`: the profiles in config.toml.

import type { Command } from 'commander'
import { changeProfile, type ProfileChanges, setDefaultProfile } from '../../config/change-profile.ts'
import { addProfile, removeProfile } from '../../config/edit-profiles.ts'
import { formatUrlPattern } from '../../core/credentials/url-pattern.ts'
import { asFailure, Failure } from '../../core/failures.ts'
import { defined } from '../../core/util/defined.ts'
import { collectList } from '../arguments.ts'
import type { Context } from '../context.ts'
import { addGroup, type MakeLeaf } from '../leaf.ts'
import { type ProfileOptions, profileChanges, profileTable, withProfileOptions, withSecretOptions } from '../profile-options.ts'
import { impliedProfile, unknownProfile } from '../profiles.ts'
import { ask, clientSecret, type SecretOptions } from '../prompts.ts'
import { runEditor } from '../editor.ts'
import { cell, tableLines } from '../table.ts'
import { outcome } from './logout.ts'

interface AddOptions extends ProfileOptions, SecretOptions {
  readonly issuer: string
}

export function register(root: Command, leaf: MakeLeaf): void {
  const profile = addGroup(root, 'profile', 'manage the profiles in config.toml')
  withSecretOptions(
    withProfileOptions(
      leaf(profile, 'add <name>', 'add a profile', add).requiredOption(
        '--issuer <url>',
        'issuer URL of the authorization server',
      ),
    ),
  )
  withProfileOptions(leaf(profile, 'set <name>', 'change fields of a profile', set))
    .option('--issuer <url>', 'issuer URL of the authorization server')
    .option('--unset <field>', 'remove a field, so that its default counts; may be repeated', collectList)
    .addHelpText(
      'after',
      '\nExamples:\n  authsock profile set work --scope "openid offline_access read"\n  authsock profile set work --unset resource',
    )
  leaf(profile, 'default [name]', 'show or set the profile that is used if none is named', setDefault)
  leaf(profile, 'edit', 'open config.toml in an editor, and check it', editFile)
  leaf(profile, 'list', 'list the profiles', list)
  leaf(profile, 'show <name>', 'show a profile with its defaults', show)
  leaf(profile, 'remove <name>', 'log out of a profile and remove it', remove)
}

async function add(context: Context, name: string, options: AddOptions): Promise<void> {
  const { configFile } = context.paths
  const secret = await clientSecret(context, options, undefined)
  const clientAuthentication = options.clientAuthentication ?? (secret === undefined ? undefined : 'client_secret_basic')
  await addProfile(configFile, name, profileTable(options.issuer, { ...options, ...defined({ clientAuthentication }) }))
  await context.configChanged()
  if (secret !== undefined) await (await context.agent()).setClientSecret(name, secret)
  if (context.asJson) context.terminal.json({ profile: name, config: configFile })
  else {
    context.terminal.note(`added profile '${name}' to ${configFile}`)
    context.terminal.hint(`\`authsock login ${name}\` logs in`)
  }
}

interface SetOptions extends ProfileOptions {
  readonly issuer?: string
  readonly unset?: readonly string[]
}

/** Fields that a profile can be without. */
const optionalFields: readonly (keyof ProfileChanges)[] = [
  'grant',
  'scopes',
  'resource',
  'audience',
  'client_authentication',
  'client_secret_file',
  'ca_file',
  'refresh',
  'refresh_grace',
  'lifetime',
  'idle_limit',
  'redirect',
  'browser',
]

async function set(context: Context, name: string, options: SetOptions): Promise<void> {
  const { unset = [], issuer } = options
  const removed = unset.map((field) => {
    const found = optionalFields.find((each) => each === field)
    if (found !== undefined) return [found, null] as const
    throw new Failure('bad_request', `'${field}' cannot be removed from a profile`, {
      hint: `use one of ${optionalFields.join(', ')}`,
    })
  })
  const changes: ProfileChanges = { ...profileChanges(options), ...defined({ issuer }), ...Object.fromEntries(removed) }
  if (Object.keys(changes).length === 0) {
    throw new Failure('bad_request', 'nothing to change', { hint: '`authsock profile set --help` lists the options' })
  }
  const config = await context.config()
  if (!config.profiles.has(name)) throw unknownProfile(name, config)
  await changeProfile(context.paths.configFile, name, changes)
  await context.configChanged()
  if (context.asJson) return context.terminal.json({ profile: name, config: context.paths.configFile })
  context.terminal.note(`changed profile '${name}' in ${context.paths.configFile}: ${Object.keys(changes).join(', ')}`)
  const needsLogin = ['issuer', 'client_id', 'scopes', 'resource', 'audience'].some((field) => field in changes)
  if (needsLogin) context.terminal.hint(`\`authsock login ${name}\` logs in with it`)
}

async function setDefault(context: Context, name: string | undefined): Promise<void> {
  const config = await context.config()
  const { terminal } = context
  if (name === undefined) {
    const implied = impliedProfile(context, config)
    if (context.asJson) return terminal.json(defined({ default_profile: implied }))
    if (implied === undefined) return terminal.hint('no default profile; `authsock profile default NAME` sets one')
    return terminal.print(implied)
  }
  if (!config.profiles.has(name)) throw unknownProfile(name, config)
  await setDefaultProfile(context.paths.configFile, name)
  await context.configChanged()
  if (context.asJson) terminal.json({ default_profile: name })
  else terminal.note(`'${name}' is the default profile`)
}

/** Again until config.toml is valid, or the user gives up: an invalid file is kept as it is, and said to be so. */
async function editFile(context: Context): Promise<void> {
  const { configFile } = context.paths
  for (;;) {
    await runEditor(context, configFile)
    try {
      await context.config()
      await context.configChanged()
      if (context.asJson) return context.terminal.json({ config: configFile })
      return context.terminal.note(`${configFile} is valid`)
    } catch (error) {
      if (!context.terminal.isInteractive) throw error
      context.terminal.failure(asFailure(error), false)
      if (/^n/i.test(await ask('edit it again? [Y/n] '))) throw error
    }
  }
}

async function list(context: Context): Promise<void> {
  const { profiles, defaultProfile } = await context.config()
  const all = [...profiles.values()]
  const { terminal } = context
  if (context.asJson) {
    const rows = all.map(({ name, issuer, clientId, grant }) => ({ name, issuer, client_id: clientId, grant }))
    terminal.json({ profiles: rows, ...defined({ default_profile: defaultProfile }) })
    return
  }
  if (all.length === 0) return terminal.hint('no profiles; `authsock login https://ISSUER --client-id ID` creates one')
  const { style } = terminal
  const rows = all.map(({ name, issuer, grant }) => [
    cell(name, style.bold),
    cell(issuer),
    cell(grant),
    cell(name === defaultProfile ? 'yes' : ''),
  ])
  const headings = ['name', 'issuer', 'grant', ...(defaultProfile === undefined ? [] : ['default'])]
  for (const line of tableLines({ headings, rows, optional: [2] }, terminal.width, style)) terminal.print(line)
}

async function show(context: Context, name: string): Promise<void> {
  const { configFile } = context.paths
  const config = await context.config()
  const profile = config.profiles.get(name)
  if (profile === undefined) throw unknownProfile(name, config)
  if (context.asJson) {
    context.terminal.json(inSnakeCase(profile))
    return
  }
  const { redirect, ...rest } = profile
  const fields = {
    ...rest,
    redirect: `${redirect.scheme}://${redirect.host}:${redirect.port === 0 ? '(any port)' : redirect.port}${redirect.path}`,
    file: configFile,
  }
  for (const [key, value] of Object.entries(fields)) {
    const text = Array.isArray(value) ? value.join(' ') : typeof value === 'object' ? JSON.stringify(value) : value
    if (text !== '{}') context.terminal.print(`${snakeCase(key).padEnd(24)} ${text === '' ? '-' : text}`)
  }
}

/** As config.toml and the protocol write names; the keys of tables that the user wrote stay as they are. */
const inSnakeCase = (table: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(table).map(([key, value]: [string, unknown]) => [
      snakeCase(key),
      key === 'endpoints' ? inSnakeCase(value as object) : value,
    ]),
  )

const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

async function remove(context: Context, name: string): Promise<void> {
  const config = await context.config()
  const { routes } = config
  if (!config.profiles.has(name)) throw unknownProfile(name, config)
  const route = routes.find(({ to }) => to.kind === 'profile' && to.profile === name)
  if (route !== undefined) {
    const url = formatUrlPattern(route.pattern)
    throw new Failure('bad_request', `the route ${url} uses profile '${name}'`, {
      hint: `\`authsock route remove ${url}\` first`,
    })
  }
  const agent = await context.agent()
  const answer = await agent.logout(name)
  await agent.removeClientSecret(name)
  await removeProfile(context.paths.configFile, name)
  await context.configChanged()
  if (context.asJson) context.terminal.json({ profile: name, revocation: answer.revocation })
  else
    context.terminal.note(
      answer.revocation === 'not_logged_in'
        ? `removed profile '${name}'`
        : `removed profile '${name}' and logged out of it${outcome(answer)}`,
    )
}
