// A private registry on loopback for real clients: what it serves is the test's, whom it serves is not. It takes the tokens
// that the agent has (as Bearer, as a Basic password, or bare in x-api-key) until they expire, answers 401 to all others, and
// keeps what was asked. Knows nothing of vitest.

import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
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
  status: number
}

export interface Reply {
  readonly status?: number
  readonly type?: string
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
  /** The value of WWW-Authenticate. Default: `Basic realm="private"`. */
  readonly challenge?: string
}

/** `serve` is asked for what an accepted request asks; undefined is a 404. Throws nothing: a defect of `serve` is a 500. */
export async function startRegistry(home: Home, serve: Serve, options: RegistryOptions = {}): Promise<Registry> {
  const { tls, challenge = 'Basic realm="private"' } = options
  const asked: Asked[] = []
  const accepted = new Map<string, number>()
  const refused = new Set<string>()

  async function accepts(credential: string | undefined): Promise<boolean> {
    if (credential === undefined || refused.has(credential)) return false
    const answer = await home.http('GET', '/v1/token?profile=work').catch(() => undefined)
    if (answer?.status === 200) {
      const { access_token: token, expires_at: expiry } = answer.json<{ access_token: string; expires_at: number }>()
      accepted.set(token, expiry * 1000)
    }
    return (accepted.get(credential) ?? 0) > Date.now()
  }

  async function answer(request: IncomingMessage): Promise<Reply> {
    const one: Asked = {
      method: request.method ?? '',
      path: request.url ?? '',
      body: await textOf(request),
      ...credentialOf(request),
      status: 401,
    }
    asked.push(one)
    const isAccepted = await accepts(one.credential)
    const reply = isAccepted ? await serve(one) : { status: 401, body: 'who are you?\n' }
    const full = { status: 200, ...(reply ?? { status: 404, body: 'there is no such thing\n' }) }
    one.status = full.status
    return full
  }

  const listener: Parameters<typeof createServer>[1] = (request, response) => {
    void answer(request)
      .catch((error: unknown): Reply => ({ status: 500, body: String(error) }))
      .then(({ status = 200, type = 'text/plain', body }) => {
        const content = Buffer.from(body)
        const more = status === 401 ? { 'www-authenticate': challenge } : {}
        response.writeHead(status, { 'content-type': type, 'content-length': content.length, ...more })
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
    accept: (token) => void accepted.set(token, Infinity),
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
