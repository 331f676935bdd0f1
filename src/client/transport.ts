// HTTP over the agent's socket or pipe, or to a share's TCP port; for index.ts alone.

import { Agent, type IncomingMessage, request as httpRequest } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { readFileSync } from 'node:fs'
import { Failure } from '../core/failures.ts'
import { trustSocket } from '../platform/fs/socket-folder.ts'
import { readUpTo } from '../platform/read-up-to.ts'
import { decodeProblem, problemType } from '../wire/problem.ts'
import { lookupNear, type TcpAddress } from './agent-address.ts'

/** Bytes. The largest answer is a status with thousands of sessions. */
const maxAnswer = 16 * 1024 * 1024
/** ms. A token may wait for another agent's lock and then for a slow server. */
const patience = 120_000

export interface Exchange {
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

type Answer = Exchange & { readonly type: string }

/** ms between two tries, at most. */
const maxTurn = 2_000

/** Nothing was sent, since nobody listens: the one failure on which a client may start an agent and say it again. */
class NobodyThere extends Failure {}

export const isNobodyThere = (error: unknown): boolean => error instanceof NobodyThere

const nobody = (path: string, cause?: unknown): Failure =>
  new NobodyThere('agent_unreachable', `no agent listens at ${path}`, { cause })

/** What Node connects to: the socket itself, or the pipe that the file names. Throws agent_unreachable, agent_untrusted. */
export function address(path: string): string {
  if (trustSocket(path) === 'missing') throw nobody(path)
  if (process.platform !== 'win32') return path
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    throw nobody(path, error)
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

  /** The answer, whatever its status but an error's. Throws the Failure that the agent sent, or agent_unreachable, agent_untrusted. */
  async call(call: Call): Promise<Exchange> {
    const answer = await this.#callInTurn(call).catch((error: unknown) => {
      // A kept connection that the agent has closed meanwhile; what only reads may be asked again.
      if (call.method === 'GET' && isBroken(error)) return this.#callInTurn(call)
      throw error
    })
    if (answer.status < 400) return answer
    throw decodeProblem(answer.type === problemType ? parse(answer.text) : undefined)
  }

  close(): void {
    this.#agent.destroy()
  }

  /** Where more clients come at once than the agent's queue holds, nothing was sent yet: this one comes again. */
  async #callInTurn(call: Call): Promise<Answer> {
    for (let wait = 5; ; wait *= 2) {
      try {
        return await this.#callOnce(call)
      } catch (error) {
        if (causeOf(error) !== 'EAGAIN' || wait > maxTurn) throw error
        await pause(wait * (0.5 + Math.random()))
      }
    }
  }

  #callOnce({ method, path, body, content: given, accept, signal }: Call): Promise<Answer> {
    const content = given?.body ?? (body === undefined ? undefined : Buffer.from(JSON.stringify(body)))
    const type = given?.type ?? 'application/json'
    const { host, port } = this.#tcp ?? {}
    const to = host === undefined ? { socketPath: address(this.#path) } : { host, port, lookup: lookupNear }
    const own = this.#tcp?.headers() ?? { host: 'authsock' }
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest({
        ...to,
        method,
        path,
        agent: this.#agent,
        timeout: patience,
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
            reject(error)
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
  readUpTo(response, maxAnswer, () => new Failure('unexpected', 'the agent sent far too much'))

const isBroken = (error: unknown): boolean => ['ECONNRESET', 'EPIPE'].includes(causeOf(error) ?? '')

const causeOf = (error: unknown): string | undefined =>
  error instanceof Failure ? (error.details.cause as NodeJS.ErrnoException | undefined)?.code : undefined

export function connectionFailure(error: NodeJS.ErrnoException, path: string): Error {
  if (error instanceof Failure) return error
  if (error.name === 'AbortError') return new Failure('cancelled', 'cancelled')
  if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') return nobody(path, error)
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    return new Failure('agent_untrusted', `the socket ${path} belongs to another user`, { cause: error })
  }
  return new Failure('shutting_down', `the agent at ${path} hung up: ${error.code ?? error.message}`, { cause: error })
}

/** There is no agent that this client could start. */
function tcpFailure(error: NodeJS.ErrnoException, path: string): Error {
  const isThere = error.code === 'ECONNRESET' || error.code === 'EPIPE'
  if (error instanceof Failure || error.name === 'AbortError' || isThere) return connectionFailure(error, path)
  return new Failure('agent_unreachable', `no share listens at ${path}: ${error.code ?? error.message}`, {
    hint: 'on the machine of the agent, `authsock share show NAME` says where it listens',
    cause: error,
  })
}

/** Undefined where it is not JSON. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
