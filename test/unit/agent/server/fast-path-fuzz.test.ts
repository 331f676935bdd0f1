// The fast path against node:http: whatever a client sends, and however it is cut, the answers are the same bytes. A million requests
// where CI is set, else fewer; AUTHSOCK_SEED and AUTHSOCK_FUZZ_REQUESTS repeat a run.

import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import type { Duplex } from 'node:stream'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Connections } from '../../../../src/agent/server/connections.ts'
import { createFastListener } from '../../../../src/agent/server/fast-path/listener.ts'
import { type HttpExchange, NodeHttpExchange } from '../../../../src/agent/server/http-exchange.ts'
import { Random } from '../../../simulation/random.ts'

const total = Number(process.env['AUTHSOCK_FUZZ_REQUESTS'] ?? (process.env['CI'] === undefined ? 50_000 : 1_000_000))
const seed = Number(process.env['AUTHSOCK_SEED'] ?? Date.now() % 1e6)
/** Conversations at once, so that neither side waits for the other. */
const lanes = 32
const maxRequests = 40
/** How long an answer is waited for: the answers are the same, whether it came by then or not. */
const unansweredMs = 10

let folder: string
let fast: Server
let plain: Server
/** How many requests node:http has read for the fast listener. */
let readByNode = 0

async function answer(exchange: HttpExchange): Promise<void> {
  try {
    const found = exchange.body(1 << 16)
    const body = found instanceof Promise ? await found : found
    if (exchange.target.includes('slow')) await turn()
    const text = JSON.stringify([exchange.method, exchange.target, exchange.header('accept'), body?.toString('latin1')])
    const isLast = exchange.target.includes('last')
    const status = exchange.target.includes('none') ? 204 : 200
    if (status === 204) exchange.answer(204, {}, '', isLast)
    else {
      const sent = exchange.target.includes('bytes') ? Buffer.from(text) : text
      exchange.answer(200, { 'Content-Type': 'a/b', 'Content-Length': Buffer.byteLength(text) }, sent, isLast)
    }
  } catch {
    exchange.drop()
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'authsock-fuzz-'))
  const options = { headersTimeout: 0, requestTimeout: 0, keepAliveTimeout: 0, requireHostHeader: false }
  plain = createServer(options, (request, response) => void answer(new NodeHttpExchange(request, response)))
  const connections = new Connections({ arrivalTimeoutMs: 60_000, idleTimeoutMs: 60_000, onLate: (socket) => socket.destroy() })
  const http = createServer(options, (request, response) => {
    readByNode += 1
    connections.began(request)
    listener.known.learn(request)
    void answer(new NodeHttpExchange(request, response))
    connections.answering(request, response)
  })
  const listener = createFastListener({
    connections,
    connected: () => true,
    answer: (exchange) => void answer(exchange),
    read: (socket) => void http.emit('connection', socket),
  })
  fast = listener.server
  // As endWithProblem does: node's own handler says nothing while an answer is on its way.
  const refuse = (_: Error, socket: Duplex): void => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
    else socket.destroy()
  }
  for (const server of [http, plain]) server.on('clientError', refuse)
  for (const [server, name] of [[fast, 'fast'] as const, [plain, 'plain'] as const]) {
    server.listen(join(folder, name))
    await once(server, 'listening')
  }
})

afterAll(() => {
  fast.close()
  plain.close()
  rmSync(folder, { recursive: true })
})

const pick = <T>(random: Random, all: readonly [T, ...T[]]): T => all[random.below(all.length)] ?? all[0]

/** A request as a client might write it: mostly one of few that repeat, now and then an odd one. */
function request(random: Random, mayBeOdd: boolean): string {
  const flavour = random.below(mayBeOdd ? 20 : 15)
  const target = pick(random, [
    '/v1/token',
    '/v1/token?profile=work',
    '/v1/token?slow',
    '/v1/token?bytes',
    '/v1/status',
    '/v1/token?none',
  ])
  const accept = pick(random, ['', 'Accept: text/plain\r\n', 'accept: */*\r\n'])
  if (flavour < 9) return `GET ${target} HTTP/1.1\r\nHost: authsock\r\n${accept}\r\n`
  if (flavour < 15) {
    const body = pick(random, ['', 'a', 'arg get\n\nhost=a\n', 'GET /v1/token HTTP/1.1\r\n\r\n', 'é\r\n\r\n'])
    const name = pick(random, ['git', 'token', 'slow', 'bytes'])
    return `POST /v1/helper/${name} HTTP/1.1\r\nHost: authsock\r\n${accept}Content-Length: ${body.length}\r\n\r\n${body}`
  }
  const odd = [
    `GET ${target}&last HTTP/1.1\r\nHost: a\r\n\r\n`,
    `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n`,
    `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n`,
    `GET ${target} HTTP/1.0\r\nHost: a\r\n\r\n`,
    `GET ${target} HTTP/1.1\r\nHost:a\r\n\r\n`,
    `GET ${target} HTTP/1.1\r\nHost: a \t\r\n\r\n`,
    `\r\nGET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`,
    `GET ${target} HTTP/1.1\nHost: a\n\n`,
    `GET  ${target} HTTP/1.1\r\nHost: a\r\n\r\n`,
    `GET ${target} HTTP/1.1\r\nHost: a\r\nAccept: a\r\nAccept: b\r\n\r\n`,
    `GET ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc`,
    `POST /v1/helper/git HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc`,
    `POST /v1/helper/git HTTP/1.1\r\nHost: a\r\nContent-Length: 03\r\n\r\nabc`,
    `POST /v1/helper/git HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc`,
    `POST /v1/helper/git HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
    `POST /v1/helper/git HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
    `get ${target} HTTP/1.1\r\nHost: a\r\n\r\n`,
    `GET ${target} HTTP/1.1\r\nHost: a\r\nX: \u00e9\r\n\r\n`,
    `GET ${target} HTTP/1.1\r\nHost: a\r\nUser-Agent: ${'x'.repeat(random.below(3000))}\r\n\r\n`,
    `GET ${target} HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n`,
    String.fromCharCode(...Array.from({ length: 1 + random.below(30) }, () => random.below(256))),
  ]
  const text = odd[random.below(odd.length)] ?? ''
  if (random.below(4) > 0) return text
  // One byte of it is another one.
  const at = random.below(text.length)
  return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1)
}

