// `authsock login`: makes the profile where an issuer is given, then talks the user through the login.

import { setTimeout as pause } from 'node:timers/promises'
import { asFailure, Failure } from '../../core/failures.ts'
import { type Grant, isInteractive } from '../../core/grant.ts'
import { clientAuthentications, isProfileName, type Profile } from '../../core/profile.ts'
import type { ProfileTable } from '../../config/profile-table.ts'
import type { AuthsockClient, LoginConversation, LoginMessage, SessionStatus } from '../../client/index.ts'
import { openBrowser, paths } from '../../client/local.ts'
import type { Context } from '../context.ts'
import { duration, fromNow } from '../../core/util/durations.ts'
import { describing, differing, type ProfileOptions, profileTable } from '../profile-options.ts'
import { clientSecret, givesSecret, type SecretOptions } from '../secret-input.ts'

export interface LoginOptions extends ProfileOptions, SecretOptions {
  readonly name?: string
  readonly device?: boolean
  /** False with --no-browser. */
  readonly browser?: boolean
  /** Of several who need the same login, one makes it and the others wait. */
  readonly wait?: boolean
}

/** ms. */
const pollingInterval = 300

export async function login(context: Context, what: string | undefined, options: LoginOptions): Promise<void> {
  const agent = await context.agent()
  const isIssuer = what !== undefined && what.includes('://')
  const name = isIssuer ? await makeProfile(context, what, options) : what
  if (!isIssuer) refuseProfileOptions(options)
  if (options.wait === true && (await isLoggedIn(context, agent, what))) return
  const profile = await storeSecret(context, agent, name, options)
  context.catchInterrupt()
  const grant: Grant | undefined = options.device === true ? 'device_code' : isIssuer ? undefined : options.grant
  try {
    const conversation = await agent.login(profile?.name ?? name, {
      signal: context.signal,
      ...(grant === undefined ? {} : { grant }),
    })
    const session = await converse(context, conversation, options.browser !== false)
    if (context.asJson) context.terminal.json(session)
    else sayDone(context, session, profile)
  } catch (error) {
    // Of a tool that Ctrl-C has ended too: the shell has its prompt back, and has to keep it.
    if (options.wait === true && context.signal.aborted) throw new Failure('cancelled', 'cancelled')
    // Another one was faster: that one's login is waited for.
    if (options.wait === true && asFailure(error).code === 'login_pending') return login(context, what, options)
    throw profile === undefined ? error : asFailure(error).of(profile.name)
  }
}

/** Where another one's login is under way: whether it has worked. */
async function isLoggedIn(context: Context, agent: AuthsockClient, name: string | undefined): Promise<boolean> {
  if (name === undefined) throw new Failure('profile_required', '--wait needs the name of a profile')
  let isWaiting = false
  for (;;) {
    const { state } = await agent.session(name)
    if (state !== 'login_pending') {
      if (isWaiting && state !== 'active')
        throw new Failure('login_cancelled', `the login to '${name}' was not finished`, { profile: name })
      return state === 'active' || state === 'refreshing' || state === 'retrying'
    }
    if (!isWaiting) context.terminal.note(`waiting for the login to '${name}' that is under way elsewhere`)
    isWaiting = true
    await pause(pollingInterval)
  }
}

async function makeProfile(context: Context, issuer: string, options: LoginOptions): Promise<string> {
  const name = options.name ?? nameOf(issuer)
  const { readConfigFile, addProfile, toProfile } = await import('../config-file.ts')
  const file = paths(context.env).configFile
  const existing = (await readConfigFile(file)).profiles.get(name)
  if (existing !== undefined) {
    // Typed again after a login that failed: the same profile is meant.
    if (existing.issuer === issuer && (options.clientId === undefined || existing.clientId === options.clientId)) {
      const others = differing(existing, toProfile(name, tableOf(issuer, { ...options, clientId: existing.clientId })), options)
      if (others.length === 0) return name
      throw new Failure('profile_exists', `there is a profile '${name}' already: ${others.join(', ')} would change it`, {
        profile: name,
        hint: `\`authsock login ${name}\`, edit ${file}, or \`authsock profile remove ${name}\` first`,
      })
    }
    throw new Failure('profile_exists', `there is a profile '${name}' already, for ${existing.issuer}`, {
      profile: name,
      hint: `choose another name with --name, or \`authsock profile remove ${name}\` first`,
    })
  }
  await addProfile(file, name, tableOf(issuer, options))
  if (!context.asJson) context.terminal.note(`profile '${name}' is in ${file}`)
  return name
}

