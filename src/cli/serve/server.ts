// What the listeners share: plain HTTP on 127.0.0.1 for programs of this machine, never for pages in a browser
// (platform/loopback-http.ts).

import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { asFailure, Failure } from '../../core/failures.ts'
import { evictSilentConnections } from '../../platform/evict-silent.ts'
import { listenOnLoopback } from '../../platform/listen.ts'
import { readUpTo } from '../../platform/read-up-to.ts'
import { checkOrigin, loopback } from '../../platform/loopback-http.ts'
import { hashOf, isSecret } from '../../platform/loopback-secret.ts'

const maxBodyBytes = 16 * 1024
const maxHeaderBytes = 8 * 1024
const maxConnections = 64
/** For a complete request to arrive. */
const requestTimeoutMs = 5_000
const idleTimeoutMs = 5_000

export interface ServiceRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Reply {
  readonly status: number
  /** An object is sent as JSON, a text as text. */
  readonly body: object | string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Service {
  /** Environment of programs that use it. */
  variables(origin: string): Readonly<Record<string, string>>
  /** Throws a Failure. */
  answer(request: ServiceRequest): Promise<Reply>
  /** The error in the form that the SDKs read. */
  fail(failure: Failure): Reply
  /** If the protocol has no secret: whether the process at that port of this machine may connect. */
  readonly isOwnPort?: (peer: number, own: number) => boolean
}

export interface Listener {
  readonly port: number
  readonly variables: Readonly<Record<string, string>>
  close(): void
}

/** Throws peer_denied. */
export function checkSecret(given: unknown, secret: string): void {
  if (typeof given === 'string' && isSecret(given, hashOf(secret))) return
  throw new Failure('peer_denied', given === undefined ? 'missing secret' : 'wrong secret', {
    hint: 'use the variables that this listener printed when it started',
  })
}

export const notFound = ({ method, path }: ServiceRequest): Failure =>
  new Failure('not_found', `${method.slice(0, 20)} ${path.slice(0, 200)} not found`, { hint: '' })

/** The message and the hint on one line. */
export const textOf = ({ message, hint }: Failure): string => `${message.replaceAll('\n', '; ')}${hint === '' ? '' : `; ${hint}`}`

/** `port` 0: any free port. Throws bad_request if it is in use. */
export async function listen(service: Service, port: number): Promise<Listener> {
  const http = createServer({
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: requestTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: idleTimeoutMs,
    connectionsCheckingInterval: 1_000,
    insecureHTTPParser: false,
  })
  // Any user of this machine can connect.
  evictSilentConnections(http, maxConnections)
  http.on('request', (request, response) => {
    answer(service, request)
      .catch((error: unknown) => service.fail(asFailure(error)))
      .then(
        (reply) => send(request, response, reply),
        () => response.destroy(),
      )
  })
  http.on('upgrade', (_, socket) => socket.destroy())
  const own = await listenOnLoopback(http, port)
  return {
    port: own,
    variables: service.variables(`http://${loopback}:${own}`),
    close: () => {
      http.close()
      http.closeAllConnections()
    },
  }
}

async function answer(service: Service, request: IncomingMessage): Promise<Reply> {
  checkOrigin(request, [loopback])
  const { remotePort = 0, localPort = 0 } = request.socket
  if (service.isOwnPort?.(remotePort, localPort) === false) {
    throw new Failure('peer_denied', 'the request is from another user', { hint: `connect to ${loopback} directly` })
  }
  const [path = '', query = ''] = (request.url ?? '').split(/\?(.*)/s)
  return service.answer({
    method: request.method ?? '',
    path,
    query: new URLSearchParams(query),
    headers: request.headers,
    body: await readBody(request),
  })
}

const readBody = async (request: IncomingMessage): Promise<string> =>
  (
    await readUpTo(request, maxBodyBytes, () => new Failure('too_large', `the body is larger than ${maxBodyBytes} bytes`))
  ).toString()

function send(request: IncomingMessage, response: ServerResponse, { status, body, headers = {} }: Reply): void {
  if (response.destroyed) return
  const content = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  response.writeHead(status, {
    'Content-Type': typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json',
    'Content-Length': content.length,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    // The rest of an unread request would be taken for the next one.
    ...(request.complete ? {} : { Connection: 'close' }),
    ...headers,
  })
  response.end(content)
}
