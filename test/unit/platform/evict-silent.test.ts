// S9: connections that say nothing keep nobody out of a listener that any user of the machine can connect to.

import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { evictSilentConnections } from '../../../src/platform/evict-silent.ts'

let server: Server
let clients: Socket[]
let release: () => void

beforeEach(async () => {
  clients = []
  const { promise, resolve } = Promise.withResolvers<void>()
  release = resolve
  server = createServer((asked, answer) => {
    void (asked.url === '/slow' ? promise : Promise.resolve()).then(() => answer.end('yes'))
  })
  evictSilentConnections(server, 8)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterEach(() => {
  for (const client of clients) client.destroy()
  server.close()
  server.closeAllConnections()
})

const port = (): number => (server.address() as AddressInfo).port

async function silent(): Promise<Socket> {
  const client = connect(port(), '127.0.0.1').on('error', () => {})
  clients.push(client)
  await once(client, 'connect')
  return client
}

async function get(path: string): Promise<string> {
  const asked = request({ port: port(), host: '127.0.0.1', path, agent: false }).end()
  const [answer] = (await once(asked, 'response')) as [AsyncIterable<Buffer>]
  let text = ''
  for await (const chunk of answer) text += chunk.toString()
  return text
}

test('S9 66 silent connections: a request is answered, the oldest are closed', async () => {
  for (let count = 0; count < 66; count++) await silent()
  expect(await get('/')).toBe('yes')
  await expect.poll(() => clients.filter(({ closed }) => !closed).length).toBeLessThanOrEqual(8)
  expect(clients[0]?.closed).toBe(true)
})

test('S9 a request that is being answered is not closed for them', async () => {
  const slow = get('/slow')
  await expect.poll(() => new Promise((resolve) => server.getConnections((_, count) => resolve(count)))).toBe(1)
  for (let count = 0; count < 30; count++) await silent()
  release()
  expect(await slow).toBe('yes')
})