const tableOf = (issuer: string, options: LoginOptions): ProfileTable =>
  profileTable(issuer, {
    ...options,
    ...(options.device === true ? { grant: 'device_code' as const } : {}),
    ...(givesSecret(options) ? { clientAuthentication: options.clientAuthentication ?? 'client_secret_basic' } : {}),
  })

/** `https://login.example.com/realms/a` -> `login.example.com`. */
function nameOf(issuer: string): string {
  const host =
    URL.parse(issuer)
      ?.hostname.toLowerCase()
      .replaceAll(/[^a-z0-9.-]/g, '')
      .slice(0, 64) ?? ''
  if (isProfileName(host)) return host
  throw new Failure('bad_request', `no profile name can be made of ${issuer}`, { hint: 'give one with --name' })
}

function refuseProfileOptions(options: LoginOptions): void {
  if (options.clientId === undefined && options.name === undefined && describing(options).length === 0) return
  throw new Failure('bad_request', 'these options make a profile, and that needs an issuer', {
    hint: '`authsock login https://ISSUER --client-id ID`, or `authsock login PROFILE` for one that is there',
  })
}

/** A client that has a secret: given now, stored before, or asked for. Gives the profile, where it is known which. */
async function storeSecret(
  context: Context,
  agent: AuthsockClient,
  name: string | undefined,
  options: SecretOptions,
): Promise<Profile | undefined> {
  const { readConfigFile } = await import('../config-file.ts')
  const { profiles, defaultProfile } = await readConfigFile(paths(context.env).configFile)
  const sole = profiles.size === 1 ? [...profiles.keys()][0] : undefined
  const profile = profiles.get(name ?? defaultProfile ?? sole ?? '')
  if (profile === undefined) return undefined
  const needsSecret = clientAuthentications[profile.clientAuthentication].usesSecret && profile.clientSecretFile === undefined
  if (!needsSecret) {
    if (options.clientSecretStdin === true || options.clientSecretFile !== undefined) {
      throw new Failure('bad_request', `profile '${profile.name}' does not use a client secret from here`, {
        profile: profile.name,
        hint: `set client_authentication in the profile: \`authsock profile show ${profile.name}\``,
      })
    }
    return profile
  }
  const known = context.env['AUTHSOCK_CLIENT_SECRET'] === undefined && (await isKnown(agent, profile.name))
  const secret = await clientSecret(context, options, known ? undefined : `client secret of '${profile.clientId}': `)
  if (secret !== undefined) await agent.setClientSecret(profile.name, secret)
  return profile
}

/** A session that is there was made with a secret. */
async function isKnown(agent: AuthsockClient, profile: string): Promise<boolean> {
  const { logged_in_at: loggedInAt } = await agent.session(profile)
  return loggedInAt !== undefined
}

async function converse(context: Context, conversation: LoginConversation, mayOpenBrowser: boolean): Promise<SessionStatus> {
  const stopPasting = new AbortController()
  const ticker = new Ticker(context)
  try {
    for await (const message of conversation) {
      switch (message.type) {
        case 'open_browser':
          await showBrowser(context, message, mayOpenBrowser)
          // What is being pasted shows on this line: nothing may move on it.
          if (context.terminal.isInteractive) void takePasted(context, conversation, stopPasting.signal)
          if (context.terminal.isInteractive) context.terminal.say('waiting for the browser (Ctrl-C cancels)')
          break
        case 'device_code':
          await showDeviceCode(context, message)
          ticker.start('waiting for the code to be entered', message.expires_in)
          break
        case 'progress':
          context.terminal.note(message.text)
          break
        case 'done':
          return message.session
      }
    }
    throw new Failure('login_cancelled', 'the login was cancelled')
  } finally {
    stopPasting.abort()
    ticker.stop()
  }
}

