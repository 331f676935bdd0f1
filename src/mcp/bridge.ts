// `authsock mcp URL`: MCP over stdin and stdout on one side, streamable HTTP with a token on the other. What passes through is not changed;
// each message is sent as it came.

import type { IncomingMessage } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { createParser } from 'eventsource-parser'
import { asFailure, Failure } from '../core/failures.ts'
import { sendAuthorized } from './authorized.ts'
import type { McpCredential } from './credential.ts'
import { errorAnswer, type Id, idsOf, isResponse, type Message, parseMessages } from './messages.ts'
import { protocolHeaders, statelessVersion } from './protocol-headers.ts'
import { ToolHeaders } from './tool-headers.ts'
import type { Upstream } from './upstream.ts'

export interface BridgePorts {
  readonly upstream: Upstream
  readonly credential: McpCredential
  /** One message to the client, without a line break. */
  readonly write: (line: string) => void
  readonly say: (text: string) => void
  readonly signal: AbortSignal
}

const defaultRetryMs = 1_000
const maxRetryMs = 30_000
/** For the end of a session to be told to the server. */
const farewellMs = 1_000
const eventStream = 'text/event-stream'

/** Of one stream of events. */
interface Position {
  lastEventId: string | undefined
  retryMs: number
}

export class Bridge {
  readonly #ports: BridgePorts
  #sessionId: string | undefined
  #version: string | undefined
  #takesUrls = false
  readonly #toolHeaders = new ToolHeaders()
  /** What is sent before it has to be answered before it: a notification, `initialize`. */
  #before: Promise<unknown> = Promise.resolve()
  #isListening = false

  constructor(ports: BridgePorts) {
    this.#ports = ports
  }

  /** One line of the client. Never rejects: requests that fail are answered with an error. */
  async receive(line: string): Promise<void> {
    const messages = parseMessages(line)
    if (messages === undefined) {
      this.#ports.write(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32_700, message: 'this line is not JSON' } }))
      return
    }
    const ids = idsOf(messages)
    const before = this.#before
    const sent = before.then(() => this.#send(line, messages, ids))
    const isFirst = messages.some(({ method }) => method === 'initialize')
    if (ids.length === 0 || isFirst) this.#before = sent.catch(() => {})
    try {
      await sent
    } catch (error) {
      const failure = asFailure(error)
      if (ids.length === 0) this.#ports.say(failure.message)
      for (const id of ids) this.#ports.write(errorAnswer(id, failure, this.#takesUrls))
    }
  }

  /** The client has gone. */
  async close(): Promise<void> {
    const { upstream, credential } = this.#ports
    if (this.#sessionId !== undefined) {
      const signal = AbortSignal.timeout(farewellMs)
      const { value } = await credential.token().catch(() => ({ value: undefined }))
      const authorization = value === undefined ? {} : { authorization: `Bearer ${value}` }
      const headers = { ...this.#sessionHeaders(undefined), ...authorization }
      await upstream.send({ method: 'DELETE', headers, signal }).then(drained, () => {})
    }
    upstream.close()
  }

  async #send(line: string, messages: readonly Message[], ids: readonly Id[]): Promise<void> {
    const [message] = messages
    const first = messages.find(({ method }) => method === 'initialize')
    if (first !== undefined) this.#takesUrls = takesUrls(first)
    const response = await this.#post(Buffer.from(line), message)
    const { statusCode = 0, headers } = response
    if (first !== undefined && statusCode < 300) {
      const id = headers['mcp-session-id']
      this.#sessionId = typeof id === 'string' ? id : undefined
    }
    if (statusCode === 202 || (statusCode < 300 && ids.length === 0)) {
      await drained(response)
      // From now on the server may speak first.
      if (message?.method === 'notifications/initialized') this.#listen()
      return
    }
    const waiting = new Set(ids)
    if (headers['content-type']?.startsWith(eventStream) === true) await this.#follow(response, waiting)
    else await this.#passBody(response, waiting)
    if (waiting.size > 0)
      throw new Failure('server_invalid_response', `the server's answer (status ${statusCode}) ended without a response`)
  }

  #post(body: Buffer, message: Message | undefined): Promise<IncomingMessage> {
    const { upstream, credential, signal } = this.#ports
    const headers = {
      ...this.#sessionHeaders(message),
      accept: `application/json, ${eventStream}`,
      'content-type': 'application/json',
    }
    return sendAuthorized(upstream, credential, { method: 'POST', headers, body, signal })
  }

