// L4: requests arrive in time or not at all, whoever drips them; and while nobody is connected nothing wakes the process.

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Connections } from '../../../../src/agent/server/connections.ts'

const [arrival, idle] = [600, 2_400]

let server: Server
let connections: Connections
let late: number
let answerAfter: number
const clients: Socket[] = []

beforeEach(async () => {
  late = 0
  answerAfter = 0
  connections = new Connections({
    arrivalTimeoutMs: arrival,
    idleTimeoutMs: idle,
    onLate: (socket) => {
      late += 1
      socket.destroy()
    },
  })
  server = createServer(
    { headersTimeout: 0, requestTimeout: 0, connectionsCheckingInterval: 2 ** 31 - 1, keepAliveTimeout: 0 },
    (request, response) => {
      if (!connections.began(request)) return void request.socket.destroy()
      connections.answering(request, response)
      request.resume().on('end', () => setTimeout(() => response.end('yes'), answerAfter))
    },
  ).on('connection', (socket) => connections.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  await connections.closed()
  server.close()
})

async function client(): Promise<Socket> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  clients.push(socket.on('error', () => {}))
  await once(socket, 'connect')
  return socket.resume()
}

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const drops = (text: string): readonly string[] => text.split('')
const timers = (): number => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length

test.each([
  ['that says nothing', [], 0],
  ['that drips a header', drops(get.slice(0, -2)), 0],
  ['that drips a body', ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n', ...drops('x'.repeat(60))], 0],
  ['that drips a second request', [get, ...drops(get.slice(0, -2))], 1],
])('one %s', async (_, parts, answers) => {
  const socket = await client()
  let said = ''
  socket.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  void (async () => {
    for (const part of parts) {
      if (socket.destroyed) return
      socket.write(part)
      await pause(100)
    }
  })()
  await closed
  expect([late, said.split('HTTP/1.1 200').length - 1]).toEqual([1, answers])
})

test('who is answered slowly is not late, nor who is quiet between two requests', async () => {
  answerAfter = 2 * arrival
  const socket = await client()
  socket.write(get)
  await once(socket, 'data')
  await pause(2 * arrival)
  socket.write(get.slice(0, 10))
  await pause(arrival / 3)
  socket.write(get.slice(10))
  await once(socket, 'data')
  expect([late, socket.destroyed]).toEqual([0, false])
})

test('who has no further request is let go, and told nothing that he could take for an answer', async () => {
  const socket = await client()
  let said = ''
  socket.on('data', (chunk: Buffer) => (said += chunk.toString()))
  socket.write(get)
  await once(socket, 'close')
  expect([late, said.split('HTTP/1.1').length - 1]).toEqual([0, 1])
})

test('who sends and does not read is refused', async () => {
  answerAfter = 60_000
  const socket = await client()
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.write(get.repeat(40))
  await closed
  expect(late).toBe(0)
})

test('no timer runs while nobody is connected', async () => {
  const before = timers()
  const socket = await client()
  await expect.poll(timers).toBe(before + 1)
  socket.destroy()
  await expect.poll(timers).toBe(before)
})
