// Keycloak of install-clients.sh with one realm, one user and one public client, and a browser's part played by fetch. Refresh tokens are used
// once; reuse ends the session.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { clientPath } from './clients.ts'

const admin = { username: 'admin', password: 'admin' }
const user = { username: 'ada', password: 'lovelace' }

/** Seconds an access token lives. */
export const keycloakTokenLife = 8

export class Keycloak {
  readonly issuer: string
  readonly #origin: string
  readonly #child: ChildProcess

  private constructor(origin: string, child: ChildProcess) {
    this.#origin = origin
    this.issuer = `${origin}/realms/lab`
    this.#child = child
  }

  /** `home`: where it keeps its database. */
  static async start(home: string): Promise<Keycloak> {
    const port = await freePort()
    const args = [
      'start-dev',
      '--http-host',
      '127.0.0.1',
      '--http-port',
      String(port),
      '--hostname-strict=false',
      `-Dkc.home.data=${home}`,
    ]
    const child = spawn(clientPath('keycloak/server/bin/kc.sh'), args, {
      env: {
        PATH: process.env['PATH'],
        HOME: home,
        JAVA_OPTS_KC_HEAP: '-Xms128m -Xmx512m',
        KC_DB: 'dev-mem',
        KC_BOOTSTRAP_ADMIN_USERNAME: admin.username,
        KC_BOOTSTRAP_ADMIN_PASSWORD: admin.password,
      },
      stdio: ['ignore', 'ignore', 'ignore'],
      detached: true,
    })
    const keycloak = new Keycloak(`http://127.0.0.1:${port}`, child)
    try {
      await keycloak.#ready()
      await keycloak.#prepare()
      return keycloak
    } catch (error) {
      await keycloak.close()
      throw error
    }
  }

  async close(): Promise<void> {
    const ended = this.#child.exitCode === null && this.#child.signalCode === null ? once(this.#child, 'exit') : undefined
    // The script's Java too.
    if (this.#child.pid !== undefined && ended !== undefined) process.kill(-this.#child.pid, 'SIGKILL')
    await ended
  }

  /** As a browser that is sent there: logs in, and gives the redirect to the client. */
  async authorize(url: string): Promise<string> {
    const cookies = new Map<string, string>()
    let response = await this.#browse(url, cookies)
    for (let hops = 0; hops < 10; hops++) {
      const location = response.headers.get('location')
      if (location !== null && !location.startsWith(this.#origin)) return location
      if (location !== null) response = await this.#browse(location, cookies)
      else {
        const action = /<form[^>]+action="([^"]+)"/.exec(await response.text())?.[1]?.replaceAll('&amp;', '&')
        if (action === undefined) break
        response = await this.#browse(action, cookies, new URLSearchParams({ ...user, credentialId: '' }))
      }
    }
    throw new Error('the login at Keycloak led nowhere')
  }

  /** Sessions of the user. */
  async sessions(): Promise<readonly { readonly id: string }[]> {
    const [{ id } = { id: '' }] = (await this.#admin('GET', '/users?username=ada')) as { id: string }[]
    return (await this.#admin('GET', `/users/${id}/sessions`)) as { id: string }[]
  }

  /** As an administrator who ends them. */
  async endSessions(): Promise<void> {
    for (const { id } of await this.sessions()) await this.#admin('DELETE', `/sessions/${id}`)
  }

  /** What the realm has logged, of one type. */
  async events(type: string): Promise<readonly { readonly error?: string }[]> {
    return (await this.#admin('GET', `/events?max=1000&type=${type}`)) as { error?: string }[]
  }

  /** Of a refresh token that was used before, by somebody else. */
  async refresh(refreshToken: string): Promise<{ readonly status: number; readonly error?: string }> {
    const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'cli', refresh_token: refreshToken })
    const response = await fetch(`${this.issuer}/protocol/openid-connect/token`, { method: 'POST', body })
    return { status: response.status, ...((await response.json()) as { error?: string }) }
  }

  async #browse(url: string, cookies: Map<string, string>, body?: URLSearchParams): Promise<Response> {
    // Its cookies are `Secure`, which a browser sends on loopback all the same.
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      redirect: 'manual',
      headers: { cookie },
      ...(body === undefined ? {} : { body }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    return response
  }

  async #ready(): Promise<void> {
    while (this.#child.exitCode === null) {
      const isThere = await fetch(`${this.#origin}/realms/master`).then(
        ({ ok }) => ok,
        () => false,
      )
      if (isThere) return
      await pause(250)
    }
    throw new Error(`Keycloak ended with ${this.#child.exitCode}`)
  }

  async #prepare(): Promise<void> {
    await this.#admin('POST', '', {
      realm: 'lab',
      enabled: true,
      sslRequired: 'none',
      accessTokenLifespan: keycloakTokenLife,
      revokeRefreshToken: true,
      refreshTokenMaxReuse: 0,
      eventsEnabled: true,
      enabledEventTypes: ['REFRESH_TOKEN', 'REFRESH_TOKEN_ERROR', 'LOGIN', 'CODE_TO_TOKEN', 'LOGOUT', 'REVOKE_GRANT'],
      users: [
        {
          username: user.username,
          enabled: true,
          firstName: 'Ada',
          lastName: 'Lovelace',
          email: 'ada@example.com',
          emailVerified: true,
          credentials: [{ type: 'password', value: user.password, temporary: false }],
        },
      ],
      clients: [
        {
          clientId: 'cli',
          publicClient: true,
          redirectUris: ['http://127.0.0.1/callback'],
          attributes: { 'pkce.code.challenge.method': 'S256', 'oauth2.device.authorization.grant.enabled': 'true' },
        },
      ],
    })
  }

  async #admin(method: string, path: string, body?: object): Promise<unknown> {
    const login = new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', ...admin })
    const token = await fetch(`${this.#origin}/realms/master/protocol/openid-connect/token`, { method: 'POST', body: login })
    const { access_token: value } = (await token.json()) as { access_token: string }
    const response = await fetch(`${this.#origin}/admin/realms${path === '' ? '' : `/lab${path}`}`, {
      method,
      headers: { authorization: `Bearer ${value}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    const text = await response.text()
    return text === '' ? undefined : JSON.parse(text)
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  return port
}
