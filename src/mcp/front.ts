// `authsock mcp serve`: MCP servers at addresses of this machine, for clients that speak HTTP. The token is added on the way; everything else
// passes as it comes. Who may ask: programs of this user that know the secret in the path, and no page of a browser.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { pipeline } from 'node:stream'
import { asFailure, Failure } from '../core/failures.ts'
import { sanitizeForDisplay } from '../core/util/text.ts'
import { listenOnLoopback } from '../platform/listen.ts'
import { checkOrigin, loopback } from '../platform/loopback-http.ts'
import { hashOf, isSecret } from '../platform/loopback-secret.ts'
import { isOwnPort } from '../platform/process/tcp-peer.ts'
import { sendAuthorized } from './authorized.ts'
import type { McpCredential } from './credential.ts'
import { errorAnswer, idsOf, parseMessages } from './messages.ts'
import type { Upstream } from './upstream.ts'

export interface FrontedServer {
  /** In the path of its address, after the secret. */
  readonly name: string
  readonly upstream: Upstream
  readonly credential: McpCredential
}

export interface FrontPorts {
  readonly servers: readonly FrontedServer[]
  readonly secret: string
  readonly say: (text: string) => void
}

/** A message that is larger goes through unbuffered: it is not sent again if its token is refused. */
const maxRepeatable = 4 * 1024 * 1024
const headersTimeoutMs = 10_000

/** RFC 9110, section 7.6.1, and what is ours to set. */
const ownHeaders: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'expect',
])

export class Front {
  readonly #ports: FrontPorts
  readonly #http: Server
  readonly #hash: string
  /** Connections of this user's programs. */
  readonly #own = new WeakSet<Socket>()

  constructor(ports: FrontPorts) {
    this.#ports = ports
    this.#hash = hashOf(ports.secret)
    this.#http = createServer({ headersTimeout: headersTimeoutMs, requestTimeout: 0, insecureHTTPParser: false })
    this.#http.on('request', (request, response) => {
      this.#answer(request, response).catch((error: unknown) => fail(response, asFailure(error)))
    })
    this.#http.on('upgrade', (_, socket) => socket.destroy())
  }

  /** Resolves with the port. `port` 0: any. Throws bad_request if it is taken. */
  listen(port: number): Promise<number> {
    return listenOnLoopback(this.#http, port)
  }

  close(): void {
    this.#http.close()
    this.#http.closeAllConnections()
    for (const { upstream } of this.#ports.servers) upstream.close()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    checkOrigin(request, [loopback, 'localhost'])
    if (!this.#isOwn(request.socket)) throw new Failure('peer_denied', 'the request is from another user', { hint: '' })
    const [, secret = '', name = '', suffix = ''] = /^\/([^/?]+)\/([^/?]+)(.*)$/s.exec(request.url ?? '') ?? []
    if (!isSecret(secret, this.#hash)) throw new Failure('peer_denied', 'the secret in the path is wrong', { hint: '' })
    const server = this.#ports.servers.find((each) => each.name === name)
    if (server === undefined)
      throw new Failure('not_found', `no server '${sanitizeForDisplay(name, 40)}' is served here`, { hint: '' })
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const body = await bodyOf(request)
    const headers = Object.fromEntries(
      Object.entries(request.headersDistinct).flatMap(([key, values]) =>
        ownHeaders.has(key) || values === undefined ? [] : [[key, values]],
      ),
    )
    const method = request.method ?? 'GET'
    const sent = { method, suffix, headers, signal: gone.signal }
    try {
      const answer = Buffer.isBuffer(body)
        ? await sendAuthorized(server.upstream, server.credential, { ...sent, ...(body.length === 0 ? {} : { body }) })
        : await this.#stream(server, sent, body)
      pass(answer, response)
    } catch (error) {
      if (gone.signal.aborted) return
      this.#failIn(response, body, asFailure(error))
    }
  }

  /** Looked up once for a connection. */
  #isOwn(socket: Socket): boolean {
    const { remotePort = 0, localPort = 0 } = socket
    if (!this.#own.has(socket) && isOwnPort(remotePort, localPort)) this.#own.add(socket)
    return this.#own.has(socket)
  }

  async #stream({ upstream, credential }: FrontedServer, request: Parameters<Upstream['send']>[0], body: NodeJS.ReadableStream) {
    const { value } = await credential.token()
    const authorization = value === undefined ? {} : { authorization: `Bearer ${value}` }
    return upstream.send({ ...request, headers: { ...request.headers, ...authorization }, body })
  }

  /** As an answer of the protocol where there is a request to answer: a client would take a 401 for a server to log in to itself. */
  #failIn(response: ServerResponse, body: Buffer | NodeJS.ReadableStream, failure: Failure): void {
    this.#ports.say(failure.message)
    const messages = Buffer.isBuffer(body) ? parseMessages(body.toString()) : undefined
    const [id] = messages === undefined ? [] : idsOf(messages)
    if (id === undefined || response.headersSent) return fail(response, failure)
    const text = errorAnswer(id, failure, false)
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(text)
  }
}

/** All of it, or the stream if it is large. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | NodeJS.ReadableStream> {
  if (Number(request.headers['content-length'] ?? 0) > maxRepeatable) return request
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    size += chunk.length
    if (size > maxRepeatable)
      throw new Failure('too_large', `a message without Content-Length has more than ${maxRepeatable} bytes`)
  }
  return Buffer.concat(chunks)
}

/** The server's challenge stays here: its login is the agent's. */
function pass(answer: IncomingMessage, response: ServerResponse): void {
  const headers = Object.entries(answer.headersDistinct).filter(
    ([name]) => !(ownHeaders.has(name) && name !== 'content-length') && name !== 'www-authenticate',
  )
  response.writeHead(answer.statusCode ?? 502, Object.fromEntries(headers.map(([name, values]) => [name, values ?? []])))
  response.flushHeaders()
  pipeline(answer, response, () => {})
}

function fail(response: ServerResponse, failure: Failure): void {
  if (response.headersSent || response.destroyed) return void response.destroy()
  const status = failure.status === 401 ? 403 : failure.status
  const text = `authsock: ${failure.message}${failure.hint === '' ? '' : `; ${failure.hint}`}\n`
  response
    .writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', connection: 'close' })
    .end(text)
}
