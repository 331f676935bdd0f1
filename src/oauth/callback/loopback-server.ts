// The HTTP server behind a login's redirect URI (P6): on the loopback addresses that the URI's host stands for, with limits, and with
// connections that say nothing giving way to new ones.

import { once } from 'node:events'
import type { RequestListener, Server, ServerOptions } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { Failure } from '../../core/failures.ts'
import type { Redirect } from '../../core/profile.ts'
import { loopbackCertificate } from './certificate.ts'

export interface LoopbackServer {
  /** What a Host header must say. */
  readonly authority: string
  /** As the server is told. */
  readonly redirectUri: string
  /** Takes no new connections; those that are open are finished within a second. */
  close(): void
  /** From now on it keeps no process alive. */
  unref(): void
}

const addresses: Readonly<Record<Redirect['host'], readonly string[]>> = {
  '127.0.0.1': ['127.0.0.1'],
  '[::1]': ['::1'],
  localhost: ['127.0.0.1', '::1'],
}

const options: ServerOptions = {
  // A browser sends the cookies of every other port of this host along.
  maxHeaderSize: 128 * 1024,
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 1_000,
}
const maxConnections = 32
/** A port that is free on one loopback address may be taken on the other. */
const maxTries = 5

/** `onTooLarge`: a request whose headers are over the limit was refused. Throws login_failed if the port is taken. */
export async function listenOnLoopback(
  redirect: Redirect,
  onRequest: RequestListener,
  onTooLarge: () => void,
): Promise<LoopbackServer> {
  const { scheme, host, path } = redirect
  const servers = await listenOnAll(redirect, onRequest, onTooLarge)
  const { host: authority, origin } = new URL(`${scheme}://${host}:${portOf(servers)}`)
  return {
    authority,
    redirectUri: origin + path,
    close: () => {
      for (const server of servers) close(server)
    },
    unref: () => {
      for (const server of servers) server.unref()
    },
  }
}

const portOf = ([server]: readonly Server[]): number => (server?.address() as AddressInfo | undefined)?.port ?? 0

function close(server: Server): void {
  server.close()
  server.closeIdleConnections()
  setTimeout(() => server.closeAllConnections(), 1_000).unref()
}

async function listenOnAll(redirect: Redirect, onRequest: RequestListener, onTooLarge: () => void): Promise<readonly Server[]> {
  for (let tries = 1; ; tries++) {
    const servers: Server[] = []
    try {
      let { port } = redirect
      for (const address of addresses[redirect.host]) {
        const server = await listen(makeServer(redirect.scheme, onRequest, onTooLarge), address, port, servers.length > 0)
        if (server !== undefined) servers.push(server)
        if (servers.length > 0) port = portOf(servers)
      }
      return servers
    } catch (error) {
      for (const server of servers) close(server)
      if (redirect.port === 0 && tries < maxTries) continue
      throw new Failure('login_failed', `port ${redirect.port} of ${redirect.host} is taken: ${codeOf(error)}`, {
        hint: 'stop the program that uses it, or change `redirect` in the profile',
        cause: error,
      })
    }
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error)

/** `isOptional`: a machine may be without that address family; undefined then. */
async function listen(server: Server, address: string, port: number, isOptional: boolean): Promise<Server | undefined> {
  const listening = once(server, 'listening')
  server.listen({ host: address, port })
  try {
    await listening
    return server
  } catch (error) {
    if (isOptional && ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(codeOf(error))) return undefined
    throw error
  }
}

function makeServer(scheme: Redirect['scheme'], onRequest: RequestListener, onTooLarge: () => void): Server {
  const server: Server =
    scheme === 'https'
      ? process.getBuiltinModule('node:https').createServer({ ...options, ...loopbackCertificate(Date.now()) })
      : process.getBuiltinModule('node:http').createServer(options)
  evictSilentConnections(server)
  server.on('request', onRequest)
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const isTooLarge = error.code === 'HPE_HEADER_OVERFLOW'
    if (isTooLarge) onTooLarge()
    if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
    return socket.end(
      `HTTP/1.1 ${isTooLarge ? '431 Request Header Fields Too Large' : '400 Bad Request'}\r\nConnection: close\r\n\r\n`,
    )
  })
  return server
}

/** S9: at the limit, the oldest connection that has sent no request is closed for a new one. */
function evictSilentConnections(server: Server): void {
  const silent = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    const [oldest] = silent
    if (silent.size >= maxConnections) oldest?.destroy()
    silent.add(socket)
    socket.once('close', () => silent.delete(socket))
  })
  server.on('request', ({ socket }) => silent.delete(socket))
}
