// A private registry on loopback for real clients: what it serves is the test's, whom it serves is not. It takes the tokens
// that the agent has (as Bearer, as a Basic password, or bare in x-api-key) until they expire, answers 401 to all others, and
// keeps what was asked. Knows nothing of vitest.

import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Home } from './home.ts'

export interface Asked {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly body: string
  /** The scheme of the Authorization header in lower case, `x-api-key`, or undefined. */
  readonly scheme: string | undefined
  readonly username: string | undefined
  readonly credential: string | undefined
  readonly headers: IncomingHttpHeaders
  status: number
}

export interface Reply {
  readonly status?: number
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

type Serve = (asked: Asked) => Reply | undefined | Promise<Reply | undefined>

export interface Registry {
  /** `http://127.0.0.1:PORT`, or `https://localhost:PORT`. */
  readonly url: string
  /** `127.0.0.1:PORT` */
  readonly host: string
  readonly asked: readonly Asked[]
  /** Refuses it from now on, whatever the agent says. */
  refuse(token: string): void
  /** Takes one that the agent did not make. */
  accept(token: string): void
  close(): Promise<void>
}

export interface RegistryOptions {
  readonly tls?: { readonly key: string; readonly cert: string }
  /** The value of WWW-Authenticate, or several. Default: `Basic realm="private"`. */
  readonly challenge?: string | readonly string[]
  /** At which paths those are served too who say nothing of themselves. Default: nowhere. */
  readonly isOpen?: (path: string) => boolean
  /** Whose token is taken at a path. Default: that of `work`. */
  readonly profileAt?: (path: string) => string
}

/** `serve` is asked for what an accepted request asks; undefined is a 404. Throws nothing: a defect of `serve` is a 500. */
export async function startRegistry(home: Home, serve: Serve, options: RegistryOptions = {}): Promise<Registry> {
  const { tls, challenge = 'Basic realm="private"', isOpen = () => false, profileAt = () => 'work' } = options
  const asked: Asked[] = []
  const accepted = new Map<string, { readonly profile?: string; readonly until: number }>()
  const refused = new Set<string>()

  async function accepts({ credential, path }: Asked): Promise<boolean> {
    if (credential === undefined || refused.has(credential)) return credential === undefined && isOpen(path)
    const profile = profileAt(path)
    const answer = await home.http('GET', `/v1/token?profile=${profile}`).catch(() => undefined)
    if (answer?.status === 200) {
      const { access_token: token, expires_at: expiry } = answer.json<{ access_token: string; expires_at: number }>()
      accepted.set(token, { profile, until: expiry * 1000 })
    }
    const known = accepted.get(credential)
    return known !== undefined && known.until > Date.now() && (known.profile ?? profile) === profile
  }

  async function answer(request: IncomingMessage): Promise<Reply> {
    const one: Asked = {
      method: request.method ?? '',
      path: request.url ?? '',
      body: await textOf(request),
      ...credentialOf(request),
      headers: request.headers,
      status: 401,
    }
    asked.push(one)
    const isAccepted = await accepts(one)
    const reply = isAccepted ? await serve(one) : { status: 401, body: 'who are you?\n' }
    const full = { status: 200, ...(reply ?? { status: 404, body: 'there is no such thing\n' }) }
    one.status = full.status
    return full
  }

  const listener: Parameters<typeof createServer>[1] = (request, response) => {
    void answer(request)
      .catch((error: unknown): Reply => ({ status: 500, body: String(error) }))
      .then(({ status = 200, type = 'text/plain', headers, body }) => {
        const content = Buffer.from(body)
        const more = status === 401 ? { 'www-authenticate': [challenge].flat() } : {}
        response.writeHead(status, { 'content-type': type, 'content-length': content.length, ...headers, ...more })
        response.end(request.method === 'HEAD' ? undefined : content)
      })
  }
  const server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const host = `${tls === undefined ? '127.0.0.1' : 'localhost'}:${port}`
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host}`,
    host,
    asked,
    refuse: (token) => void refused.add(token),
    accept: (token) => void accepted.set(token, { until: Infinity }),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString('latin1')
}

function credentialOf({ headers }: IncomingMessage): Pick<Asked, 'scheme' | 'username' | 'credential'> {
  const key = headers['x-api-key']
  const { authorization } = headers
  if (authorization === undefined)
    return typeof key === 'string'
      ? { scheme: 'x-api-key', username: undefined, credential: key }
      : { scheme: undefined, username: undefined, credential: undefined }
  const space = authorization.indexOf(' ')
  if (space < 0) return { scheme: '', username: undefined, credential: authorization }
  const [scheme, value] = [authorization.slice(0, space).toLowerCase(), authorization.slice(space + 1)]
  if (scheme !== 'basic') return { scheme, username: undefined, credential: value }
  const [username = '', ...password] = Buffer.from(value, 'base64').toString().split(':')
  return { scheme, username, credential: password.join(':') }
}

/** The agent's access token of `work` now. */
export const tokenOf = async (home: Home): Promise<string> =>
  (await home.http('GET', '/v1/token?profile=work')).json<{ access_token: string }>().access_token
