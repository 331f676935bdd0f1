// One HTTP request on node:http, so that it is known how far it got: nothing sent, sent without a response, answered (R4).
// Redirects are not followed, bodies are limited, TLS is verified whatever the environment says (P19). For request.ts only.

import type { IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http'
import type { AgentOptions } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { isLoopback } from '../../core/util/secure-url.ts'
import { decodeBody } from './content-encoding.ts'
import { isUnknownAuthority, readSystemStore, secureContext, type Trust } from './trust.ts'

export interface HttpRequest {
  readonly url: URL
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | undefined
  readonly trust: Trust
  readonly signal: AbortSignal
  /** Called as soon as something of the request may have reached the server. */
  readonly onSent: () => void
}

export interface HttpResponse {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Decoded. */
  readonly body: Buffer
}

/** The metadata and keys of the largest servers take a tenth of it. */
const maxBodyBytes = 1024 * 1024
/** Content security policies of 20 KB have been seen. */
const maxHeaderBytes = 256 * 1024
/** Until the next address of a host is tried. Node's 250 ms gives up on one whose first packet was lost. */
const addressTimeoutMs = 3_000

/** Rejects with what node:http reports; a body over the limit with code AUTHSOCK_TOO_LARGE. */
export async function sendHttp(request: HttpRequest): Promise<HttpResponse> {
  const response = await responseHead(request)
  const body = await readBody(response)
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: await decodeBody(body, response.headers['content-encoding'], maxBodyBytes),
  }
}

async function responseHead(request: HttpRequest): Promise<IncomingMessage> {
  try {
    return await connectAndSend(request)
  } catch (error) {
    // The handshake failed, so nothing was sent.
    if (isUnknownAuthority(error) && readSystemStore(request.trust)) return connectAndSend(request)
    throw error
  }
}

async function connectAndSend({ url, method, headers, body, trust, signal, onSent }: HttpRequest): Promise<IncomingMessage> {
  signal.throwIfAborted()
  const { request, agent } = await connector(url, trust)
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(body.length) }
    const options: RequestOptions & { readonly autoSelectFamilyAttemptTimeout: number } = {
      method,
      headers: { ...headers, ...length },
      agent,
      signal,
      maxHeaderSize: maxHeaderBytes,
      autoSelectFamilyAttemptTimeout: addressTimeoutMs,
    }
    const outgoing = request(url, options, resolve)
    outgoing.on('error', reject)
    outgoing.on('socket', (socket) => {
      // Before the connection (with TLS: the handshake) is complete, nothing of the request leaves this machine. Through
      // a proxy the socket is handed over when it is.
      const isTls = url.protocol === 'https:'
      const isOpen = isTls ? !(socket as TLSSocket & { secureConnecting: boolean }).secureConnecting : !socket.connecting
      if (isOpen) onSent()
      else socket.once(isTls ? 'secureConnect' : 'connect', onSent)
    })
    outgoing.end(body)
  })
}

/** A connection for each request: on one that is kept, a reset does not tell whether the request was read. */
async function connector(url: URL, trust: Trust) {
  if (url.protocol === 'http:') {
    const http = process.getBuiltinModule('node:http')
    return { request: http.request, agent: new http.Agent({ keepAlive: false }) }
  }
  const https = process.getBuiltinModule('node:https')
  const options: AgentOptions & { proxyEnv?: NodeJS.ProcessEnv } = {
    keepAlive: false,
    secureContext: await secureContext(trust),
    // Explicit, because NODE_TLS_REJECT_UNAUTHORIZED changes the default.
    rejectUnauthorized: true,
    ...(isLoopback(url) ? {} : { proxyEnv: process.env }),
  }
  return { request: https.request, agent: new https.Agent(options) }
}

async function readBody(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBodyBytes) {
      response.destroy()
      throw Object.assign(new Error('the response is too large'), { code: 'AUTHSOCK_TOO_LARGE' })
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
