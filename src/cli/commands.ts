// What each command does, but for `login` (login.ts) and `status` (status.ts): ask the agent, print the answer.

import { resolve } from 'node:path'
import { checkedToken, headerValue } from '../core/credentials/header-value.ts'
import { asFailure, exitCodes, Failure } from '../core/failures.ts'
import { formatUrlPattern } from '../core/credentials/url-pattern.ts'
import type { EventMessage, LogoutAnswer, MasterKeyRequest, VaultStatus } from '../client/index.ts'
import { paths } from '../client/local.ts'
import type { Context } from './context.ts'
import { type ProfileOptions, profileTable } from './profile-options.ts'
import { clientSecret, newPassphrase, passphrase, type SecretOptions } from './secret-input.ts'

export interface TokenOptions {
  readonly scope?: readonly string[]
  readonly resource?: string
  readonly audience?: string
  readonly minTtl?: string
  readonly header?: boolean
}

export async function token(context: Context, profile: string | undefined, options: TokenOptions): Promise<void> {
  const { scope, resource, audience, minTtl, header } = options
  if (minTtl !== undefined && !/^\d{1,7}$/.test(minTtl))
    throw new Failure('bad_request', `--min-ttl is '${minTtl}', not a number of seconds`)
  const agent = await context.agent()
  const answer = await agent.token({
    ...(profile === undefined ? {} : { profile }),
    ...(scope === undefined ? {} : { scope }),
    ...(resource === undefined ? {} : { resource }),
    ...(audience === undefined ? {} : { audience }),
    ...(minTtl === undefined ? {} : { minTtl: Number(minTtl) }),
  })
  if (context.asJson) context.terminal.json(answer)
  else
    context.terminal.print(
      header === true
        ? `Authorization: ${headerValue(answer.token_type, answer.access_token)}`
        : checkedToken(answer.access_token),
    )
}

const revocations: Readonly<Record<LogoutAnswer['revocation'], string>> = {
  revoked: 'and revoked at the server',
  pending: 'here; the server could not be told yet, and the agent goes on trying',
  unsupported: 'here; the server has no way to be told',
  nothing_to_revoke: 'here',
}

export async function logout(context: Context, profile: string | undefined, options: { readonly all?: boolean }): Promise<void> {
  if (profile !== undefined && options.all === true)
    throw new Failure('bad_request', '--all is every profile, and one is named', { hint: 'leave one of them out' })
  const agent = await context.agent()
  // Not the status: that shows a mistake in config.toml as no sessions at all.
  const sessions = profile === undefined ? await agent.sessions() : []
  const only = sessions.length === 1 ? sessions[0]?.profile : undefined
  const names =
    options.all === true ? sessions.filter(({ state }) => state !== 'logged_out').map((each) => each.profile) : [profile ?? only]
  const answers: LogoutAnswer[] = []
  for (const name of names) {
    if (name === undefined) throw new Failure('profile_required', 'log out of which profile?', { hint: 'name it, or use --all' })
    answers.push(await agent.logout(name))
  }
  if (context.asJson) {
    context.terminal.json(options.all === true ? answers : answers[0])
    return
  }
  for (const { profile: name, revocation, detail } of answers) {
    context.terminal.note(`logged out of '${name}' ${revocations[revocation]}${detail === undefined ? '' : ` (${detail})`}`)
  }
}

export async function lock(context: Context): Promise<void> {
  const agent = await context.agent({ start: false })
  sayVault(context, await agent.lock(), 'locked: no token leaves the agent until `authsock unlock`')
}

export async function unlock(context: Context, options: { readonly passphraseStdin?: boolean }): Promise<void> {
  const agent = await context.agent()
  if (options.passphraseStdin !== true) {
    try {
      sayVault(context, await agent.unlock(), 'unlocked')
      return
    } catch (error) {
      if (asFailure(error).code !== 'vault_locked') throw error
    }
  }
  const given = await passphrase(context, options.passphraseStdin === true)
  if (given === undefined) {
    throw new Failure('vault_locked', 'the vault needs its passphrase, and there is no terminal to ask on', {
      hint: 'give it with `authsock unlock --passphrase-stdin`',
    })
  }
  if (context.terminal.isInteractive) context.terminal.progress('opening the vault')
  const status = await agent.unlock(given)
  context.terminal.endProgress()
  sayVault(context, status, 'unlocked')
}

