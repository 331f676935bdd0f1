// What goes out with each request, and responses that arrive in another wrapping than expected.

import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import type { IncomingHttpHeaders } from 'node:http'
import { Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ProfileTable } from '../../../src/config/profile-table.ts'
import { toProfile } from '../../../src/config/profile-table.ts'
import type { TokenOutcome } from '../../../src/core/ports.ts'
import { redact } from '../../../src/core/redacted.ts'
import { connectBy } from '../../../src/oauth/server.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { OddServer, refresh, send, sendJson } from '../../support/odd-server.ts'

let server: OddServer
const tokens = { access_token: 'a', token_type: 'Bearer', expires_in: 60, refresh_token: 'r' }

beforeEach(async () => {
  server = await OddServer.start()
  server.answers.set('/token', sendJson(tokens))
})

afterEach(() => server.close())

const byHand = (): Partial<ProfileTable> => ({ endpoints: { token: `${server.origin}/token` } })

describe('L6 a body that is compressed, though nobody asked for it', () => {
  const body = Buffer.from(JSON.stringify(tokens))
  test.each<[string, Buffer, string | undefined]>([
    ['gzip', gzipSync(body), 'gzip'],
    ['x-gzip', gzipSync(body), 'x-gzip'],
    ['GZIP in capitals', gzipSync(body), 'GZIP'],
    ['deflate', deflateSync(body), 'deflate'],
    ['deflate without the zlib header', deflateRawSync(body), 'deflate'],
    ['br', brotliCompressSync(body), 'br'],
    ['zstd', zstdCompressSync(body), 'zstd'],
    ['two, one after the other', gzipSync(brotliCompressSync(body)), 'br, gzip'],
    ['gzip that is not said', gzipSync(body), undefined],
    ['identity', body, 'identity'],
  ])('%s', async (_, encoded, encoding) => {
    server.answers.set('/token', (request, response) => {
      expect(request.headers['accept-encoding']).toBe('identity')
      const headers = { 'content-type': 'application/json', ...(encoding === undefined ? {} : { 'content-encoding': encoding }) }
      response.writeHead(200, headers).end(encoded)
    })
    const outcome = await refresh(server.connect(byHand()))
    expect(outcome.kind === 'tokens' && outcome.response.refreshToken?.reveal()).toBe('r')
  })

  test.each<[string, Buffer, string]>([
    ['is not what it says', body, 'gzip'],
    ['is cut short', gzipSync(body).subarray(0, 30), 'gzip'],
    ['is of a kind that nobody knows', body, 'compress'],
    ['is small and becomes 100 MB', gzipSync(Buffer.alloc(100 * 1024 * 1024)), 'gzip'],
  ])('R4 one that %s: it may have been acted on', async (_, encoded, encoding) => {
    server.answers.set('/token', (_request, response) => response.writeHead(200, { 'content-encoding': encoding }).end(encoded))
    const outcome = await refresh(server.connect(byHand()))
    expect(outcome).toMatchObject({ kind: 'no_answer', failure: { code: 'server_invalid_response' } })
  })

  test('metadata and an error too', async () => {
    const gzipped = (status: number, json: unknown) => (_: unknown, response: { writeHead: Function }) =>
      response.writeHead(status, { 'content-encoding': 'gzip' }).end(gzipSync(JSON.stringify(json)))
    server.answers.set('/.well-known/openid-configuration', gzipped(200, server.metadata()))
    server.answers.set('/token', gzipped(400, { error: 'invalid_grant' }))
    expect((await refresh(server.connect())).kind).toBe('invalid_grant')
  })
})

describe('L7 long headers', () => {
  test('of 200 KB are read', async () => {
    const policy = { 'content-security-policy': `img-src ${'https://x.example '.repeat(11_000)}` }
    server.answers.set('/token', send(200, JSON.stringify(tokens), policy))
    expect((await refresh(server.connect(byHand()))).kind).toBe('tokens')
  })

  test('that node refuses to read: it may have been acted on, and the text says so', async () => {
    server.answers.set('/token', send(200, JSON.stringify(tokens), { 'x-long': 'x'.repeat(300 * 1024) }))
    const outcome = await refresh(server.connect(byHand()))
    expect(outcome).toMatchObject({ kind: 'no_answer', failure: { code: 'server_invalid_response' } })
    if (outcome.kind === 'tokens') throw new Error('tokens')
    expect(outcome.failure.message).toContain('HPE_HEADER_OVERFLOW')
    expect(outcome.failure.hint).toContain('may have acted on the request')
    expect(outcome.failure.hint).not.toContain('nothing is lost')
  })

  test.each<[string, string]>([
    ['no HTTP', 'garbage\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!'],
    ['a header that is none', 'HTTP/1.1 200 OK\r\n: x\r\n\r\n'],
  ])('R4 so are %s', async (_, answer) => {
    server.answers.set('/token', ({ socket }) => void socket.end(answer))
    const outcome = await refresh(server.connect(byHand()))
    expect(outcome.kind).toBe('no_answer')
    expect(outcome.kind !== 'tokens' && outcome.failure.hint).toContain('may have acted on the request')
  })
})

