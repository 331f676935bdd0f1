// R2, L4: what was read once is not read again, and nobody can tell: the same bytes have the same answers as from node:http alone,
// however they are cut, and however often they come.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Server, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { Connections } from '../../../../src/agent/server/connections.ts'
import { type HttpExchange, NodeHttpExchange } from '../../../../src/agent/server/http-exchange.ts'
import { createFastListener } from '../../../../src/agent/server/fast-path/listener.ts'
import type { KnownRequests } from '../../../../src/agent/server/fast-path/known-requests.ts'
import { Random } from '../../../simulation/random.ts'

/** How many requests node:http has read. */
let read = 0
/** How many were answered. */
let answered = 0
/** Slow ones that wait to be answered. */
let held = 0
let until: Promise<void> | undefined
/** More than a kernel takes for somebody who does not read. */
const largeBody = 16 * 1024 * 1024
let known: KnownRequests
let connections: Connections
let front: Server
let plain: Server

const describe = (exchange: HttpExchange, body: Buffer | undefined): string =>
  JSON.stringify([exchange.method, exchange.target, exchange.header('accept'), exchange.header('host'), String(body ?? '')])

/** Slow ones are answered when what it gives is called. */
function hold(): () => void {
  const { promise, resolve } = Promise.withResolvers<void>()
  until = promise
  return () => {
    until = undefined
    resolve()
  }
}

async function answer(exchange: HttpExchange): Promise<void> {
  const found = exchange.body(1 << 20)
  const send = (body: Buffer | undefined): void => {
    const filler = exchange.target.includes('large') ? ' '.repeat(largeBody) : ''
    const text = filler + describe(exchange, body)
    answered += 1
    exchange.answer(200, { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(text) }, text)
  }
  if (exchange.target.includes('slow')) {
    held += 1
    await (until ?? turn())
    held -= 1
  }
  send(found instanceof Promise ? await found : found)
}

beforeAll(async () => {
  const ofPlain = createServer(
    { keepAliveTimeout: 60_000 },
    (request, response) => void answer(new NodeHttpExchange(request, response)),
  )
  ofPlain.on('upgrade', (_, socket, head) => socket.end(`HTTP/1.1 101 Ok\r\n\r\n${head.toString()}`))
  plain = ofPlain.listen(0, '127.0.0.1')
  await once(plain, 'listening')
})

beforeEach(async () => {
  read = 0
  answered = 0
  connections = new Connections({ arrivalTimeoutMs: 10_000, idleTimeoutMs: 60_000, onLate: (socket) => socket.destroy() })
  const http = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    read += 1
    if (!connections.began(request)) return void request.socket.destroy()
    known.learn(request)
    void answer(new NodeHttpExchange(request, response))
    connections.answering(request, response)
  })
  http.on('upgrade', (request, socket, head) => {
    connections.upgraded(request.socket)
    socket.end(`HTTP/1.1 101 Ok\r\n\r\n${head.toString()}`)
  })
  const fast = createFastListener({
    connections: { add: (socket) => connections.add(socket) },
    connected: () => true,
    answer: (exchange) => void answer(exchange),
    read: (socket) => void http.emit('connection', socket),
  })
  known = fast.known
  front = fast.server.listen(0, '127.0.0.1')
  await once(front, 'listening')
  return async () => {
    front.close()
    connections.destroy()
    await connections.closed()
  }
})

afterAll(() => {
  plain.close()
})

/** What comes back for these pieces, each sent alone; the client says that it has no more, or waits for the other side to end it. */
async function talk(server: Server, pieces: readonly (string | Buffer)[], expected: number): Promise<string> {
  const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', noDelay: true })
  let said = ''
  const heard = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (said.split('HTTP/1.1 ').length - 1 === expected && /\r\n\r\n.*$/s.test(said)) setTimeout(resolve, 5)
    })
    socket.on('close', () => resolve()).on('error', () => resolve())
  })
  for (const piece of pieces) {
    if (!socket.destroyed) socket.write(piece)
    for (let turns = 0; turns < 4; turns++) await turn()
  }
  await heard
  socket.destroy()
  return said.replaceAll(/Date: [^\r]*\r\n/g, 'Date: now\r\n')
}

const get = (target: string, more = ''): string => `GET ${target} HTTP/1.1\r\nHost: authsock\r\nAccept: text/plain\r\n${more}\r\n`
const post = (target: string, body: string, more = ''): string =>
  `POST ${target} HTTP/1.1\r\nHost: authsock\r\nContent-Type: a/b\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`