export async function vaultStatus(context: Context): Promise<void> {
  const { vault } = await (await context.agent()).status()
  if (context.asJson) context.terminal.json(vault)
  else {
    context.terminal.print(`${vault.state}${vault.master_key === undefined ? '' : ` (master key: ${vault.master_key})`}`)
    if (vault.detail !== undefined) context.terminal.note(vault.detail)
    if (vault.hint !== undefined) context.terminal.hint(vault.hint)
  }
}

export async function masterKey(
  context: Context,
  provider: string,
  path: string | undefined,
  options: { readonly passphraseStdin?: boolean },
): Promise<void> {
  const request = await masterKeyRequest(context, provider, path, options.passphraseStdin === true)
  const agent = await context.agent()
  if (context.terminal.isInteractive) context.terminal.progress('sealing the vault anew')
  const status = await agent.setMasterKey(request)
  context.terminal.endProgress()
  sayVault(context, status, `the vault is sealed with a key from: ${provider}`)
}

async function masterKeyRequest(
  context: Context,
  provider: string,
  path: string | undefined,
  fromStdin: boolean,
): Promise<MasterKeyRequest> {
  if (path !== undefined && provider !== 'key-file') throw new Failure('bad_request', `${provider} takes no path`)
  switch (provider) {
    case 'keychain':
    case 'insecure-key-file':
      return { provider }
    case 'passphrase':
      return { provider, passphrase: await newPassphrase(context, fromStdin) }
    case 'key-file': {
      if (path === undefined)
        throw new Failure('bad_request', 'which key file?', { hint: '`authsock vault master-key key-file PATH`' })
      return { provider, path: resolve(path) }
    }
    default:
      throw new Failure('bad_request', `'${provider}' is not a place for a master key`, {
        hint: 'keychain, passphrase, key-file PATH or insecure-key-file; `authsock help vault` explains them',
      })
  }
}

function sayVault(context: Context, status: VaultStatus, text: string): void {
  if (context.asJson) context.terminal.json(status)
  else context.terminal.note(text)
}

export async function events(context: Context): Promise<void> {
  const { eventText: eventWords } = await import('../wire/event-text.ts')
  context.catchInterrupt()
  const stream = await (await context.agent()).events(context.signal)
  for await (const event of stream) {
    if (context.asJson) context.terminal.print(JSON.stringify(event satisfies EventMessage))
    else context.terminal.print(`${new Date(event.at * 1000).toTimeString().slice(0, 8)}  ${eventWords(event)}`)
  }
  if (!context.signal.aborted) throw new Failure('agent_unreachable', 'the agent has stopped')
}

export async function start(context: Context): Promise<void> {
  const { agent } = await (await context.agent()).status()
  if (context.asJson) context.terminal.json(agent)
  else context.terminal.print(`the agent (version ${agent.version}, pid ${agent.pid}) listens at ${agent.socket}`)
}

export async function stop(context: Context): Promise<void> {
  const agent = await context.agent({ start: false })
  try {
    await agent.shutdown()
  } catch (error) {
    if (asFailure(error).code !== 'agent_unreachable') throw error
    if (context.asJson) context.terminal.json({ stopping: false })
    else context.terminal.note('no agent is running')
    return
  }
  if (context.asJson) context.terminal.json({ stopping: true })
  else context.terminal.note('the agent is stopping')
}

// ---- profiles