interface Piece {
  readonly bytes: Buffer
  /** The client waits until something was answered since. */
  readonly waits: boolean
}

function conversation(random: Random): { readonly pieces: readonly Piece[]; readonly requests: number } {
  const requests = 1 + random.below(maxRequests)
  const inStep = random.below(3) > 0
  const pieces: Piece[] = []
  for (let count = 0; count < requests; count++) {
    // An odd request often ends a connection: few conversations have one before their end.
    let bytes = Buffer.from(request(random, count === requests - 1 || random.below(20) === 0), 'latin1')
    const last = pieces.at(-1)
    if (!inStep && last !== undefined && random.below(3) === 0) {
      bytes = Buffer.concat([last.bytes, bytes])
      pieces.pop()
    }
    const cut = random.below(inStep ? 20 : 4) === 0 ? random.below(bytes.length + 1) : 0
    if (cut > 0) pieces.push({ bytes: bytes.subarray(0, cut), waits: false })
    pieces.push({ bytes: bytes.subarray(cut), waits: inStep })
  }
  return { pieces, requests }
}

interface Heard {
  readonly text: string
  /** A malformed request ends a connection at once: whether a slow answer before it is still sent depends on how its bytes came. */
  readonly wasCut: boolean
}

const malformed = /HTTP\/1\.1 400 [^]*$/

function isSame(found: Heard, expected: Heard): boolean {
  if (found.text === expected.text) return true
  if (!found.wasCut && !expected.wasCut) return false
  return found.text.startsWith(expected.text) || expected.text.startsWith(found.text)
}

/** What comes back until the server has closed the connection; the client ends it after its last piece. */
async function talk(name: string, pieces: readonly Piece[]): Promise<Heard> {
  const socket = connect({ path: join(folder, name), allowHalfOpen: true })
  const heard: Buffer[] = []
  let wake = (): void => {}
  const { promise: closed, resolve: close } = Promise.withResolvers<void>()
  socket.on('data', (chunk: Buffer) => {
    heard.push(chunk)
    wake()
  })
  let wasReset = false
  socket.on('error', () => (wasReset = true)).on('end', () => socket.destroy())
  socket.on('close', () => {
    wake()
    close()
  })
  for (const { bytes, waits } of pieces) {
    if (socket.destroyed || !socket.writable) break
    const { promise: answered, resolve } = Promise.withResolvers<void>()
    wake = resolve
    socket.write(bytes)
    if (!waits) {
      await turn()
      continue
    }
    // What is no request has no answer.
    const timer = setTimeout(resolve, unansweredMs)
    await answered
    clearTimeout(timer)
  }
  socket.end()
  await closed
  const text = Buffer.concat(heard)
    .toString('latin1')
    .replaceAll(/Date: [^\r]*\r\n/g, '')
  return { text: text.replace(malformed, ''), wasCut: wasReset || malformed.test(text) }
}

test(
  `${total} requests, seed ${seed}`,
  async () => {
    let sent = 0
    let number = 0
    const lane = async (): Promise<void> => {
      while (sent < total) {
        number += 1
        const random = new Random(seed * 1_000_003 + number)
        const { pieces, requests } = conversation(random)
        sent += requests
        const found = await talk('fast', pieces)
        const expected = await talk('plain', pieces)
        if (isSame(found, expected)) continue
        const bytes = JSON.stringify(pieces.map((piece) => piece.bytes.toString('latin1')))
        expect(found, `AUTHSOCK_SEED=${seed}, conversation ${number}: ${bytes}`).toEqual(expected)
      }
    }
    await Promise.all(Array.from({ length: lanes }, lane))
    // Else nothing was known, and node:http was compared with itself.
    expect(readByNode).toBeLessThan(0.8 * sent)
  },
  30 * 60_000,
)
