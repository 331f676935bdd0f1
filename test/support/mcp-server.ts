// A resource server as MCP has it (RFC 9728): names its issuer, takes tokens that are for it and have not expired, and passes what it takes on
// to a handler, or to another MCP server.

import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeJwt } from 'jose'

type Handler = (message: { readonly id?: number; readonly method: string }, response: ServerResponse) => void

export class McpServer {
  /** Access tokens that it has taken. */
  readonly taken = new Set<string>()
  /** Refused although they have not expired. */
  readonly refused = new Set<string>()
  /** What was asked without a token, or with one that was refused. */
  refusals = 0
  readonly #server: Server
  readonly #issuer: string

  private constructor(server: Server, issuer: string) {
    this.#server = server
    this.#issuer = issuer
  }

  /** `to`: the port of an MCP server on this machine, in place of a handler. */
  static async start(issuer: string, to: Handler | number = echo): Promise<McpServer> {
    const server = createServer()
    const mcp = new McpServer(server, issuer)
    server.on('request', (incoming, response) => mcp.#answer(incoming, response, to))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return mcp
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get url(): string {
    return `${this.origin}/mcp`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #answer(incoming: IncomingMessage, response: ServerResponse, to: Handler | number): void {
    if (incoming.url === '/.well-known/oauth-protected-resource/mcp') {
      const document = { resource: this.url, authorization_servers: [this.#issuer], scopes_supported: ['read', 'write'] }
      response.setHeader('content-type', 'application/json').end(JSON.stringify(document))
      return
    }
    const token = /^Bearer (.+)$/.exec(incoming.headers.authorization ?? '')?.[1]
    if (token === undefined || this.refused.has(token) || !this.#isForUs(token)) {
      this.refusals += 1
      incoming.resume()
      const metadata = `${this.origin}/.well-known/oauth-protected-resource/mcp`
      response.writeHead(401, { 'www-authenticate': `Bearer realm="mcp", resource_metadata="${metadata}"` }).end()
      return
    }
    this.taken.add(token)
    if (typeof to === 'number') return forward(incoming, response, to)
    let body = ''
    incoming.on('data', (chunk: Buffer) => (body += chunk.toString()))
    incoming.on('end', () => {
      if (incoming.method !== 'POST') return void response.writeHead(405).end()
      to(JSON.parse(body) as Parameters<Handler>[0], response)
    })
  }

  #isForUs(token: string): boolean {
    const { aud, exp = 0 } = decodeJwt(token)
    return aud === this.url && exp * 1000 > Date.now()
  }
}

function forward(incoming: IncomingMessage, response: ServerResponse, port: number): void {
  const { authorization: _, ...headers } = incoming.headers
  const outgoing = request(
    { host: '127.0.0.1', port, method: incoming.method, path: incoming.url, headers: { ...headers, host: `127.0.0.1:${port}` } },
    (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    },
  )
  outgoing.on('error', () => response.destroy())
  response.on('close', () => outgoing.destroy())
  incoming.pipe(outgoing)
}

/** Says what was asked. */
function echo({ id, method }: Parameters<Handler>[0], response: ServerResponse): void {
  if (id === undefined) return void response.writeHead(202).end()
  const result =
    method === 'initialize'
      ? { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'echo', version: '1' } }
      : { method }
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ jsonrpc: '2.0', id, result }))
}
