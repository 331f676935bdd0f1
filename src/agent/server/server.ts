// HTTP over the socket: who may speak, how much, how fast and how long (L1, L4), and problem documents for what fails.
// The server never speaks first.

import { createServer, type IncomingMessage } from 'node:http'
import type { Server, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TokenBucket } from '../../core/util/token-bucket.ts'
import type { Caller, Channel, Requester } from '../../core/access/caller.ts'
import { thenSync } from '../../core/util/then-sync.ts'
import { asFailure, Failure } from '../../core/failures.ts'
import { notShared, type Share } from '../../core/access/share.ts'
import { encodeProblem, problemType } from '../../wire/problem.ts'
import type { Operations } from '../operations.ts'
import { WebSockets, parseJson, splitTarget } from './websockets.ts'
import { connectionOf, Connections } from './connections.ts'
import { type HttpExchange, NodeHttpExchange, keptFor } from './http-exchange.ts'
import { createFront } from './fast-path/listener.ts'
import type { RequestContext } from '../access/request-context.ts'
import type { HelperOutcome } from '../credentials/helper-calls.ts'
import { KnownRequests } from './fast-path/known-requests.ts'
import { type Answer, findHandler } from './routes.ts'
import { findSharedHandler } from './share-routes.ts'
import type { TcpGuard } from './tcp-guard.ts'

/** Bytes of a body: the largest is a passphrase or a client secret. */
const maxBody = 64 * 1024
/** Bytes of a helper's call: kubectl describes its whole cluster, with the certificates of its authority. */
const maxCall = 512 * 1024
const maxHeader = 16 * 1024
const maxConnections = 16_384
/** Of a shared socket: whoever lies behind it is not to use up the descriptors of all. */
const maxOfShare = 256
/** ms for a request to arrive whole. */
const arrival = 10_000
/** ms for an answer to be read after which nothing comes. */
const patience = 1_000
const helperPath = '/v1/helper/'
/** RFC 6750. */
const challenge = 'Bearer'
/** Of all that is not a request for a token: a burst, and so many a second. */
const burst = 200
const ratePerSecond = 100

export interface ServerPorts {
  readonly agent: Operations
  /** Whether the process at the other end may speak: asked once a connection. */
  readonly isTrustedPeer: (socket: Socket) => boolean
  readonly callerOf: (socket: Socket) => Caller
  readonly log: (text: string) => void
  /** Somebody has asked for something. */
  readonly onRequest?: () => void
  /** Of a shared socket: what it gives, as it is now (L3). */
  readonly share?: () => Share
  /** Of a shared socket that is a TCP port. */
  readonly guard?: TcpGuard
}

export interface AgentServer {
  readonly listener: Server
  /** Ends what is idle, lets what is being answered finish, and resolves when all is closed. */
  close(): Promise<void>
}

