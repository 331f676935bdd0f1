// `authsock login`: creates the profile if an issuer is given, then takes the user through the login.

import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import type { AuthsockClient, SessionStatus } from '../../client/index.ts'
import type { Config } from '../../config/config.ts'
import { type ProfileTable, toProfile } from '../../config/profile-table.ts'
import { changeProfile } from '../../config/change-profile.ts'
import { addProfile } from '../../config/edit-profiles.ts'
import { providerByName, registrationText } from '../../config/providers.ts'
import { asFailure, Failure } from '../../core/failures.ts'
import { type Grant, grants, isInteractive } from '../../core/grant.ts'
import { clientAuthentications, isProfileName, type Profile } from '../../core/profile.ts'
import { defined } from '../../core/util/defined.ts'
import { fromNow } from '../../core/util/durations.ts'
import { type Context, nowInSeconds } from '../context.ts'
import type { MakeLeaf } from '../leaf.ts'
import { converse } from '../login-dialog.ts'
import {
  changingFlags,
  profileChanges,
  profileFlags,
  type ProfileOptions,
  profileTable,
  withProfileOptions,
  withSecretOptions,
} from '../profile-options.ts'
import {
  environmentProfile,
  impliedProfile,
  profileRequired,
  sharedLoginHint,
  sharedLoginNote,
  sharingLogin,
  unknownProfile,
} from '../profiles.ts'
import { clientSecret, namesSecret, type SecretOptions } from '../prompts.ts'
import { withVault } from '../vault-prompts.ts'

interface LoginOptions extends ProfileOptions, SecretOptions {
  readonly name?: string
  readonly device?: boolean
  readonly loginHint?: string
  readonly selectAccount?: boolean
  /** False with --no-browser. */
  readonly browser?: boolean
  /** One of several processes that need the same login makes it, and the others wait. */
  readonly wait?: boolean
  readonly mcp?: boolean
}

const pollingIntervalMs = 300

export function register(root: Command, leaf: MakeLeaf): void {
  withSecretOptions(
    withProfileOptions(leaf(root, 'login [issuer|profile]', 'log in, and create the profile the first time', login)),
  )
    .option('--name <profile>', 'name of the new profile (default: host name of the issuer)')
    .option('--mcp', 'the URL is of an MCP server, also beside --client-id')
    .option('--login-hint <user>', 'the account to log in as, for the server (often an e-mail address)')
    .option('--select-account', 'have the server ask which account to use')
    .option('--device', 'use the device grant: enter a code on any device')
    .option('--no-browser', 'print the URL and do not open a browser')
    .option('--wait', 'if another login to this profile is in progress, wait for it')
    .addHelpText(
      'after',
      `
Examples:
  authsock login https://login.example.com --client-id my-cli --scope "openid offline_access api"
  authsock login https://login.example.com --client-id my-cli --name work --device
  authsock login work
  authsock login work --scope "openid offline_access api write"    changes the profile, then logs in
  authsock login github                                            what to register, and where

Over SSH the URL is printed: open it in any browser, then paste the URL that the browser ends on. With --json each
step is one line of JSON (open_browser, device_code, progress); the last line is the session.
Grants: ${grants.join(', ')}. If a login fails, the profile stays: try again with \`authsock login NAME\`.`,
    )
}

async function login(context: Context, what: string | undefined, options: LoginOptions): Promise<void> {
  const agent = await context.agent()
  const url = mcpUrl(what, options)
  const mcpName = url === undefined ? undefined : await mcpLogin(context, agent, url, options)
  const issuer = mcpName === undefined ? await issuerOf(context, what, options) : undefined
  const name =
    mcpName ??
    (issuer === undefined
      ? (what ?? environmentProfile(context.env))
      : await createProfile(context, issuer, withName(what, options)))
  if (mcpName === undefined && issuer === undefined) await changeNamedProfile(context, name, options)
  if (options.wait === true && (await isLoggedIn(context, agent, what))) return
  const profile = await withVault(context, agent, () => storeClientSecret(context, agent, name, options))
  context.catchInterrupt()
  const grant: Grant | undefined = options.device === true ? 'device_code' : issuer === undefined ? options.grant : undefined
  try {
    const { loginHint, selectAccount } = options
    const session = await withVault(context, agent, async () => {
      const more = defined({ grant, loginHint, selectAccount })
      const conversation = await agent.login(profile?.name ?? name, { signal: context.signal, ...more })
      return converse(context, conversation, options.browser === false ? 'none' : (profile?.browser ?? 'system'))
    })
    if (context.asJson) context.terminal.jsonLine(session)
    else {
      reportSession(context, session)
      await warnOfSharedLogin(context, agent, session)
    }
  } catch (error) {
    // Ctrl-C ended the tool that waits for this login as well: the shell has printed its prompt, and nothing may follow it.
    if (options.wait === true && context.signal.aborted) throw new Failure('cancelled', 'cancelled')
    // Another process was faster: wait for its login.
    if (options.wait === true && asFailure(error).code === 'login_pending') return login(context, what, options)
    throw profile === undefined ? error : asFailure(error).of(profile.name)
  }
}

