// The two WebSockets: /v1/login, a conversation that ends when either side hangs up, and /v1/events, which only sends.

import type { Duplex } from 'node:stream'
import type { IncomingMessage } from 'node:http'
import type { WebSocket, WebSocketServer } from 'ws'
import { asFailure, Failure } from '../../core/failures.ts'
import type { LoginProgress } from '../../core/ports.ts'
import { defined } from '../../core/util/defined.ts'
import type { EventMessage, LoginMessage } from '../../wire/messages.ts'
import { encodeProblem } from '../../wire/problem.ts'
import { decodeLoginReply, decodeLoginRequest } from '../../wire/requests.ts'
import type { Operations } from '../operations.ts'
import { type Dispatch, parseJson, splitTarget } from './dispatch.ts'

/** Bytes that a client sends at once: a pasted URL at most. */
const maxMessageBytes = 16 * 1024
/** Of a client that does not read its events: what may wait in memory before it is dropped. */
const maxBufferedBytes = 1024 * 1024
const maxOpen = 256

type Conversation = (channel: WebSocket, query: string) => Promise<void>

export class Upgrades {
  readonly #agent: Operations
  readonly #dispatch: Pick<Dispatch, 'admit' | 'upgrade'>
  readonly #open = new Set<WebSocket>()
  readonly #conversations: ReadonlyMap<string, Conversation> = new Map<string, Conversation>([
    ['/v1/login', (channel, query) => this.#login(channel, query)],
    ['/v1/events', (channel) => this.#events(channel)],
  ])
  #server: Promise<WebSocketServer> | undefined

  constructor(agent: Operations, dispatch: Pick<Dispatch, 'admit' | 'upgrade'>) {
    this.#agent = agent
    this.#dispatch = dispatch
  }

  /** Takes over a connection that asked for an upgrade. Rejects with a Failure before anything was answered. */
  async accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // Between node's parser and ws nothing listens to the socket, and an error would be uncaught.
    const ignore = (): void => {}
    socket.on('error', ignore)
    this.#dispatch.admit(request)
    const { path, query } = splitTarget(request.url ?? '')
    const { route } = this.#dispatch.upgrade(request.socket, request.method ?? '', path)
    const conversation = this.#conversations.get(route.path)
    if (conversation === undefined) throw new Error(`${route.path} has no conversation`)
    if (request.headers.origin !== undefined) throw new Failure('peer_denied', 'browsers do not talk to the agent')
    if (this.#open.size >= maxOpen) throw new Failure('too_many_requests', `${maxOpen} WebSockets are open already`)
    this.#server ??= import('ws').then(
      ({ WebSocketServer }) => new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes, perMessageDeflate: false }),
    )
    const server = await this.#server
    server.handleUpgrade(request, socket, head, (channel) => {
      this.#open.add(channel)
      channel.on('close', () => this.#open.delete(channel))
      channel.on('error', () => channel.terminate())
      void conversation(channel, query)
    })
    socket.off('error', ignore)
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
      const { profile, grant, newerThan, ...account } = decodeLoginRequest(query)
      const session = await this.#agent.logIn(profile, grant, {
        onProgress: (progress) => say(loginMessage(progress)),
        onPaste: (take) => {
          accept = take
        },
        signal: hungUp.signal,
        account,
        ...defined({ newerThan }),
      })
      say({ type: 'done', session })
    } catch (error) {
      say({ type: 'error', problem: encodeProblem(asFailure(error)) })
    }
    channel.close(1000)
  }

  async #events(channel: WebSocket): Promise<void> {
    const unsubscribe = this.#agent.subscribe((event: EventMessage) => {
      if (channel.bufferedAmount > maxBufferedBytes) channel.terminate()
      else send(channel, event)
    })
    channel.on('close', unsubscribe)
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
