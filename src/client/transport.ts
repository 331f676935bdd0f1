// HTTP over the agent's socket or pipe, or to the TCP port of a share.

import { Agent, type IncomingMessage, request as httpRequest } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { readFileSync } from 'node:fs'
import { Failure } from '../core/failures.ts'
import { trustSocket } from '../platform/fs/socket-folder.ts'
import { readUpTo } from '../platform/read-up-to.ts'
import { decodeProblem, problemType } from '../wire/problem.ts'
import { lookupLocal, type TcpAddress } from './agent-address.ts'

/** The largest answer is a status with thousands of sessions. */
const maxAnswerBytes = 16 * 1024 * 1024
/** A token may wait for another agent's lock and then for a slow server. */
const answerTimeoutMs = 120_000

export interface HttpResponse {
  readonly status: number
  readonly text: string
  readonly bytes: Buffer
  readonly headers: IncomingMessage['headers']
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as it is. */
  readonly content?: { readonly type: string; readonly body: Buffer }
  readonly accept?: string
  readonly signal?: AbortSignal | undefined
}

type TypedResponse = HttpResponse & { readonly type: string }

/** Between two attempts to connect. */
const maxRetryDelayMs = 2_000

/** Nothing was sent: the one failure after which a client may start an agent and send the request again. */
class AgentNotRunning extends Failure {}

export const isAgentNotRunning = (error: unknown): boolean => error instanceof AgentNotRunning

/** The connection ended before the answer did: the request may have been carried out. */
class AgentConnectionLost extends Failure {}

export const isConnectionLost = (error: unknown): boolean => error instanceof AgentConnectionLost

const agentNotRunning = (path: string, cause?: unknown): Failure =>
  new AgentNotRunning('agent_unreachable', `no agent listens at ${path}`, { cause })

/** What Node connects to: the socket itself, or the pipe that the file names. Throws agent_unreachable, agent_untrusted. */
export function address(path: string): string {
  if (trustSocket(path) === 'missing') throw agentNotRunning(path)
  if (process.platform !== 'win32') return path
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    throw agentNotRunning(path, error)
  }
}

export class Transport {
  readonly #path: string
  readonly #tcp: TcpAddress | undefined
  readonly #agent = new Agent({ keepAlive: true })

  constructor(where: string | TcpAddress) {
    this.#path = typeof where === 'string' ? where : where.path
    this.#tcp = typeof where === 'string' ? undefined : where
  }

  get path(): string {
    return this.#path
  }

  /** An answer below 400. Throws the Failure that the agent sent, or agent_unreachable, agent_untrusted. */
  async call(call: Call): Promise<HttpResponse> {
    const answer = await this.#callWithRetry(call).catch((error: unknown) => {
      // A kept connection that the agent has closed meanwhile; a GET changes nothing and is sent again.
      if (call.method === 'GET' && isBroken(error)) return this.#callWithRetry(call)
      throw error
    })
    if (answer.status < 400) return answer
    throw decodeProblem(answer.type === problemType ? parse(answer.text) : undefined)
  }

  close(): void {
    this.#agent.destroy()
  }

  /** EAGAIN: the queue of the agent's socket is full, and nothing was sent. */
  async #callWithRetry(call: Call): Promise<TypedResponse> {
    for (let delayMs = 5; ; delayMs *= 2) {
      try {
        return await this.#callOnce(call)
      } catch (error) {
        if (causeOf(error) !== 'EAGAIN' || delayMs > maxRetryDelayMs) throw error
        await pause(delayMs * (0.5 + Math.random()))
      }
    }
  }

  #callOnce({ method, path, body, content: given, accept, signal }: Call): Promise<TypedResponse> {
    const content = given?.body ?? (body === undefined ? undefined : Buffer.from(JSON.stringify(body)))
    const type = given?.type ?? 'application/json'
    const { host, port } = this.#tcp ?? {}
    const to = host === undefined ? { socketPath: address(this.#path) } : { host, port, lookup: lookupLocal }
    const own = this.#tcp?.headers() ?? { host: 'authsock' }
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest({
        ...to,
        method,
        path,
        agent: this.#agent,
        timeout: answerTimeoutMs,
        headers: {
          ...own,
          accept: accept ?? 'application/json',
          ...(content === undefined ? {} : { 'content-type': type, 'content-length': content.length }),
        },
        ...(signal === undefined ? {} : { signal }),
      })
      outgoing.on('response', (response) => {
        const { statusCode: status = 0, headers } = response
        readAll(response).then(
          (bytes) => resolve({ status, headers, type: headers['content-type'] ?? '', bytes, text: bytes.toString() }),
          (error: unknown) => {
            response.destroy()
            reject(error instanceof Failure ? error : connectionFailure(error as NodeJS.ErrnoException, this.#path))
          },
        )
      })
      outgoing.on('timeout', () => outgoing.destroy(new Failure('agent_unreachable', 'the agent does not answer')))
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        reject(this.#tcp === undefined ? connectionFailure(error, this.#path) : tcpFailure(error, this.#path))
      })
      outgoing.end(content)
    })
  }
}

const readAll = (response: IncomingMessage): Promise<Buffer> =>
  readUpTo(response, maxAnswerBytes, () => new Failure('unexpected', 'the response of the agent is too large'))

const isBroken = (error: unknown): boolean => ['ECONNRESET', 'EPIPE'].includes(causeOf(error) ?? '')

const causeOf = (error: unknown): string | undefined =>
  error instanceof Failure ? (error.details.cause as NodeJS.ErrnoException | undefined)?.code : undefined

export function connectionFailure(error: NodeJS.ErrnoException, path: string): Error {
  if (error instanceof Failure) return error
  if (error.name === 'AbortError') return new Failure('cancelled', 'cancelled')
  if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') return agentNotRunning(path, error)
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    return new Failure('agent_untrusted', `the socket ${path} belongs to another user`, { cause: error })
  }
  return new AgentConnectionLost(
    'shutting_down',
    `the agent at ${path} hung up in the middle of its answer: ${error.code ?? error.message}`,
    { cause: error },
  )
}

/** Over TCP: no agent can be started from here. */
function tcpFailure(error: NodeJS.ErrnoException, path: string): Error {
  const isListening = error.code === 'ECONNRESET' || error.code === 'EPIPE'
  if (error instanceof Failure || error.name === 'AbortError' || isListening) return connectionFailure(error, path)
  return new Failure('agent_unreachable', `no share listens at ${path}: ${error.code ?? error.message}`, {
    hint: '`authsock share show NAME` on the machine of the agent shows where it listens',
    cause: error,
  })
}

/** Undefined if it is not JSON. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
