// glewlwyd, the awkward server: empty bodies for refusals, one-use refresh tokens. Debian's package, over a database of its own; set up by its administration API.

import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'

const modules = '/usr/lib/glewlwyd'
const schema = '/usr/share/doc/glewlwyd/database/init.sqlite3.sql'

export const hasGlewlwyd = (): boolean => existsSync(modules) && (existsSync(schema) || existsSync(`${schema}.gz`))

export class Glewlwyd {
  readonly #child: ChildProcess
  readonly #origin: string
  readonly #database: string

  private constructor(child: ChildProcess, origin: string, database: string) {
    this.#child = child
    this.#origin = origin
    this.#database = database
  }

  get issuer(): string {
    return `${this.#origin}/api/oidc`
  }

  static async start(folder: string): Promise<Glewlwyd> {
    const port = await freePort()
    const origin = `http://127.0.0.1:${port}`
    const database = join(folder, 'glewlwyd.db')
    const sql = existsSync(schema) ? readFileSync(schema) : gunzipSync(readFileSync(`${schema}.gz`))
    execFileSync('sqlite3', [database], { input: sql })
    const config = join(folder, 'glewlwyd.conf')
    writeFileSync(config, configuration(port, origin, database, folder))
    const child = spawn('glewlwyd', ['--config-file', config], { stdio: 'ignore' })
    const server = new Glewlwyd(child, origin, database)
    await server.#waitUntilUp()
    await server.#setUp()
    return server
  }

  /** As a user who enters the code and agrees. */
  async approveDevice(userCode: string): Promise<void> {
    const user = new Session(this.#origin)
    await user.call('POST', '/api/auth/', { username: 'ada', password: 'password' })
    await user.call('PUT', '/api/auth/grant/cli', { scope: 'openid read' })
    const page = await user.open(`/api/oidc/device?code=${userCode}&g_continue`)
    if (!/complete|success/i.test(page)) throw new Error(`the code was not taken: ${page}`)
  }

  /** Disables every refresh token there is, behind the server's back. */
  forget(): void {
    execFileSync('sqlite3', [this.#database, 'UPDATE gpo_refresh_token SET gpor_enabled = 0;'])
  }

  async close(): Promise<void> {
    this.#child.kill('SIGKILL')
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit')
  }

  async #waitUntilUp(): Promise<void> {
    for (let tries = 0; tries < 200; tries++) {
      try {
        await fetch(`${this.#origin}/config`)
        return
      } catch {
        await pause(50)
      }
    }
    throw new Error('glewlwyd does not answer')
  }

  async #setUp(): Promise<void> {
    const admin = new Session(this.#origin)
    await admin.call('POST', '/api/auth/', { username: 'admin', password: 'password' })
    for (const name of ['openid', 'read']) {
      await admin.call('POST', '/api/scope/', { name, display_name: name, password_required: true, scheme: {} }).catch(() => {})
    }
    await admin.call('POST', '/api/mod/plugin/', {
      module: 'oidc',
      name: 'oidc',
      display_name: 'OpenID Connect',
      enabled: true,
      parameters: pluginParameters(this.#origin),
    })
    await admin.call('POST', '/api/client/', {
      client_id: 'cli',
      name: 'A command line',
      confidential: false,
      enabled: true,
      redirect_uri: ['http://127.0.0.1/callback'],
      authorization_type: ['code', 'device_authorization', 'refresh_token'],
      token_endpoint_auth_method: ['none'],
      scope: ['openid', 'read'],
    })
    await admin.call('POST', '/api/user/', {
      username: 'ada',
      name: 'Ada Lovelace',
      email: 'ada@example.com',
      enabled: true,
      password: 'password',
      scope: ['openid', 'read', 'g_profile'],
    })
  }
}

/** Cookies of one user. */
class Session {
  readonly #origin: string
  #cookie = ''

  constructor(origin: string) {
    this.#origin = origin
  }

  async call(method: string, path: string, body: object): Promise<string> {
    const response = await fetch(this.#origin + path, {
      method,
      headers: { 'content-type': 'application/json', cookie: this.#cookie },
      body: JSON.stringify(body),
    })
    const [cookie] = response.headers.getSetCookie()
    if (cookie !== undefined) this.#cookie = cookie.split(';')[0] ?? ''
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text
  }

  /** Where the browser ends, as text. */
  async open(path: string): Promise<string> {
    const response = await fetch(this.#origin + path, { headers: { cookie: this.#cookie }, redirect: 'manual' })
    return `${response.status} ${response.headers.get('location') ?? ''} ${await response.text()}`
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

const pluginParameters = (origin: string): object => ({
  ...keys(),
  iss: `${origin}/api/oidc`,
  'access-token-duration': 3,
  'refresh-token-duration': 3600,
  'code-duration': 600,
  'refresh-token-rolling': true,
  'refresh-token-one-use': 'always',
  'allow-non-oidc': true,
  'auth-type-code-enabled': true,
  'auth-type-device-enabled': true,
  'auth-type-refresh-enabled': true,
  'auth-type-password-enabled': false,
  'auth-type-client-enabled': false,
  'auth-type-none-enabled': false,
  'auth-type-token-enabled': false,
  'auth-type-id-token-enabled': true,
  'device-authorization-expiration': 600,
  'device-authorization-interval': 1,
  'subject-type': 'public',
  scope: [
    { name: 'openid', 'refresh-token-rolling': true },
    { name: 'read', 'refresh-token-rolling': true },
  ],
  'pkce-allowed': true,
  'request-parameter-allow': true,
})

function keys(): object {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  return { 'jwt-type': 'rsa', 'jwt-key-size': '256', key: privateKey, cert: publicKey }
}

const configuration = (port: number, origin: string, database: string, folder: string): string => `
port = ${port}
bind_address = "127.0.0.1"
external_url = "${origin}"
login_url = "login.html"
api_prefix = "api"
static_files_path = "/usr/share/glewlwyd/webapp"
static_files_mime_types = ( { extension = ".html", mime_type = "text/html" } )
allow_origin = "*"
log_mode = "file"
log_level = "WARNING"
log_file = "${folder}/glewlwyd.log"
cookie_domain = ""
cookie_secure = 0
cookie_same_site = "lax"
add_x_frame_option_header_deny = true
max_post_size = 16777216
session_expiration = 2419200
session_key = "GLEWLWYD2_SESSION_ID"
admin_scope = "g_admin"
profile_scope = "g_profile"
user_module_path = "${modules}/user"
user_middleware_module_path = "${modules}/user_middleware"
client_module_path = "${modules}/client"
user_auth_scheme_module_path = "${modules}/scheme"
plugin_module_path = "${modules}/plugin"
hash_algorithm = "SHA512"
database = { type = "sqlite3"; path = "${database}"; };
`
