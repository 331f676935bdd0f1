// Token requests to which there is no answer, and how far each got (R4): by that is decided whether the refresh token may
// have been used up.

import { once } from 'node:events'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ProfileTable } from '../../../src/config/profile-table.ts'
import type { AuthorizationServer } from '../../../src/core/ports.ts'
import { type Answer, OddServer, refresh } from '../../support/odd-server.ts'

let server: OddServer

beforeEach(async () => {
  server = await OddServer.start()
})

afterEach(() => server.close())

const connect = (table: Partial<ProfileTable> = {}, timeoutMs?: number): AuthorizationServer =>
  server.connect({ endpoints: { token: `${server.origin}/token` }, ...table }, timeoutMs === undefined ? {} : { timeoutMs })

const halfAnAnswer: Answer = (_, response) => void response.writeHead(200, { 'content-length': '100' }).write('{"acc')

describe('R4 nothing was sent', () => {
  test('nobody listens', async () => {
    const port = connect()
    server.close()
    await once(server.http, 'close')
    expect(await refresh(port)).toMatchObject({ kind: 'not_sent', failure: { code: 'server_unreachable' } })
  })

  test('a name that does not exist', async () => {
    const port = connect({ issuer: 'https://nowhere.invalid', endpoints: { token: 'https://nowhere.invalid/token' } })
    expect(await refresh(port)).toMatchObject({ kind: 'not_sent', failure: { code: 'server_unreachable' } })
  })

  test.each<[string, number | undefined, (socket: Socket) => unknown, string]>([
    ['does not speak TLS', undefined, (socket) => socket.end('this is not TLS'), 'cannot be reached'],
    ['hangs up in the handshake', undefined, (socket) => socket.once('data', () => socket.resetAndDestroy()), 'was reset'],
    ['says nothing in the handshake', 300, () => {}, 'could not be reached in time'],
  ])('a server that %s', async (_, timeoutMs, onConnection, words) => {
    const received: Buffer[] = []
    const tcp = createTcpServer((socket) => {
      socket.on('error', () => {}).on('data', (chunk: Buffer) => received.push(chunk))
      onConnection(socket)
    }).listen(0, '127.0.0.1')
    await once(tcp, 'listening')
    const { port } = tcp.address() as AddressInfo
    const outcome = await refresh(connect({ endpoints: { token: `https://127.0.0.1:${port}/token` } }, timeoutMs))
    expect(outcome).toMatchObject({ kind: 'not_sent', failure: { code: 'server_unreachable' } })
    expect(outcome.kind !== 'tokens' && outcome.failure.message).toContain(words)
    expect(Buffer.concat(received).toString('latin1')).not.toContain('the-refresh-token')
    tcp.close()
  })

  test('a cancel before it began', async () => {
    expect(await refresh(connect(), AbortSignal.abort())).toMatchObject({ kind: 'not_sent', failure: { code: 'cancelled' } })
    expect(server.asked).toEqual([])
  })
})

describe('R4 it may have been acted on', () => {
  test.each<[string, Answer]>([
    ['at once', () => {}],
    ['in the body', halfAnAnswer],
  ])('a server that hangs %s: a time-out, told apart from a reset', async (_, answer) => {
    server.answers.set('/token', answer)
    const outcome = await refresh(connect({}, 1_000))
    expect(outcome).toMatchObject({ kind: 'no_answer', failure: { code: 'server_timeout' } })
    expect(outcome.kind !== 'tokens' && outcome.failure.message).toContain('did not answer in time')
  })

  test.each<[string, Answer]>([
    ['at once', (request) => void request.socket.resetAndDestroy()],
    ['without a word', (request) => void request.socket.end()],
    [
      'in the body',
      (request, response, body) => {
        halfAnAnswer(request, response, body)
        setImmediate(() => request.socket.resetAndDestroy())
      },
    ],
  ])('a server that hangs up %s', async (_, answer) => {
    server.answers.set('/token', answer)
    const outcome = await refresh(connect())
    expect(outcome).toMatchObject({ kind: 'no_answer', failure: { code: 'server_timeout' } })
    expect(outcome.kind !== 'tokens' && outcome.failure.message).toContain('broke before the response was complete')
    expect(server.asked).toEqual(['/token'])
  })

  test('a connection that is reset after each byte of a good answer: tokens only when all of it has come', async () => {
    const body = JSON.stringify({ access_token: 'a', token_type: 'Bearer', expires_in: 60, refresh_token: 'r' })
    const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`
    const whole = head + body
    for (let bytes = 0; bytes < whole.length; bytes++) {
      server.answers.set('/token', ({ socket }) => void socket.write(whole.slice(0, bytes), () => socket.resetAndDestroy()))
      expect([bytes, (await refresh(connect())).kind]).toEqual([bytes, 'no_answer'])
    }
    server.answers.set('/token', ({ socket }) => void socket.end(whole))
    expect((await refresh(connect())).kind).toBe('tokens')
  })

  test.each<[string, (answer: Answer) => Answer]>([
    ['at once', () => () => {}],
    ['in the body', (half) => half],
  ])('a cancel while a server hangs %s is told as a cancel', async (_, answer) => {
    const cancel = new AbortController()
    server.answers.set('/token', (...exchange) => {
      answer(halfAnAnswer)(...exchange)
      // The answer's head goes out first.
      setImmediate(() => cancel.abort())
    })
    expect(await refresh(connect(), cancel.signal)).toMatchObject({ kind: 'no_answer', failure: { code: 'cancelled' } })
  })

  test('100 MB', async () => {
    let poured = 0
    server.answers.set('/token', (_, response) => {
      response.writeHead(200)
      const chunk = Buffer.alloc(1024 * 1024, 'x')
      const pour = (): void => {
        do poured += chunk.length
        while (poured < 100 * chunk.length && response.write(chunk))
        if (poured < 100 * chunk.length) response.once('drain', pour)
      }
      pour()
    })
    const outcome = await refresh(connect())
    expect(outcome).toMatchObject({ kind: 'no_answer', failure: { code: 'server_invalid_response' } })
    expect(outcome.kind !== 'tokens' && outcome.failure.message).toContain('too large')
    expect(poured).toBeLessThan(100 * 1024 * 1024)
  })
})