/** Waits for a login that is in progress elsewhere; whether the profile is logged in. Throws login_cancelled. */
async function isLoggedIn(context: Context, agent: AuthsockClient, name: string | undefined): Promise<boolean> {
  if (name === undefined) throw profileRequired('login --wait')
  let isWaiting = false
  for (;;) {
    const { state } = await agent.session(name)
    if (state !== 'login_pending') {
      if (isWaiting && state !== 'active')
        throw new Failure('login_cancelled', `the login to '${name}' was not completed`, { profile: name })
      return state === 'active' || state === 'refreshing' || state === 'retrying'
    }
    if (!isWaiting) context.terminal.note(`waiting for another login to '${name}' that is in progress`)
    isWaiting = true
    await pause(pollingIntervalMs)
  }
}

/** Of an MCP server: a URL for which no client ID is known, or that `--mcp` says is one. */
function mcpUrl(what: string | undefined, { mcp, clientId }: LoginOptions): URL | undefined {
  const url = what?.includes('://') === true ? URL.parse(what) : null
  if (mcp === true && url === null) {
    throw new Failure('bad_request', '--mcp needs the URL of an MCP server', { hint: '`authsock login --mcp https://HOST/mcp`' })
  }
  return url === null || (mcp !== true && clientId !== undefined) ? undefined : url
}

/** The profile of an MCP server, made if there is none yet. */
async function mcpLogin(context: Context, agent: AuthsockClient, url: URL, options: LoginOptions): Promise<string> {
  const { mcpServerLogin } = await import('../mcp-login.ts')
  return withVault(context, agent, () => mcpServerLogin(context, agent, url, options))
}

/** A URL, or the name of a known provider that no profile has. */
async function issuerOf(context: Context, what: string | undefined, options: LoginOptions): Promise<string | undefined> {
  if (what === undefined || what.includes('://')) return what
  if ((await context.config()).profiles.has(what)) return undefined
  const provider = providerByName(what)
  if (provider === undefined) return undefined
  if (options.clientId !== undefined) return provider.issuerUrl
  throw new Failure('bad_request', `${provider.title} needs a client ID of your own`, {
    hint: `${registrationText(provider)}; then \`authsock login ${what} --client-id ID\``,
  })
}

const withName = (what: string | undefined, options: LoginOptions): LoginOptions =>
  what === undefined || what.includes('://') || options.name !== undefined ? options : { ...options, name: what }

/** The name of the profile: a new one, the same one again, or one without a login so far, with the new options. */
async function createProfile(context: Context, issuer: string, options: LoginOptions): Promise<string> {
  const name = options.name ?? nameFromIssuer(issuer)
  const file = context.paths.configFile
  const existing = (await context.config()).profiles.get(name)
  if (existing === undefined) {
    await addProfile(file, name, tableOf(issuer, options))
    await context.configChanged()
    if (!context.asJson) context.terminal.note(`added profile '${name}' to ${file}`)
    return name
  }
  // The same command again after a login that failed: the same profile.
  const requested = toProfile(name, tableOf(issuer, { ...options, clientId: options.clientId ?? existing.clientId }))
  const flags = [
    ...(existing.issuer === issuer ? [] : ['the issuer']),
    ...(existing.clientId === requested.clientId ? [] : ['--client-id']),
    ...changingFlags(existing, requested, options),
  ]
  if (flags.length === 0) return name
  if (await hasLoggedInBefore(await context.agent(), name)) {
    throw new Failure('profile_exists', `profile '${name}' exists already: ${flags.join(', ')} would change it`, {
      profile: name,
      hint: `\`authsock login ${name}\`, \`authsock profile set ${name} ...\`, or choose another name with --name`,
    })
  }
  // U13: what was mistyped is corrected by typing it again.
  await changeProfile(file, name, { ...profileChanges(options), issuer })
  await context.configChanged()
  if (!context.asJson) context.terminal.note(`changed profile '${name}' in ${file}: ${flags.join(', ')}`)
  return name
}

