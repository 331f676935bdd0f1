// Failures as RFC 9457 problem documents, over HTTP and over a connection that has no response (any more).

import type { Duplex } from 'node:stream'
import { Failure } from '../../core/failures.ts'
import { encodeProblem, problemType } from '../../wire/problem.ts'
import type { HttpExchange } from './http-exchange.ts'
import { lastAnswerTimeoutMs, maxHeaderBytes } from './limits.ts'

/** RFC 6750, section 3. */
const challenge = 'Bearer'

/** After these the rest of the request may still be under way, and would be read as the next one. */
const endsConnection: ReadonlySet<Failure['code']> = new Set(['too_large', 'request_timeout'])

/** `isLast`: the connection is closed after it. If an answer was begun, the connection is dropped. */
export function answerFailure(exchange: HttpExchange, failure: Failure, isLast: boolean): void {
  if (exchange.isAnswered) return exchange.drop()
  const { retryAfter } = failure.details
  const body = JSON.stringify(encodeProblem(failure))
  const headers = {
    'Content-Type': problemType,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    ...(retryAfter === undefined ? {} : { 'Retry-After': Math.ceil(retryAfter) }),
    ...(failure.code === 'unauthorized' ? { 'WWW-Authenticate': challenge } : {}),
  }
  exchange.answer(failure.status, headers, body, isLast || endsConnection.has(failure.code))
}

/** Answers on the bare connection and closes it. */
export function endWithProblem(socket: Duplex, failure: Failure): void {
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
  // A client that neither reads it nor hangs up would keep the connection.
  setTimeout(() => socket.destroy(), lastAnswerTimeoutMs).unref()
}

/** Of node:http's parser. */
export function malformedRequest(error: NodeJS.ErrnoException): Failure {
  if (error.code === 'HPE_HEADER_OVERFLOW') return new Failure('too_large', `the header is larger than ${maxHeaderBytes} bytes`)
  return new Failure('bad_request', 'this is not HTTP/1.1')
}

/** For the log: with its stack, which holds no value of ours. */
export function describeDefect(failure: Failure): string {
  const { cause } = failure.details
  return cause instanceof Error && cause.stack !== undefined ? `${failure.message}\n${cause.stack}` : failure.message
}