async function showBrowser(
  context: Context,
  { url }: Extract<LoginMessage, { type: 'open_browser' }>,
  mayOpenBrowser: boolean,
): Promise<void> {
  const { terminal, env } = context
  const isRemote = env['SSH_CONNECTION'] !== undefined && env['BROWSER'] === undefined
  const { AUTHSOCK_CLIENT_SECRET: _, ...forBrowser } = env
  const opened = mayOpenBrowser && !isRemote && (await openBrowser(url, forBrowser))
  if (opened) {
    terminal.say('The browser has been opened to log in. If it has not, open this address:')
    terminal.say(`\n  ${url}\n`)
    return
  }
  terminal.say('Open this address in a browser to log in:')
  terminal.say(`\n  ${url}\n`)
  if (terminal.isInteractive) {
    terminal.say('On another machine the browser ends on a page that it cannot load: copy that address from the')
    terminal.say('address bar, paste it here and press Enter.\n')
  }
}

/** Whatever is pasted goes to the agent, which says what is wrong with it. */
async function takePasted(context: Context, conversation: LoginConversation, signal: AbortSignal): Promise<void> {
  const { createInterface } = await import('node:readline')
  if (signal.aborted) return
  const lines = createInterface({ input: process.stdin, terminal: false })
  signal.addEventListener('abort', () => {
    lines.close()
    process.stdin.pause()
    process.stdin.unref()
  })
  lines.on('line', (line) => {
    if (signal.aborted || line.trim() === '') return
    if (URL.canParse(line.trim())) conversation.redirected(line.trim())
    else context.terminal.note('that is not an address; it begins with http://')
  })
}

async function showDeviceCode(context: Context, message: Extract<LoginMessage, { type: 'device_code' }>): Promise<void> {
  const { terminal } = context
  const { bold } = terminal.asideStyle
  const { user_code: userCode, verification_uri: page, verification_uri_complete: complete } = message
  const { origin } = new URL(page)
  let otherwise = 'To log in, open'
  // First, so that a small screen keeps the code; and only where it leads to the host that is shown (P10).
  if (complete !== undefined && URL.parse(complete)?.origin === origin && terminal.isInteractive) {
    const { renderUnicodeCompact } = await import('uqr')
    const code = renderUnicodeCompact(complete, { border: 2 })
    if (code.split('\n').every((line) => line.length + 2 <= terminal.width)) {
      otherwise = 'Or open'
      terminal.say(`To log in, scan this:\n\n${code.replaceAll(/^/gm, '  ')}\n`)
    }
  }
  terminal.say(`${otherwise} this address on any device:\n\n  ${bold(new URL(page).href)}\n`)
  terminal.say(`and enter this code:\n\n  ${bold(userCode)}\n`)
  terminal.say(`Only enter it if the address in the browser begins with ${origin}`)
}

function sayDone(context: Context, session: SessionStatus, profile: Profile | undefined): void {
  const { terminal } = context
  const { good } = terminal.asideStyle
  const who = session.user === undefined ? '' : ` as ${session.user}`
  const now = Math.floor(Date.now() / 1000)
  const expiry =
    session.expires_at === undefined ? '' : `; the token expires ${fromNow(session.expires_at, now)} and is then refreshed`
  const lasting = session.next_refresh_at === undefined ? expiry.replace(' and is then refreshed', '') : expiry
  terminal.say(`${good('logged in')} to '${session.profile}'${who}${lasting}`)
  // Without an expiry, or where it is refreshed on demand only, no refresh is planned and nothing is missing.
  const isPlanned = session.expires_at !== undefined && profile?.refresh === 'ahead'
  if (isPlanned && session.next_refresh_at === undefined && isInteractive(session.grant)) {
    terminal.hint('the server gave no refresh token; `offline_access` among the scopes usually brings one')
  }
}

/** Shows that something is waited for, and for how long still. */
class Ticker {
  readonly #context: Context
  #timer: NodeJS.Timeout | undefined

  constructor(context: Context) {
    this.#context = context
  }

  start(text: string, seconds: number | undefined): void {
    this.stop()
    const { terminal } = this.#context
    if (!terminal.isInteractive) return
    const end = seconds === undefined ? undefined : Date.now() + seconds * 1000
    const frames = ['|', '/', '-', '\\']
    let frame = 0
    this.#timer = setInterval(() => {
      frame = (frame + 1) % frames.length
      const left = end === undefined ? '' : `, ${duration((end - Date.now()) / 1000)} left`
      terminal.progress(`${frames[frame]} ${text}${left} (Ctrl-C cancels)`)
    }, 250)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#context.terminal.endProgress()
  }
}
