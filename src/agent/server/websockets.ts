// The two WebSocket paths: /v1/login, a conversation that ends when either side hangs up, and /v1/events, which only speaks.

import type { Duplex } from 'node:stream'
import type { IncomingMessage } from 'node:http'
import type { WebSocket, WebSocketServer } from 'ws'
import { asFailure, Failure } from '../../core/failures.ts'
import type { LoginProgress } from '../../core/ports.ts'
import type { EventMessage, LoginMessage } from '../../wire/messages.ts'
import { encodeProblem } from '../../wire/problem.ts'
import { decodeLoginReply, decodeLoginRequest } from '../../wire/requests.ts'
import type { Operations } from '../operations.ts'

/** A client says little: a pasted URL at most. */
const maxMessage = 16 * 1024
/** Of a watcher who does not read: what may wait in memory before it is dropped. */
const maxBuffered = 1024 * 1024
const maxChannels = 256

export class WebSockets {
  readonly #agent: Operations
  #server: Promise<WebSocketServer> | undefined
  readonly #open = new Set<WebSocket>()
  readonly #talks: Readonly<Record<string, (channel: WebSocket, query: string) => Promise<void>>> = {
    '/v1/login': (channel, query) => this.#login(channel, query),
    '/v1/events': (channel) => this.#events(channel),
  }

  constructor(agent: Operations) {
    this.#agent = agent
  }

  /** Takes over a connection that asked for an upgrade. Throws (rejects with) a Failure before anything was answered. */
  async accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { path, query } = splitTarget(request.url ?? '')
    if (!Object.hasOwn(this.#talks, path)) throw new Failure('not_found', `there is no WebSocket at ${path.slice(0, 100)}`)
    if (request.headers.origin !== undefined) throw new Failure('peer_denied', 'browsers do not talk to the agent')
    if (this.#open.size >= maxChannels) throw new Failure('too_many_requests', `${maxChannels} clients are watching already`)
    this.#server ??= import('ws').then(
      ({ WebSocketServer }) => new WebSocketServer({ noServer: true, maxPayload: maxMessage, perMessageDeflate: false }),
    )
    const server = await this.#server
    server.handleUpgrade(request, socket, head, (channel) => {
      this.#open.add(channel)
      channel.on('close', () => this.#open.delete(channel))
      channel.on('error', () => channel.terminate())
      void this.#talks[path]?.(channel, query)
    })
  }

  close(): void {
    for (const channel of this.#open) channel.close(1001, 'the agent is stopping')
  }

  async #login(channel: WebSocket, query: string): Promise<void> {
    const say = (message: LoginMessage): void => send(channel, message)
    const hungUp = new AbortController()
    channel.on('close', () => hungUp.abort())
    let accept: ((url: string) => void) | undefined
    channel.on('message', (data) => {
      try {
        accept?.(decodeLoginReply(parseJson(textOf(data))).url)
      } catch (error) {
        say({ type: 'progress', text: asFailure(error).message })
      }
    })
    try {
      const { profile, grant } = decodeLoginRequest(query)
      const session = await this.#agent.logIn(profile, grant, {
        onProgress: (progress) => say(loginMessage(progress)),
        onPaste: (take) => {
          accept = take
        },
        signal: hungUp.signal,
      })
      say({ type: 'done', session })
    } catch (error) {
      say({ type: 'error', problem: encodeProblem(asFailure(error)) })
    }
    channel.close(1000)
  }

  async #events(channel: WebSocket): Promise<void> {
    const unsubscribe = this.#agent.subscribe((event: EventMessage) => {
      if (channel.bufferedAmount > maxBuffered) channel.terminate()
      else send(channel, event)
    })
    channel.on('close', unsubscribe)
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

const textOf = (data: Buffer | ArrayBuffer | Buffer[]): string =>
  Array.isArray(data) ? Buffer.concat(data).toString() : Buffer.isBuffer(data) ? data.toString() : Buffer.from(data).toString()

function send(channel: WebSocket, message: LoginMessage | EventMessage): void {
  if (channel.readyState === channel.OPEN) channel.send(JSON.stringify(message))
}

function loginMessage(progress: LoginProgress): LoginMessage {
  switch (progress.type) {
    case 'open_browser':
      return { type: 'open_browser', url: progress.url, redirect_uri: progress.redirectUri }
    case 'device_code': {
      const { userCode, verificationUri, verificationUriComplete, expiresIn } = progress
      return {
        type: 'device_code',
        user_code: userCode,
        verification_uri: verificationUri,
        ...(verificationUriComplete === undefined ? {} : { verification_uri_complete: verificationUriComplete }),
        expires_in: expiresIn,
      }
    }
    case 'progress':
      return progress
  }
}