export async function profileAdd(
  context: Context,
  name: string,
  options: ProfileOptions & SecretOptions & { readonly issuer: string },
): Promise<void> {
  const { addProfile } = await import('./config-file.ts')
  const { configFile } = paths(context.env)
  const secret = await clientSecret(context, options, undefined)
  const authentication = options.clientAuthentication ?? (secret === undefined ? undefined : 'client_secret_basic')
  const table = profileTable(options.issuer, {
    ...options,
    ...(authentication === undefined ? {} : { clientAuthentication: authentication }),
  })
  await addProfile(configFile, name, table)
  if (secret !== undefined) await (await context.agent()).setClientSecret(name, secret)
  if (context.asJson) context.terminal.json({ profile: name, config: configFile })
  else {
    context.terminal.note(`profile '${name}' is in ${configFile}`)
    context.terminal.hint(`\`authsock login ${name}\``)
  }
}

export async function profileList(context: Context): Promise<void> {
  const { readConfigFile } = await import('./config-file.ts')
  const { profiles, defaultProfile } = await readConfigFile(paths(context.env).configFile)
  const rows = [...profiles.values()].map(({ name, issuer, clientId, grant }) => ({ name, issuer, client_id: clientId, grant }))
  if (context.asJson) {
    context.terminal.json({ profiles: rows, ...(defaultProfile === undefined ? {} : { default_profile: defaultProfile }) })
    return
  }
  if (rows.length === 0) context.terminal.hint('no profiles yet; `authsock login https://ISSUER --client-id ID` makes one')
  const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => text.length))
  const [names, issuers] = [widest(rows.map(({ name }) => name)), widest(rows.map(({ issuer }) => issuer))]
  for (const { name, issuer, grant } of rows) {
    const isDefault = name === defaultProfile ? '   (default)' : ''
    context.terminal.print(`${name.padEnd(names)}   ${issuer.padEnd(issuers)}   ${grant}${isDefault}`)
  }
}

export async function profileShow(context: Context, name: string): Promise<void> {
  const { readConfigFile } = await import('./config-file.ts')
  const { configFile } = paths(context.env)
  const profile = (await readConfigFile(configFile)).profiles.get(name)
  if (profile === undefined) throw new Failure('unknown_profile', `there is no profile '${name}'`, { profile: name })
  if (context.asJson) {
    context.terminal.json(inSnakeCase(profile))
    return
  }
  const { redirect, ...rest } = profile
  const host = redirect.host === '::1' ? '[::1]' : redirect.host
  const shown = {
    ...rest,
    redirect: `http://${host}:${redirect.port === 0 ? '(any port)' : redirect.port}${redirect.path}`,
    file: configFile,
  }
  for (const [key, value] of Object.entries(shown)) {
    const text = Array.isArray(value) ? value.join(' ') : typeof value === 'object' ? JSON.stringify(value) : value
    if (text !== '{}') context.terminal.print(`${snake(key).padEnd(24)} ${text === '' ? '-' : text}`)
  }
}

/** As config.toml and the protocol write names; those within tables are the user's own. */
const inSnakeCase = (table: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(table).map(([key, value]: [string, unknown]) => [
      snake(key),
      key === 'endpoints' ? inSnakeCase(value as object) : value,
    ]),
  )

const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

export async function profileRemove(context: Context, name: string): Promise<void> {
  const { readConfigFile, removeProfile } = await import('./config-file.ts')
  const { configFile } = paths(context.env)
  const { profiles, routes } = await readConfigFile(configFile)
  if (!profiles.has(name)) throw new Failure('unknown_profile', `there is no profile '${name}'`, { profile: name })
  const route = routes.find(({ to }) => to.kind === 'profile' && to.profile === name)
  if (route !== undefined) {
    throw new Failure('bad_request', `the route of ${formatUrlPattern(route.pattern)} leads to '${name}'`, {
      hint: `\`authsock route remove ${formatUrlPattern(route.pattern)}\` first`,
    })
  }
  const agent = await context.agent()
  const { revocation } = await agent.logout(name)
  await agent.removeClientSecret(name)
  await removeProfile(configFile, name)
  if (context.asJson) context.terminal.json({ profile: name, revocation })
  else context.terminal.note(`profile '${name}' is removed, and logged out ${revocations[revocation]}`)
}

export const exitCodeOf = (error: unknown): number => (error instanceof Failure ? error.exitCode : exitCodes.unexpected)
