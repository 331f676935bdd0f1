// HTTP over a socket: a listener, and the dispatch of what it reads. The server never speaks first.

import { createServer } from 'node:http'
import type { Server, Socket } from 'node:net'
import type { Quota } from '../../core/access/budget.ts'
import { asFailure, Failure } from '../../core/failures.ts'
import type { ConnectionBudget } from './budget.ts'
import { connectionOf, Connections } from './connections.ts'
import { Dispatch, type DispatchPorts } from './dispatch.ts'
import { endWithProblem, malformedRequest } from './errors.ts'
import { AcceptPause } from '../../platform/accept-pause.ts'
import { createFastListener } from './fast-path/listener.ts'
import { NodeHttpExchange } from './http-exchange.ts'
import {
  acceptPauseMs,
  arrivalTimeoutMs,
  drainTimeoutMs,
  finishTimeoutMs,
  idleTimeoutMs,
  maxHeaderBytes,
  maxPipelined,
  maxSharePipelined,
  shareBacklog,
} from './limits.ts'
import { Upgrades } from './upgrade.ts'

export interface ServerPorts extends DispatchPorts {
  /** The connections of this listener are counted there. */
  readonly budget: ConnectionBudget
  /** Of a share: the bodies of its requests are counted there. */
  readonly bodyBytes?: Quota
  /** Whether the process at the other end may ask: looked up once for a connection. */
  readonly isTrustedPeer: (socket: Socket) => boolean
  /** Of a share's socket: whether another connection is accepted now (S9). */
  readonly mayAccept?: () => boolean
}

export interface AgentServer {
  readonly listener: Server
  readonly openConnections: () => number
  /** Accepts nothing new, and answers what was asked: resolves then, or after a while. `close` follows. */
  finish(): Promise<void>
  /** Closes idle connections, finishes what is being answered, and resolves when all are closed. */
  close(): Promise<void>
}

export function createAgentServer(ports: ServerPorts): AgentServer {
  const { agent, isTrustedPeer, share, guard, budget, bodyBytes, mayAccept } = ports
  const name = share?.().name
  const listenerName = name === undefined ? 'the main socket' : guard === undefined ? name : `${name} over TCP`
  const dispatch = new Dispatch(ports)
  const upgrades = new Upgrades(agent, dispatch)
  const connections: Connections = new Connections({
    arrivalTimeoutMs,
    idleTimeoutMs,
    maxPipelined: share === undefined ? maxPipelined : maxSharePipelined,
    budget: { open: () => budget.open(listenerName), closed: () => budget.closed(listenerName) },
    ...(name === undefined || bodyBytes === undefined
      ? {}
      : { bytes: { take: (bytes) => bodyBytes.take(name, bytes), release: (bytes) => bodyBytes.release(name, bytes) } }),
    onLate: (socket) => endWithProblem(socket, new Failure('request_timeout', 'the request did not arrive in time')),
  })
  const http = createServer({
    maxHeaderSize: maxHeaderBytes,
    // Connections watches all of these.
    headersTimeout: 0,
    requestTimeout: 0,
    keepAliveTimeout: 0,
    insecureHTTPParser: false,
    requireHostHeader: false,
  })
  const { server: listener, known } = createFastListener({
    connections,
    connected: (connection) => {
      guard?.connected(connection.socket)
      connection.isDenied = !isTrustedPeer(connection.socket)
      // Each request of a TCP share has to bring the secret, which the fast path does not read.
      return guard === undefined
    },
    answer: (exchange) => dispatch.answer(exchange),
    read: (socket) => void http.emit('connection', socket),
  })
  const accepting = new AcceptPause(listener, shareBacklog)
  if (mayAccept !== undefined)
    listener.on('connection', () => {
      if (!mayAccept()) accepting.pause(acceptPauseMs)
    })
  const unregister = budget.register(listenerName, () => connections.evict())
  const hold = (socket: Socket, bytes: number): boolean => connections.hold(socket, bytes)
  http.on('request', (request, response) => {
    // Later requests of a connection that node:http reads are read by it anyway.
    const isFirst = connectionOf(request.socket)?.state.kind === 'reading'
    if (!connections.began(request)) return void request.socket.destroy()
    if (isFirst) known.learn(request)
    dispatch.answer(new NodeHttpExchange(request, response, hold), request)
    connections.answering(request, response)
  })
  http.on('upgrade', (request, socket, head) => {
    connections.upgraded(request.socket)
    upgrades.accept(request, socket, head).catch((error: unknown) => endWithProblem(socket, asFailure(error)))
  })
  http.on('clientError', (error: NodeJS.ErrnoException, socket) => endWithProblem(socket, malformedRequest(error)))

  return {
    listener,
    openConnections: () => connections.count,
    finish: async () => {
      accepting.end()
      listener.close()
      await connections.finish(finishTimeoutMs)
    },
    close: async () => {
      upgrades.close()
      accepting.end()
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()))
      connections.end()
      const timer = setTimeout(() => connections.destroy(), drainTimeoutMs)
      await closed
      await connections.closed()
      unregister()
      clearTimeout(timer)
    },
  }
}