test.each([
  ['a token', get('/v1/token?profile=work')],
  ['a slow one', get('/v1/token?profile=slow')],
  ['the last of a connection', get('/v1/token?profile=work', 'Connection: close\r\n')],
  ['a helper', post('/v1/helper/token', 'arg work\n\n')],
  ['the last helper', post('/v1/helper/git', 'arg get\n\nhost=a\n', 'Connection: close\r\n')],
])('%s is read once, and answered the same each time', async (_, request) => {
  const first = await talk(front, [request], 1)
  expect(read).toBe(1)
  const second = await talk(front, [request], 1)
  expect(read).toBe(1)
  expect(second).toBe(first)
  expect(second).toBe(await talk(plain, [request], 1))
})

test.each([
  ['another path', get('/v1/status')],
  ['a path that only begins so', get('/v1/tokens')],
  ['what a browser adds', get('/v1/token', 'Origin: http://a\r\n')],
  ['a secret', get('/v1/token', 'Authorization: Bearer a\r\n')],
  ['a condition', post('/v1/helper/git', 'a', 'Expect: 100-continue\r\n')],
  ['a body in chunks', 'POST /v1/helper/git HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n'],
  ['another spelling', get('/v1/token').replace('Host: ', 'Host:  ')],
  ['an older version', get('/v1/token', 'Connection: close\r\n').replace('1.1', '1.0')],
  ['a line before it', `\r\n${get('/v1/token')}`],
  ['a header that is too large', get('/v1/token', `User-Agent: ${'a'.repeat(3000)}\r\n`)],
])('%s is read each time', async (_, request) => {
  const answers = request.includes('Expect') ? 2 : 1
  const first = await talk(front, [request], answers)
  expect(await talk(front, [request], answers)).toBe(first)
  expect(read).toBe(2)
})

test('what is known goes on after what is not, on one connection, and an upgrade after both', async () => {
  const known = get('/v1/token?profile=work')
  await talk(front, [known], 1)
  const upgrade = 'GET /v1/login HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nmore'
  const pieces = [known, known, get('/v1/status'), known, upgrade]
  const said = await talk(front, pieces, 5)
  expect(said).toBe(await talk(plain, pieces, 5))
  expect(said).toContain('101 Ok')
  // Two were known; node:http keeps a connection that it was given.
  expect(read).toBe(3)
})

test('many that are sent at once are answered in their order', async () => {
  const one = get('/v1/token?profile=slow')
  await talk(front, [one], 1)
  for (const pieces of [
    [one + one + one],
    [one, one, one],
    [one, one + get('/v1/status'), one],
    [one + one.slice(0, 20), one.slice(20)],
  ]) {
    const answers = pieces.join('').split('GET').length - 1
    expect(await talk(front, pieces, answers)).toBe(await talk(plain, pieces, answers))
  }
})

test('who says that he has no more is answered all the same', async () => {
  const one = get('/v1/token?profile=slow')
  await talk(front, [one], 1)
  const socket = connect({ port: (front.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true })
  let said = ''
  socket.on('data', (chunk: Buffer) => (said += chunk.toString())).end(one)
  await once(socket, 'close')
  expect(said).toContain('"/v1/token?profile=slow"')
  expect(read).toBe(1)
})

test('who asks on and reads nothing is hung up on', async () => {
  const one = get(`/v1/token?profile=${'a'.repeat(1500)}`)
  await talk(front, [one], 1)
  const socket = connect((front.address() as AddressInfo).port, '127.0.0.1')
    .setNoDelay()
    .on('error', () => {})
  socket.pause()
  for (let sent = 0; sent < 100_000 && !socket.destroyed; sent++) {
    socket.write(one)
    for (let turns = 0; turns < 3; turns++) await turn()
  }
  expect(socket.destroyed).toBe(true)
})

test('whatever is sent, and however it is cut, the answers are those of node:http', async () => {
  const random = new Random(Number(process.env['AUTHSOCK_SEED'] ?? Date.now() % 1e6))
  const requests = [
    get('/v1/token?profile=work'),
    get('/v1/token?profile=slow'),
    get('/v1/status'),
    post('/v1/helper/token', 'arg work\n\n'),
    post('/v1/helper/token', ''),
    post('/v1/helper/slow', 'GET /v1/token HTTP/1.1\r\n\r\n'),
    `\r\n${get('/v1/token?profile=work')}`,
  ]
  for (let round = 0; round < 150; round++) {
    const chosen = Array.from({ length: 1 + random.below(5) }, () => requests[random.below(requests.length)] ?? '')
    const pieces: string[] = []
    for (const request of chosen) {
      const cut = random.below(3) === 0 ? random.below(request.length) : 0
      if (cut > 0) pieces.push(request.slice(0, cut))
      pieces.push(request.slice(cut))
      if (random.below(3) === 0 && pieces.length > 1) pieces.splice(-2, 2, pieces.slice(-2).join(''))
    }
    const message = JSON.stringify(pieces)
    expect(await talk(front, pieces, chosen.length), message).toBe(await talk(plain, pieces, chosen.length))
  }
  // Not all of them: else nothing was known.
  expect(read).toBeLessThan(430)
})

/** A client that does not hang up when it is told that no more comes. */
async function client(options: { readonly allowHalfOpen?: boolean } = {}): Promise<Socket> {
  const { port } = front.address() as AddressInfo
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, ...options }).on('error', () => {})
  await once(socket, 'connect')
  return socket
}

