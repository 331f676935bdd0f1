// The part that the listeners share: plain HTTP on 127.0.0.1 for programs of this machine, and for no page of a browser
// (platform/loopback-http.ts).

import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { listenOnLoopback } from '../../client/local.ts'
import { asFailure, Failure } from '../../core/failures.ts'
import { readUpTo } from '../../platform/read-up-to.ts'
import { checkOrigin, loopback } from '../../platform/loopback-http.ts'
import { hashOf, isSecret } from '../../platform/loopback-secret.ts'

/** Bytes. */
const maxBody = 16 * 1024
const maxHeader = 8 * 1024
const maxConnections = 64
/** ms for a request to arrive whole. */
const arrival = 5_000
/** ms for which an idle connection is kept. */
const idle = 5_000

export interface Asked {
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
  /** What a program needs in its environment to find it. */
  variables(origin: string): Readonly<Record<string, string>>
  /** Throws a Failure. */
  answer(asked: Asked): Promise<Reply>
  /** In the form that the callers read. */
  fail(failure: Failure): Reply
  /** Where the protocol has no secret: whether the process at that port of this machine may ask. */
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
  throw new Failure('peer_denied', given === undefined ? 'the secret is missing' : 'the secret is wrong', {
    hint: 'use the variables of the listener that runs now',
  })
}

export const notFound = ({ method, path }: Asked): Failure =>
  new Failure('not_found', `${method.slice(0, 20)} ${path.slice(0, 200)} is not served here`, { hint: '' })

/** What went wrong, and what to do, on one line. */
export const textOf = ({ message, hint }: Failure): string => `${message.replaceAll('\n', '; ')}${hint === '' ? '' : `; ${hint}`}`

/** `port` 0: any. Throws bad_request where it is taken. */
export async function listen(service: Service, port: number): Promise<Listener> {
  const http = createServer({
    maxHeaderSize: maxHeader,
    headersTimeout: arrival,
    requestTimeout: arrival,
    keepAliveTimeout: idle,
    connectionsCheckingInterval: 1_000,
    insecureHTTPParser: false,
  })
  http.maxConnections = maxConnections
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
    throw new Failure('peer_denied', 'what comes from another user is not answered', { hint: `ask ${loopback} itself` })
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
  (await readUpTo(request, maxBody, () => new Failure('too_large', `the body is larger than ${maxBody} bytes`))).toString()

function send(request: IncomingMessage, response: ServerResponse, { status, body, headers = {} }: Reply): void {
  if (response.destroyed) return
  const content = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  response.writeHead(status, {
    'Content-Type': typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json',
    'Content-Length': content.length,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    // A connection whose request was not read to its end cannot carry another.
    ...(request.complete ? {} : { Connection: 'close' }),
    ...headers,
  })
  response.end(content)
}
