// From a request to its answer: whether its sender may ask, which row of the table it is for, the handler, and what failed.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Caller, Channel, Requester } from '../../core/access/caller.ts'
import type { Share } from '../../core/access/share.ts'
import { asFailure, Failure } from '../../core/failures.ts'
import { thenSync } from '../../core/util/then-sync.ts'
import { TokenBucket } from '../../core/util/token-bucket.ts'
import { problemType } from '../../wire/problem.ts'
import type { RequestContext } from '../access/request-context.ts'
import type { Operations } from '../operations.ts'
import { connectionOf } from './connections.ts'
import { answerFailure, describeDefect } from './errors.ts'
import type { Answer } from './handler.ts'
import type { HttpExchange } from './http-exchange.ts'
import { maxHelperCallBytes, maxJsonBytes, requestBurst, requestsPerSecond } from './limits.ts'
import { findRoute, type FoundRoute } from './routes.ts'
import type { TcpGuard } from './tcp-guard.ts'

export interface DispatchPorts {
  readonly agent: Operations
  readonly callerOf: (socket: Socket) => Caller
  readonly log: (text: string) => void
  /** A request has come. */
  readonly onRequest: () => void
  /** Of a share: its bounds as they are now (L3). */
  readonly share?: () => Share
  /** Of a share that listens on a TCP port. */
  readonly guard?: TcpGuard
}

/** The connection ends with the answer: the client of a TCP share has not proved that it may ask. */
const refusals: ReadonlySet<Failure['code']> = new Set(['unauthorized', 'peer_denied'])

export class Dispatch {
  readonly #ports: DispatchPorts
  readonly #rate: TokenBucket

  constructor(ports: DispatchPorts) {
    this.#ports = ports
    this.#rate = new TokenBucket(requestBurst, requestsPerSecond, ports.agent.now())
  }

  /** Answers, at once or later; never throws. `request`: if node:http has read it. */
  answer(exchange: HttpExchange, request?: IncomingMessage): void {
    try {
      if (request !== undefined) this.admit(request)
      const answered = this.#run(exchange)
      if (answered !== undefined) answered.catch((error: unknown) => this.#fail(exchange, error))
    } catch (error) {
      this.#fail(exchange, error)
    }
  }

  /** Of a TCP share: before anything else of the request is looked at. Throws peer_denied, unauthorized, too_many_requests. */
  admit(request: IncomingMessage): void {
    const { guard, agent } = this.#ports
    try {
      guard?.check(request)
    } catch (error) {
      const refused = guard?.note(asFailure(error))
      if (refused !== undefined) agent.refused(this.#context(request.socket, 'tcp'), refused)
      throw error
    }
  }

  /** A WebSocket: its row, if the sender may open it. */
  upgrade(socket: Socket, method: string, path: string): FoundRoute {
    this.#checkPeer(socket)
    const found = this.#find(socket, method, path)
    if (found.route.handler !== undefined) throw new Failure('not_found', `there is no WebSocket at ${path.slice(0, 100)}`)
    return found
  }

  /** Nearly every token is at hand, and is answered in the same turn. */
  #run(exchange: HttpExchange): void | Promise<void> {
    const { agent, share, onRequest } = this.#ports
    const { socket } = exchange
    this.#checkPeer(socket)
    const { path, query } = splitTarget(exchange.target)
    const { route, name } = this.#find(socket, exchange.method, path)
    onRequest()
    const { handler, takesBytes = false } = route
    if (handler === undefined) throw new Failure('bad_request', `${path} is a WebSocket: ask for an upgrade`)
    const accepted = exchange.header('accept')
    const run = (body: unknown): void | Promise<void> => {
      const request = {
        query,
        name,
        body,
        acceptsText: accepted?.startsWith('text/plain') === true,
        acceptsProblem: accepted === problemType,
        share: share?.(),
        context: (request: string) => this.#context(socket, request),
      }
      return thenSync(handler(agent, request), (answer) => this.#send(exchange, answer))
    }
    return thenSync(exchange.body(takesBytes ? maxHelperCallBytes : maxJsonBytes), (bytes) => {
      if (bytes === undefined || bytes.length === 0) return run(undefined)
      return run(takesBytes ? bytes : parseJson(bytes.toString()))
    })
  }

  #checkPeer(socket: Socket): void {
    if (connectionOf(socket)?.isDenied !== false) throw new Failure('peer_denied', 'this agent belongs to another user')
  }

  /**
   * The row, if the channel may call it. Requests for a credential by the main socket are held to no rate. L3: a share serves the rows
   * of `token`, and the refusal of all else says what it issues.
   */
  #find(socket: Socket, method: string, path: string): FoundRoute {
    const { agent, share: shareNow } = this.#ports
    const found = findRoute(method, path)
    const isForCredential = !(found instanceof Failure) && found.route.permission === 'token'
    if (shareNow === undefined && isForCredential) return found
    if (!this.#rate.take(agent.now())) throw new Failure('too_many_requests', 'too many requests', { retryAfter: 1 })
    // What there is not has the permission that shares lack: they are not told which paths exist.
    const permission = found instanceof Failure ? 'admin' : found.route.permission
    if (shareNow !== undefined) agent.checkOperation(this.#context(socket, `${method} ${path.slice(0, 100)}`), permission)
    if (found instanceof Failure) throw found
    return found
  }

  #context(socket: Socket, request: string): RequestContext {
    const requester = this.#requesterOf(socket)
    const { share } = this.#ports
    return share === undefined ? { requester, request } : { requester, request, share: share() }
  }

  /** Looked up once for a connection: a program that its process executes later is another one, and the uid is what counts. */
  #requesterOf(socket: Socket): Requester {
    const connection = connectionOf(socket)
    if (connection?.requester !== undefined) return connection.requester
    const { share, guard, callerOf } = this.#ports
    const transport = guard === undefined ? {} : ({ transport: 'tcp' } as const)
    const channel: Channel = share === undefined ? { kind: 'main' } : { kind: 'share', share: share().name, ...transport }
    const requester: Requester = { caller: callerOf(socket), channel }
    if (connection !== undefined) connection.requester = requester
    return requester
  }

  #send(exchange: HttpExchange, { status, type, body, headers, defect }: Answer): void {
    if (defect !== undefined) this.#ports.log(describeDefect(defect))
    if (type === undefined) return exchange.answer(status, {}, body)
    const common = { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body), 'Cache-Control': 'no-store' }
    exchange.answer(status, headers === undefined ? common : { ...common, ...headers }, body)
  }

  #fail(exchange: HttpExchange, error: unknown): void {
    const failure = asFailure(error)
    if (failure.code === 'unexpected') this.#ports.log(describeDefect(failure))
    const { share, guard } = this.#ports
    // Who asks too often at a share has to connect again, and that takes its turn.
    const asksTooOften = share !== undefined && failure.code === 'too_many_requests'
    answerFailure(exchange, failure, asksTooOften || (guard !== undefined && refusals.has(failure.code)))
  }
}

/** `/v1/token?a=b` -> its path and its query. */
export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const mark = target.indexOf('?')
  return mark < 0 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark + 1) }
}

/** Throws bad_request. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Failure('bad_request', 'the body is not JSON')
  }
}