test('N1 every request has a User-Agent', async () => {
  const agents: (string | undefined)[] = []
  const note = (headers: IncomingHttpHeaders): void => void agents.push(headers['user-agent'])
  server.answers.set('/.well-known/openid-configuration', (request, response, body) => {
    note(request.headers)
    sendJson(server.metadata())(request, response, body)
  })
  server.answers.set('/token', (request, response, body) => {
    note(request.headers)
    sendJson(tokens)(request, response, body)
  })
  const profile = toProfile('p', { issuer: server.origin, client_id: 'c' })
  await refresh(connectBy(systemClock, { userAgent: 'authsock/1.2.3' })(profile, async () => undefined))
  expect(agents).toEqual(['authsock/1.2.3', 'authsock/1.2.3'])
})

test.each(['http', 'https'])('N2 over %s an address has seconds to answer before the next is tried', async (scheme) => {
  const connect = vi.spyOn(Socket.prototype, 'connect')
  const { port } = new URL(server.origin)
  await refresh(server.connect({ endpoints: { token: `${scheme}://localhost:${port}/token` } }))
  const options = connect.mock.calls.flat(2).filter((each) => typeof each === 'object' && each !== null && 'host' in each)
  connect.mockRestore()
  expect(options).toMatchObject([{ host: 'localhost', autoSelectFamilyAttemptTimeout: 3_000 }])
})

describe('client authentication', () => {
  /** How the client proved itself: the Authorization header, and what of it was in the body. */
  async function proofOf(
    table: Partial<ProfileTable>,
    metadata: object,
    secret: string,
  ): Promise<readonly [string | undefined, string]> {
    server.discoverable({ ...metadata })
    let proof: readonly [string | undefined, string] = [undefined, '']
    server.answers.set('/token', (request, response, body) => {
      proof = [request.headers.authorization, new URLSearchParams(body).get('client_secret') ?? '']
      sendJson(tokens)(request, response, body)
    })
    const profile = toProfile('p', { issuer: server.origin, client_id: 'my-client.1', ...table })
    const outcome: TokenOutcome = await refresh(connectBy(systemClock)(profile, async () => redact(secret)))
    expect(outcome.kind).toBe('tokens')
    return proof
  }

  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`
  const methods = (...listed: readonly string[]): object => ({ token_endpoint_auth_methods_supported: listed })
  const header = [basic('my-client.1:s'), ''] as const
  const body = [undefined, 's'] as const

  test.each<[string, Partial<ProfileTable>, object, readonly [string | undefined, string]]>([
    ['the metadata says nothing', { client_authentication: 'client_secret' }, {}, header],
    ['it lists the body alone', { client_authentication: 'client_secret' }, methods('client_secret_post'), body],
    ['it lists both', { client_authentication: 'client_secret' }, methods('client_secret_post', 'client_secret_basic'), header],
    ['it lists neither', { client_authentication: 'client_secret' }, methods('private_key_jwt'), header],
    ['the profile says the header', { client_authentication: 'client_secret_basic' }, methods('client_secret_post'), header],
    ['the profile says the body', { client_authentication: 'client_secret_post' }, methods('client_secret_basic'), body],
    ['it lists no list', { client_authentication: 'client_secret' }, { token_endpoint_auth_methods_supported: 'post' }, header],
    ['client credentials', { grant: 'client_credentials' }, methods('client_secret_post'), body],
  ])('N4 %s', async (_, table, metadata, expected) => {
    expect(await proofOf(table, metadata, 's')).toEqual(expected)
  })

  test.each([
    ['a-b_c.d~e', 'a-b_c.d~e'],
    ['p@ss:w/rd+%', 'p%40ss%3Aw%2Frd%2B%25'],
    ['two words', 'two+words'],
    ["!'()*", '%21%27%28%29%2A'],
    ['\u00fcber', '%C3%BCber'],
  ])('N5 %s is no more encoded than it must be', async (secret, encoded) => {
    const [authorization] = await proofOf({ client_authentication: 'client_secret_basic' }, {}, secret)
    expect(authorization).toBe(basic(`my-client.1:${encoded}`))
  })
})