const tableOf = (issuer: string, options: LoginOptions): ProfileTable =>
  profileTable(issuer, {
    ...options,
    ...(options.device === true ? { grant: 'device_code' as const } : {}),
    ...(namesSecret(options) ? { clientAuthentication: options.clientAuthentication ?? 'client_secret' } : {}),
  })

/** `https://login.example.com/realms/a` -> `login.example.com`. */
function nameFromIssuer(issuer: string): string {
  const host =
    URL.parse(issuer)
      ?.hostname.toLowerCase()
      .replaceAll(/[^a-z0-9.-]/g, '')
      .slice(0, 64) ?? ''
  if (isProfileName(host)) return host
  throw new Failure('bad_request', `cannot derive a profile name from ${issuer}`, { hint: 'give one with --name' })
}

/** `login work --scope "read write"`: changes the profile, then logs in. */
async function changeNamedProfile(context: Context, name: string | undefined, options: LoginOptions): Promise<void> {
  const { grant: _once, ...changes } = profileChanges(options)
  if (options.name !== undefined) {
    throw new Failure('bad_request', '--name is the name of a new profile, which needs an issuer', {
      hint: '`authsock login https://ISSUER --client-id ID --name NAME`',
    })
  }
  if (Object.keys(changes).length === 0) return
  const config = await context.config()
  const profile = name ?? impliedProfile(context, config)
  if (profile === undefined) throw profileRequired('login')
  if (!config.profiles.has(profile)) throw noSuchProfile(profile, config)
  await changeProfile(context.paths.configFile, profile, changes)
  if (!context.asJson) context.terminal.note(`changed profile '${profile}': ${profileFlags(options).join(', ')}`)
}

/** A new profile needs an issuer, which a name is not. */
function noSuchProfile(name: string, config: Config): Failure {
  const failure = unknownProfile(name, config)
  if (failure.details.hint !== undefined) return failure
  const hint = `a new profile needs an issuer: \`authsock login https://ISSUER --client-id ID --name ${name}\``
  return new Failure(failure.code, failure.message, { profile: name, hint })
}

/** Stores the client secret if the client has one: given by an option, stored before, or asked for. */
async function storeClientSecret(
  context: Context,
  agent: AuthsockClient,
  name: string | undefined,
  options: SecretOptions,
): Promise<Profile | undefined> {
  const config = await context.config()
  const profile = config.profiles.get(name ?? impliedProfile(context, config) ?? '')
  if (profile === undefined) return undefined
  const needsSecret = clientAuthentications[profile.clientAuthentication].usesSecret && profile.clientSecretFile === undefined
  if (!needsSecret) {
    if (namesSecret(options)) {
      throw new Failure('bad_request', `profile '${profile.name}' takes no client secret from here`, {
        profile: profile.name,
        hint: `set client_authentication in the profile: \`authsock profile show ${profile.name}\``,
      })
    }
    return profile
  }
  const isStored = context.env['AUTHSOCK_CLIENT_SECRET'] === undefined && (await hasLoggedInBefore(agent, profile.name))
  const secret = await clientSecret(context, options, isStored ? undefined : `client secret of '${profile.clientId}': `)
  if (secret !== undefined) await agent.setClientSecret(profile.name, secret)
  return profile
}

/** Then the vault holds its client secret. */
async function hasLoggedInBefore(agent: AuthsockClient, profile: string): Promise<boolean> {
  const { logged_in_at: loggedInAt } = await agent.session(profile)
  return loggedInAt !== undefined
}

async function warnOfSharedLogin({ terminal }: Context, agent: AuthsockClient, session: SessionStatus): Promise<void> {
  if (!isInteractive(session.grant)) return
  const others = sharingLogin(session, await agent.sessions().catch(() => []))
  if (others.length === 0) return
  terminal.note(`${others.map((name) => `'${name}'`).join(', ')} uses the same client and user: ${sharedLoginNote}`)
  terminal.hint(sharedLoginHint)
}

function reportSession(context: Context, session: SessionStatus): void {
  const { terminal } = context
  const { good } = terminal.messageStyle
  const user = session.user === undefined ? '' : ` as ${session.user}`
  const expiry = session.expires_at === undefined ? '' : `; the token expires ${fromNow(session.expires_at, nowInSeconds())}`
  const refresh = session.next_refresh_at === undefined || expiry === '' ? '' : ' and is then refreshed'
  terminal.say(`${good('logged in')} to '${session.profile}'${user}${expiry}${refresh}`)
  if (session.expires_at !== undefined && session.renewable === false) {
    terminal.hint('the server issued no refresh token; most servers need the scope `offline_access` for one')
  }
}
