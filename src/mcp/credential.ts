// The token of an MCP server, from the agent: which one to send, what to do if the server refuses it, and the login that it may need.
// Many bridges share what the agent has: one profile, one login, one refresh.

import { setTimeout as pause } from 'node:timers/promises'
import type { AuthsockClient } from '../client/index.ts'
import { changeProfile } from '../config/change-profile.ts'
import { ConfigFile } from '../config/config-file.ts'
import { asFailure, Failure } from '../core/failures.ts'
import { normalScope } from '../core/session/scope.ts'
import type { Challenge } from '../core/util/www-authenticate.ts'
import { openBrowser, openBrowserCommand } from '../platform/desktop/browser.ts'
import type { Paths } from '../platform/fs/paths.ts'
import type { HelperCaller } from '../twin/helper-client.ts'
import { configureMcp, profileFor } from './configure.ts'
import type { McpClient } from './authorization.ts'
import { LoginAtUrl } from './login-at-url.ts'

export interface CredentialPorts {
  readonly paths: Paths
  readonly agent: AuthsockClient
  readonly helper: HelperCaller
  /** One line for the user. */
  readonly say: (text: string) => void
  readonly signal: AbortSignal
  readonly env: NodeJS.ProcessEnv
  /** Registered with the issuer before; for a new profile. */
  readonly client?: McpClient
}

/** ms for which a token is used again without asking: a logout counts within this time. */
const cachedForMs = 1_000
const pollingMs = 300

/** What to send, and the login that it is of. */
export interface McpToken {
  /** Undefined: none is configured for this server, or a login is needed. */
  readonly value: string | undefined
  /** Seconds since the epoch; 0: nobody has logged in. */
  readonly loggedInAt: number
}

export class McpCredential {
  readonly #url: URL
  readonly #ports: CredentialPorts
  #cached: { readonly token: McpToken; readonly until: number } | undefined
  #asked: Promise<McpToken> | undefined
  #login: Promise<void> | undefined
  /** Of a login of ours that goes on without a browser. */
  #loginAt: LoginAtUrl | undefined

  constructor(url: URL, ports: CredentialPorts) {
    this.#url = url
    this.#ports = ports
  }

  /** Throws what the agent says, unless that is that a login is needed. */
  async token(): Promise<McpToken> {
    if (this.#cached !== undefined && performance.now() < this.#cached.until) return this.#cached.token
    this.#asked ??= this.#ask().finally(() => {
      this.#asked = undefined
    })
    return this.#asked
  }

  /** The server has refused it. The next one is another, if there is another one to be had. */
  async refused(value: string): Promise<void> {
    this.#cached = undefined
    await this.#ports.helper.call('git', ['erase'], `${this.#attributes()}password=${value}\n\n`)
  }

  /** Resolves once there is a later login than that of `token`, whoever makes it. Throws LoginAtUrl, login_*, server_*. */
  async logIn(challenge: Challenge | undefined, token: McpToken): Promise<void> {
    if (this.#loginAt !== undefined) throw this.#loginAt
    this.#login ??= this.#logIn(challenge, token).finally(() => {
      this.#login = undefined
      this.#cached = undefined
    })
    return this.#login
  }

  /** Logs in with these scopes beside those of the profile. False: it has them, so that another login cannot help. */
  async stepUp(scopes: readonly string[], challenge: Challenge | undefined, token: McpToken): Promise<boolean> {
    const config = await this.#config()
    const profile = config.profiles.get(profileFor(config, this.#url) ?? '')
    if (profile === undefined) return false
    const wanted = normalScope([...profile.scopes, ...scopes])
    if (wanted.length > profile.scopes.length) {
      await changeProfile(this.#ports.paths.configFile, profile.name, { scopes: wanted })
      await this.#ports.agent.reloadConfig(this.#ports.signal)
    } else if ((await this.#loggedInAt(profile.name)) <= token.loggedInAt) return false
    await this.logIn(challenge, token)
    return true
  }

  #attributes(): string {
    const { protocol, host, pathname } = this.#url
    return `protocol=${protocol.slice(0, -1)}\nhost=${host}\npath=${pathname.slice(1)}\n`
  }

  /** The login first: a later token may then be taken for one of an earlier login, and never the other way round. */
  async #ask(): Promise<McpToken> {
    const profile = profileFor(await this.#config(), this.#url)
    const token = { loggedInAt: profile === undefined ? 0 : await this.#loggedInAt(profile), value: await this.#value() }
    this.#cached = { token, until: performance.now() + cachedForMs }
    return token
  }

  async #value(): Promise<string | undefined> {
    try {
      const answer = await this.#ports.helper.call('git', ['get'], `${this.#attributes()}\n`)
      return /^password=(.*)$/m.exec(answer)?.[1]
    } catch (error) {
      if (needsLogin.has(asFailure(error).code)) return undefined
      throw error
    }
  }

  async #loggedInAt(profile: string): Promise<number> {
    return (await this.#ports.agent.session(profile)).logged_in_at ?? 0
  }

  #config() {
    return new ConfigFile(this.#ports.paths.configFile).read()
  }

  async #logIn(challenge: Challenge | undefined, { loggedInAt }: McpToken): Promise<void> {
    const { paths, agent, say, signal, client } = this.#ports
    const options = { paths, agent, signal, challenge, ...(client === undefined ? {} : { client }) }
    const { profile, what, issuer } = await configureMcp(this.#url, options)
    if (what === 'added') say(`added profile '${profile}' for ${this.#url.href} (${issuer})`)
    if (what === 'changed') say(`${this.#url.href} has another authorization server now: ${issuer}`)
    for (;;) {
      try {
        return await this.#converse(profile, loggedInAt)
      } catch (error) {
        if (asFailure(error).code !== 'login_pending') throw error
      }
      await this.#otherLogin(profile)
    }
  }

  /** Resolves when somebody has logged in; rejects with LoginAtUrl as soon as that is up to the user, and goes on. */
  async #converse(profile: string, newerThan: number): Promise<void> {
    const { agent, say, signal, env } = this.#ports
    const { browser } = (await this.#config()).profiles.get(profile) ?? {}
    const conversation = await agent.login(profile, { signal, newerThan })
    return new Promise((resolve, reject) => {
      const follow = async (): Promise<void> => {
        for await (const message of conversation) {
          if (message.type === 'done') return
          if (message.type !== 'open_browser') continue
          const isOpened =
            browser === undefined ? await openBrowser(message.url, env) : await openBrowserCommand(browser, message.url, env)
          say(`${isOpened ? 'the browser was opened' : 'open this URL'} to log in to ${this.#url.host}: ${message.url}`)
          if (isOpened) continue
          this.#loginAt = new LoginAtUrl(profile, message.url)
          reject(this.#loginAt)
        }
        throw new Failure('login_cancelled', 'the login was cancelled', { profile })
      }
      follow()
        .then(resolve, reject)
        .finally(() => {
          this.#loginAt = undefined
          this.#cached = undefined
        })
    })
  }

  /** Waits for the login that another program has begun. */
  async #otherLogin(profile: string): Promise<void> {
    const { agent, signal } = this.#ports
    while ((await agent.session(profile)).state === 'login_pending') await pause(pollingMs, undefined, { signal })
  }
}

const needsLogin: ReadonlySet<string> = new Set(['login_required', 'login_pending'])
