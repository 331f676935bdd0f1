// The part that the listeners share: plain HTTP on 127.0.0.1 for programs of this machine, and for no page of a browser. What
// comes from another host, under another name (DNS rebinding) or through a browser or proxy is refused before it is read.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { asFailure, Failure } from '../../core/failures.ts'
import { readUpTo } from '../../wire/body.ts'

const address = '127.0.0.1'
/** Bytes. */
const largestBody = 16 * 1024
const largestHeader = 8 * 1024
const mostConnections = 64
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

export const newSecret = (): string => randomBytes(32).toString('base64url')

/** In a time that says nothing about where they differ. */
export function checkSecret(given: unknown, secret: string): void {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  if (typeof given === 'string' && timingSafeEqual(digest(given), digest(secret))) return
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
    maxHeaderSize: largestHeader,
    headersTimeout: arrival,
    requestTimeout: arrival,
    keepAliveTimeout: idle,
    connectionsCheckingInterval: 1_000,
    insecureHTTPParser: false,
  })
  http.maxConnections = mostConnections
  let own = port
  http.on('request', (request, response) => {
    answer(service, request, own)
      .catch((error: unknown) => service.fail(asFailure(error)))
      .then(
        (reply) => send(request, response, reply),
        () => response.destroy(),
      )
  })
  http.on('upgrade', (_, socket) => socket.destroy())
  http.listen(port, address)
  try {
    await once(http, 'listening')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new Failure('bad_request', `port ${port} of ${address} cannot be used: ${code}`, {
      hint: 'choose another, or none for any that is free',
      cause: error,
    })
  }
  own = (http.address() as AddressInfo).port
  return {
    port: own,
    variables: service.variables(`http://${address}:${own}`),
    close: () => {
      http.close()
      http.closeAllConnections()
    },
  }
}

async function answer(service: Service, request: IncomingMessage, own: number): Promise<Reply> {
  checkOrigin(request, own)
  const { remotePort } = request.socket
  if (service.isOwnPort?.(remotePort ?? 0, own) === false) throw denied('another user')
  const [path = '', query = ''] = (request.url ?? '').split(/\?(.*)/s)
  return service.answer({
    method: request.method ?? '',
    path,
    query: new URLSearchParams(query),
    headers: request.headers,
    body: await readBody(request),
  })
}

/** Node's fetch sends Sec-Fetch-Mode and no other of its kind; browsers send Sec-Fetch-Site with it. */
const fromElsewhere = /^(origin|referer|forwarded|via|x-forwarded-.*|sec-(?!fetch-mode$).*)$/

function checkOrigin({ socket, headers, headersDistinct, url }: IncomingMessage, own: number): void {
  if (socket.remoteAddress !== address) throw denied('another machine')
  const hosts = headersDistinct['host'] ?? []
  const isOurs = hosts.length === 1 && hosts[0] === (own === 80 ? address : `${address}:${own}`)
  if (!isOurs || url?.startsWith('/') !== true) throw denied('another name')
  const foreign = Object.keys(headers).find((name) => fromElsewhere.test(name))
  if (foreign !== undefined) throw denied(`a browser or a proxy (${foreign})`)
}

const denied = (whom: string): Failure =>
  new Failure('peer_denied', `what comes from ${whom} is not answered`, { hint: `ask ${address} itself` })

const readBody = async (request: IncomingMessage): Promise<string> =>
  (
    await readUpTo(request, largestBody, () => new Failure('too_large', `the body is larger than ${largestBody} bytes`))
  ).toString()

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