export function createAgentServer({ agent, isTrustedPeer, callerOf, log, onRequest, share, guard }: ServerPorts): AgentServer {
  const channels = new WebSockets(agent)
  const allowance = new TokenBucket(burst, ratePerSecond, agent.now())
  const connections = new Connections({
    arrival,
    idle: keptFor,
    isLate: (socket) => refuseUpgrade(socket, new Failure('request_timeout', 'the request did not arrive in time')),
  })
  const http = createServer({
    maxHeaderSize: maxHeader,
    // See connections.ts.
    headersTimeout: 0,
    requestTimeout: 0,
    keepAliveTimeout: 0,
    insecureHTTPParser: false,
    requireHostHeader: false,
  })
  const known = new KnownRequests()
  const listener = createFront({
    known,
    connections,
    connected: (connection) => {
      guard?.connected(connection.socket)
      connection.isDenied = !isTrustedPeer(connection.socket)
      // Who has to bring a secret is looked at in each request.
      return guard === undefined
    },
    answer: (exchange) => begin(exchange),
    read: (socket) => void http.emit('connection', socket),
  })
  listener.maxConnections = share === undefined ? maxConnections : guard === undefined ? maxOfShare : 2 * maxOfShare
  http.on('request', (request, response) => {
    // What it is given by the front, once a connection: the rest of that one is read here in any case.
    const isFirst = connectionOf(request.socket)?.request === undefined
    if (!connections.began(request)) return void request.socket.destroy()
    if (isFirst) known.learn(request)
    begin(new NodeHttpExchange(request, response), request)
    connections.answering(request, response)
  })
  http.on('upgrade', (request, socket, head) => {
    connections.upgraded(request.socket)
    upgrade(request, socket, head).catch((error: unknown) => refuseUpgrade(socket, asFailure(error)))
  })
  http.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseUpgrade(socket, malformed(error)))

  /** `request`: where node:http has read it. */
  function begin(exchange: HttpExchange, request?: IncomingMessage): void {
    try {
      if (request !== undefined) admit(request)
      const answered = answer(exchange)
      if (answered !== undefined) answered.catch((error: unknown) => sendFailure(exchange, error))
    } catch (error) {
      sendFailure(exchange, error)
    }
  }

  /** Before anything of a request is looked at. */
  function admit(request: IncomingMessage): void {
    try {
      guard?.check(request)
    } catch (error) {
      const note = guard?.note(asFailure(error))
      if (note !== undefined) agent.refused(contextOf(request.socket, 'tcp'), note)
      throw error
    }
  }

  function check(socket: object, path: string): void {
    if (connectionOf(socket)?.isDenied !== false) throw new Failure('peer_denied', 'this agent belongs to another user')
    const isFree = share === undefined && (path === '/v1/token' || path.startsWith(helperPath))
    if (!isFree && !allowance.take(agent.now())) throw new Failure('too_many_requests', 'too many requests', { retryAfter: 1 })
  }

  /** Once a connection: what it executes later is another program, and the uid is what counts. */
  function requesterOf(socket: Socket): Requester {
    const connection = connectionOf(socket)
    if (connection?.requester !== undefined) return connection.requester
    const way = guard === undefined ? {} : ({ transport: 'tcp' } as const)
    const channel: Channel = share === undefined ? { kind: 'main' } : { kind: 'share', share: share().name, ...way }
    const requester: Requester = { caller: callerOf(socket), channel: channel }
    if (connection !== undefined) connection.requester = requester
    return requester
  }

  function contextOf(socket: Socket, request: string): RequestContext {
    const requester = requesterOf(socket)
    return share === undefined ? { requester: requester, request } : { requester: requester, request, share: share() }
  }

  /** At once, where nothing has to be waited for: the way of nearly every token. */
  function answer(exchange: HttpExchange): void | Promise<void> {
    const { socket, method } = exchange
    const { path, query } = splitTarget(exchange.target)
    check(socket, path)
    onRequest?.()
    if (path.startsWith(helperPath)) return help(exchange, path.slice(helperPath.length))
    const { handler, profile } = share === undefined ? findHandler(method, path) : sharedHandler(share(), exchange, path)
    const acceptsText = exchange.header('accept')?.startsWith('text/plain') === true
    const context = (name: string): RequestContext => contextOf(socket, name)
    const run = (body: unknown): void | Promise<void> => {
      return thenSync(handler(agent, { query, profile, body, acceptsText, context }), (result) => send(exchange, result))
    }
    return thenSync(exchange.body(maxBody), (body) =>
      run(body === undefined || body.length === 0 ? undefined : parseJson(body.toString())),
    )
  }

  function sharedHandler(of: Share, { socket, method }: HttpExchange, path: string): ReturnType<typeof findHandler> {
    const context = contextOf(socket, `${method} ${path.slice(0, 100)}`)
    try {
      return findSharedHandler(of, method, path)
    } catch (error) {
      agent.refused(context, error)
      throw error
    }
  }

  function help(exchange: HttpExchange, name: string): void | Promise<void> {
    if (exchange.method !== 'POST') throw new Failure('method_not_allowed', `${helperPath}${name.slice(0, 40)} takes POST`)
    const isNoTool = exchange.header('accept') === problemType
    const say = ({ headers, body, defect }: HelperOutcome): void => {
      if (defect !== undefined) log(describeDefect(defect))
      answerWith(exchange, 200, 'application/octet-stream', body, headers)
    }
    const run = (call: Buffer): void | Promise<void> => {
      return thenSync(agent.helper(contextOf(exchange.socket, name), call, isNoTool), say)
    }
    return thenSync(exchange.body(maxCall) ?? Buffer.alloc(0), run)
  }

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // Between Node's parser and ws nobody listens to the socket, and an error would be nobody's.
    const ignore = (): void => {}
    socket.on('error', ignore)
    admit(request)
    check(socket, 'upgrade')
    if (share !== undefined) throw notShared(share())
    await channels.accept(request, socket, head)
    socket.off('error', ignore)
  }

  function sendFailure(exchange: HttpExchange, error: unknown): void {
    const failure = asFailure(error)
    const { code, status } = failure
    if (code === 'unexpected') log(describeDefect(failure))
    if (exchange.isAnswered) return exchange.drop()
    const { retryAfter } = failure.details
    const more = {
      ...(retryAfter === undefined ? {} : { 'Retry-After': Math.ceil(retryAfter) }),
      ...(code === 'unauthorized' ? { 'WWW-Authenticate': challenge } : {}),
    }
    // A connection whose request was not read to its end cannot carry another; who is refused at a TCP port has to come again.
    const isRefused = guard !== undefined && ['unauthorized', 'peer_denied', 'too_many_requests'].includes(code)
    const isLast = isRefused || code === 'too_large' || code === 'request_timeout'
    answerWith(exchange, status, problemType, JSON.stringify(encodeProblem(failure)), more, isLast)
  }

  return {
    listener,
    close: async () => {
      channels.close()
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()))
      connections.end()
      const patience = setTimeout(() => connections.destroy(), 2000)
      await closed
      await connections.closed()
      clearTimeout(patience)
    },
  }
}

function send(exchange: HttpExchange, { status, type, body }: Answer): void {
  if (type === undefined) exchange.answer(status, {}, body)
  else answerWith(exchange, status, type, body)
}

function answerWith(
  exchange: HttpExchange,
  status: number,
  type: string,
  body: string | Buffer,
  more = {},
  isLast = false,
): void {
  const headers = { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body), 'Cache-Control': 'no-store', ...more }
  exchange.answer(status, headers, body, isLast)
}

function malformed(error: NodeJS.ErrnoException): Failure {
  if (error.code === 'HPE_HEADER_OVERFLOW') return new Failure('too_large', `the header is larger than ${maxHeader} bytes`)
  return new Failure('bad_request', 'this is not HTTP/1.1')
}

/** An answer on a connection that has no ServerResponse (any more). */
function refuseUpgrade(socket: Duplex, failure: Failure): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const body = JSON.stringify(encodeProblem(failure))
  const lines = [
    `HTTP/1.1 ${failure.status} ${failure.code}`,
    `Content-Type: ${problemType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(failure.code === 'unauthorized' ? [`WWW-Authenticate: ${challenge}`] : []),
    'Connection: close',
  ]
  socket.on('error', () => socket.destroy())
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
  // Who neither reads it nor hangs up would keep his place for ever.
  setTimeout(() => socket.destroy(), patience).unref()
}

const describeDefect = (failure: Failure): string => {
  const { cause } = failure.details
  return cause instanceof Error && cause.stack !== undefined ? `${failure.message}\n${cause.stack}` : failure.message
}