  #sessionHeaders(message: Message | undefined): Readonly<Record<string, string>> {
    const isFirst = message?.method === 'initialize'
    const session = this.#sessionId === undefined || isFirst ? {} : { 'mcp-session-id': this.#sessionId }
    const ofTool = message === undefined || statelessVersion(message) === undefined ? {} : this.#toolHeaders.of(message)
    return { ...session, ...protocolHeaders(message, isFirst ? undefined : this.#version), ...ofTool }
  }

  /** A body of JSON, which may be an error of the server. */
  async #passBody(response: IncomingMessage, waiting: Set<Id>): Promise<void> {
    const text = await textOf(response)
    const messages = response.headers['content-type']?.includes('json') === true ? parseMessages(text) : undefined
    const own = messages?.filter((each) => isResponse(each) || each.method !== undefined) ?? []
    if (own.length > 0) return this.#pass(text, own, waiting)
    const { statusCode = 0 } = response
    // Some errors of servers have no id.
    const error = messages?.[0]?.error ?? { code: -32_000, message: `the server answered with status ${statusCode}` }
    for (const id of waiting) this.#ports.write(JSON.stringify({ jsonrpc: '2.0', id, error }))
    waiting.clear()
  }

  #pass(text: string, messages: readonly Message[], waiting: Set<Id>): void {
    for (const message of messages) {
      const version = message.result?.['protocolVersion']
      if (typeof version === 'string') this.#version = version
      this.#toolHeaders.learn(message)
      if (isResponse(message)) waiting.delete(message.id)
    }
    this.#ports.write(/[\r\n]/.test(text) ? JSON.stringify(messages.length === 1 ? messages[0] : messages) : text)
  }

  /** Events until each of `waiting` is answered; a stream that ends before is resumed where it ended. */
  async #follow(first: IncomingMessage, waiting: Set<Id>): Promise<void> {
    const position: Position = { lastEventId: undefined, retryMs: defaultRetryMs }
    let response = first
    for (;;) {
      await this.#events(response, position, waiting)
      if (waiting.size === 0 || position.lastEventId === undefined) return
      await pause(position.retryMs, undefined, { signal: this.#ports.signal })
      response = await this.#get(position)
      if (response.statusCode !== 200) {
        await drained(response)
        return
      }
    }
  }

  async #events(response: IncomingMessage, position: Position, waiting: Set<Id>): Promise<void> {
    const parser = createParser({
      onEvent: ({ id, data }) => {
        if (id !== undefined) position.lastEventId = id
        const messages = data === '' ? undefined : parseMessages(data)
        if (messages !== undefined) this.#pass(data, messages, waiting)
      },
      onRetry: (ms) => {
        position.retryMs = Math.min(ms, maxRetryMs)
      },
    })
    const decoder = new TextDecoder()
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) parser.feed(decoder.decode(chunk, { stream: true }))
    } catch (error) {
      // Cut off: resumed, where the server has named a place.
      if (this.#ports.signal.aborted) throw error
    }
  }

  #get({ lastEventId }: Position): Promise<IncomingMessage> {
    const { upstream, credential, signal } = this.#ports
    const headers = {
      ...this.#sessionHeaders(undefined),
      accept: eventStream,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    }
    return sendAuthorized(upstream, credential, { method: 'GET', headers, signal })
  }

  /** What the server says by itself, for as long as it has such a stream. */
  #listen(): void {
    if (this.#isListening) return
    this.#isListening = true
    this.#listenOn().catch(() => {})
  }

  async #listenOn(): Promise<void> {
    const position: Position = { lastEventId: undefined, retryMs: defaultRetryMs }
    for (let failures = 0; failures < 5;) {
      const began = performance.now()
      const response = await this.#get(position).catch(() => undefined)
      if (response !== undefined && response.statusCode !== 200) {
        await drained(response)
        // Most servers have none: 405.
        return
      }
      if (response !== undefined) await this.#events(response, position, new Set())
      failures = response !== undefined && performance.now() - began > position.retryMs ? 0 : failures + 1
      await pause(position.retryMs, undefined, { signal: this.#ports.signal })
    }
  }
}

function takesUrls({ params }: Message): boolean {
  const elicitation = (params?.['capabilities'] as { elicitation?: { url?: unknown } } | undefined)?.elicitation
  return elicitation?.url !== undefined
}

async function drained(response: IncomingMessage): Promise<void> {
  for await (const _ of response) continue
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
