// `authsock login`: makes the profile where an issuer is given, then talks the user through the login.

import { Failure } from '../core/failures.ts'
import { type Grant, isProfileName } from '../core/profile.ts'
import type { ProfileTable } from '../config/config.ts'
import type { AuthsockClient, LoginConversation, LoginMessage, SessionStatus } from '../client/index.ts'
import { openBrowser, paths } from '../client/local.ts'
import type { Context } from './context.ts'
import { duration, fromNow } from './durations.ts'
import { type ProfileOptions, profileTable } from './profile-options.ts'
import { clientSecret, type SecretOptions } from './secrets.ts'

export interface LoginOptions extends ProfileOptions, SecretOptions {
  readonly name?: string
  readonly device?: boolean
  /** False with --no-browser. */
  readonly browser?: boolean
}

export async function login(context: Context, what: string | undefined, options: LoginOptions): Promise<void> {
  const agent = await context.agent()
  const isIssuer = what !== undefined && what.includes('://')
  const name = isIssuer ? await makeProfile(context, what, options) : what
  if (!isIssuer) refuseProfileOptions(options)
  const profile = await storeSecret(context, agent, name, options)
  context.catchInterrupt()
  const grant: Grant | undefined = options.device === true ? 'device_code' : isIssuer ? undefined : options.grant
  const conversation = await agent.login(profile, { signal: context.signal, ...(grant === undefined ? {} : { grant }) })
  const session = await converse(context, conversation, options.browser !== false)
  if (context.asJson) context.terminal.json(session)
  else sayDone(context, session)
}

async function makeProfile(context: Context, issuer: string, options: LoginOptions): Promise<string> {
  const name = options.name ?? nameOf(issuer)
  const { readConfigFile, addProfile } = await import('./config-file.ts')
  const file = paths(context.env).configFile
  const existing = (await readConfigFile(file)).profiles.get(name)
  if (existing !== undefined) {
    // Typed again after a login that failed: the same profile is meant.
    if (existing.issuer === issuer && (options.clientId === undefined || existing.clientId === options.clientId)) return name
    throw new Failure('profile_exists', `there is a profile '${name}' already, for ${existing.issuer}`, {
      profile: name,
      hint: `choose another name with --name, or \`authsock profile remove ${name}\` first`,
    })
  }
  const table: ProfileTable = profileTable(issuer, options.device === true ? { ...options, grant: 'device_code' } : options)
  await addProfile(file, name, table)
  if (!context.asJson) context.terminal.note(`profile '${name}' is in ${file}`)
  return name
}

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
  const given = (['clientId', 'scope', 'resource', 'audience', 'redirect', 'name'] as const).find(
    (option) => options[option] !== undefined,
  )
  if (given === undefined) return
  throw new Failure('bad_request', 'these options make a profile, and that needs an issuer', {
    hint: '`authsock login https://ISSUER --client-id ID`, or `authsock login PROFILE` for one that is there',
  })
}

/** A client that has a secret: given now, stored before, or asked for. Gives the profile's name. */
async function storeSecret(
  context: Context,
  agent: AuthsockClient,
  name: string | undefined,
  options: SecretOptions,
): Promise<string | undefined> {
  const { readConfigFile } = await import('./config-file.ts')
  const { profiles, defaultProfile } = await readConfigFile(paths(context.env).configFile)
  const sole = profiles.size === 1 ? [...profiles.keys()][0] : undefined
  const profile = profiles.get(name ?? defaultProfile ?? sole ?? '')
  if (profile === undefined) return name
  const needsSecret = profile.clientAuthentication !== 'none' && profile.clientSecretFile === undefined
  if (!needsSecret) {
    if (options.clientSecretStdin === true || options.clientSecretFile !== undefined) {
      throw new Failure('bad_request', `profile '${profile.name}' does not use a client secret from here`, {
        profile: profile.name,
        hint: `set client_authentication in the profile: \`authsock profile show ${profile.name}\``,
      })
    }
    return profile.name
  }
  const known = context.env['AUTHSOCK_CLIENT_SECRET'] === undefined && (await isKnown(agent, profile.name))
  const secret = await clientSecret(context, options, known ? undefined : `client secret of '${profile.clientId}': `)
  if (secret !== undefined) await agent.setClientSecret(profile.name, secret)
  return profile.name
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
          if (context.terminal.isInteractive) void takePasted(context, conversation, stopPasting.signal)
          ticker.start('waiting for the browser', undefined)
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
  const opened = mayOpenBrowser && !isRemote && (await openBrowser(url, env))
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
  terminal.say(`To log in, open this address on any device:\n\n  ${bold(page)}\n`)
  terminal.say(`and enter this code:\n\n  ${bold(userCode)}\n`)
  if (complete !== undefined && terminal.isInteractive) {
    const { renderUnicodeCompact } = await import('uqr')
    const code = renderUnicodeCompact(complete, { border: 2 })
    if (code.split('\n').every((line) => line.length + 2 <= terminal.width))
      terminal.say(`or scan:\n\n${code.replaceAll(/^/gm, '  ')}\n`)
  }
  terminal.say(`Only enter it if the address in the browser begins with ${new URL(page).origin}`)
}

function sayDone(context: Context, session: SessionStatus): void {
  const { terminal } = context
  const { good } = terminal.asideStyle
  const who = session.user === undefined ? '' : ` as ${session.user}`
  const now = Math.floor(Date.now() / 1000)
  const expiry =
    session.expires_at === undefined ? '' : `; the token expires ${fromNow(session.expires_at, now)} and is then refreshed`
  const lasting = session.next_refresh_at === undefined ? expiry.replace(' and is then refreshed', '') : expiry
  terminal.say(`${good('logged in')} to '${session.profile}'${who}${lasting}`)
  if (session.next_refresh_at === undefined && session.grant !== 'client_credentials') {
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
