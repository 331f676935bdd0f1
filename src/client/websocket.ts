// A WebSocket to the agent as an async iterable, for index.ts.

import { connect, type Socket } from 'node:net'
import type { ClientOptions, WebSocket } from 'ws'
import { Failure } from '../core/failures.ts'
import type { EventMessage, LoginMessage, LoginReply } from '../wire/messages.ts'
import { decodeProblem } from '../wire/problem.ts'
import { address, connectionFailure, parse } from './transport.ts'

interface Channel {
  send(reply: LoginReply): void
  login(): AsyncGenerator<Exclude<LoginMessage, { type: 'error' }>, void, undefined>
  events(): AsyncGenerator<EventMessage, void, undefined>
}

export async function openChannel(path: string, target: string, signal: AbortSignal | undefined): Promise<Channel> {
  if (signal?.aborted === true) throw new Failure('cancelled', 'cancelled')
  if (path.startsWith('http')) throw new Failure('share_limited', 'a share answers requests for tokens and nothing else')
  const socketPath = address(path)
  const { WebSocket } = await import('ws')
  // ws uses the connection that this returns, which allows pipes on Windows; its types do not declare it.
  const options: ClientOptions & { createConnection: () => Socket } = {
    createConnection: () => connect(socketPath),
    perMessageDeflate: false,
  }
  const socket = new WebSocket(`ws://authsock${target}`, options)
  const messages = new Queue(socket, path)
  const terminate = (): void => socket.terminate()
  signal?.addEventListener('abort', terminate, { once: true })
  socket.on('close', () => signal?.removeEventListener('abort', terminate))
  await messages.opened.catch((error: unknown) => {
    throw signal?.aborted === true ? new Failure('cancelled', 'cancelled') : error
  })
  return {
    send: (reply) => socket.send(JSON.stringify(reply)),
    async *login() {
      try {
        for await (const message of messages.all<LoginMessage>()) {
          if (message.type === 'error') throw decodeProblem(message.problem)
          yield message
          if (message.type === 'done') return
        }
        throw signal?.aborted === true
          ? new Failure('login_cancelled', 'the login was cancelled')
          : new Failure('shutting_down', 'the agent closed the connection before the login was complete')
      } finally {
        terminate()
      }
    },
    async *events() {
      try {
        yield* messages.all<EventMessage>()
      } finally {
        terminate()
      }
    },
  }
}

/** Messages that have arrived and were not read yet. */
class Queue {
  readonly opened: Promise<void>
  readonly #waiting: string[] = []
  #wake: () => void = () => {}
  #ended = false

  constructor(socket: WebSocket, path: string) {
    this.opened = new Promise((resolve, reject) => {
      socket.on('open', () => resolve())
      socket.on('error', (error) => reject(connectionFailure(error, path)))
      socket.on('unexpected-response', (_, response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString()
        })
        response.on('end', () => reject(decodeProblem(parse(text))))
      })
    })
    socket.on('message', (data: Buffer) => {
      this.#waiting.push(data.toString())
      this.#wake()
    })
    socket.on('close', () => {
      this.#ended = true
      this.#wake()
    })
  }

  async *all<T>(): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const text = this.#waiting.shift()
      if (text !== undefined) yield message<T>(text)
      else if (this.#ended) return
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
  }
}

function message<T>(text: string): T {
  const json = parse(text)
  if (typeof json === 'object' && json !== null) return json as T
  throw new Failure('unexpected', "the program at the socket does not speak authsock's protocol")
}