test.each([
  ['keep-alive', 'close'],
  ['close', 'keep-alive'],
])('who says both %s and %s is let go', async (...values) => {
  const one = get('/v1/token?profile=work', values.map((each) => `Connection: ${each}\r\n`).join(''))
  const expected = await talk(plain, [one], 1)
  expect(expected).toContain('Connection: close')
  for (let time = 0; time < 2; time++) expect(await talk(front, [one], 1)).toBe(expected)
})

test('nothing is asked after the last of a connection, though that is not read yet', async () => {
  const last = get('/v1/token?profile=large', 'Connection: close\r\n')
  const next = get('/v1/token?profile=work')
  for (const request of [last, next]) await talk(front, [request], 1)
  const socket = await client()
  socket.pause()
  for (const piece of [last, next]) {
    socket.write(piece)
    for (let turns = 0; turns < 50; turns++) await turn()
  }
  let said = ''
  socket.on('data', (chunk: Buffer) => (said += chunk.toString('latin1'))).resume()
  await once(socket, 'close')
  expect(said.length).toBeGreaterThan(largeBody)
  expect(said.endsWith('""]')).toBe(true)
  // Of the two connections before as well.
  expect(answered).toBe(3)
})

test('an upgraded connection whose other end does nothing keeps no agent from stopping', async () => {
  const socket = await client({ allowHalfOpen: true })
  socket.write('GET /v1/login HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  await once(socket, 'data')
  connections.end()
  connections.destroy()
  await connections.closed()
  expect(read).toBe(0)
})

test('what came before somebody had no more is answered, known or not', async () => {
  const slow = get('/v1/token?profile=slow')
  await talk(front, [slow], 1)
  for (const next of [slow, get('/v1/status')]) {
    const socket = await client({ allowHalfOpen: true })
    let said = ''
    socket.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const release = hold()
    socket.write(slow)
    await expect.poll(() => held).toBe(1)
    socket.write(next)
    for (let turns = 0; turns < 20; turns++) await turn()
    socket.end()
    for (let turns = 0; turns < 20; turns++) await turn()
    release()
    await once(socket, 'close')
    expect(said.split('HTTP/1.1 200').length - 1).toBe(2)
  }
})

test('who hangs up while he is answered harms nobody, and what he asked then is not', async () => {
  const slow = get('/v1/token?profile=slow')
  await talk(front, [slow], 1)
  for (const next of ['', slow, get('/v1/status'), 'no request']) {
    const socket = await client()
    const release = hold()
    socket.write(slow)
    await expect.poll(() => held).toBe(1)
    const before = answered
    if (next !== '') socket.write(next)
    for (let turns = 0; turns < 20; turns++) await turn()
    socket.resetAndDestroy()
    for (let turns = 0; turns < 20; turns++) await turn()
    release()
    await expect.poll(() => answered).toBeGreaterThan(before)
    for (let turns = 0; turns < 20; turns++) await turn()
  }
  connections.end()
  await connections.closed()
})

test('who never reads is let go in time, and keeps no agent from stopping', async () => {
  const large = get('/v1/token?profile=large')
  await talk(front, [large], 1)
  connections = new Connections({ arrivalTimeoutMs: 200, idleTimeoutMs: 400, onLate: (socket) => socket.destroy() })
  const socket = await client()
  socket.pause()
  const before = answered
  socket.write(large)
  await expect.poll(() => answered).toBe(before + 1)
  const left = (): Promise<number> => promisify(front.getConnections.bind(front))()
  await expect.poll(left).toBe(0)
  await connections.closed()
  socket.destroy()
})
