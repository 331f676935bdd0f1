// RFC 9728 against servers that answer this and that.

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseChallenges } from '../../../../src/core/util/www-authenticate.ts'
import { registerClient } from '../../../../src/oauth/registration/dynamic-registration.ts'
import { protectedResource, resourceDocumentUrls } from '../../../../src/oauth/registration/protected-resource.ts'

let server: Server
let origin: string
let answers: Record<string, [status: number, body: unknown]>
let asked: string[]

beforeEach(async () => {
  ;[answers, asked] = [{}, []]
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      asked.push(`${request.method} ${request.url}${body === '' ? '' : ` ${body}`}`)
      const [status, content] = answers[request.url ?? ''] ?? [404, 'not here']
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(typeof content === 'string' ? content : JSON.stringify(content))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const ports = { trust: { ca: undefined, systemStore: false }, signal: new AbortController().signal }
const find = (path: string, header?: string) =>
  protectedResource(new URL(`${origin}${path}`), header === undefined ? undefined : parseChallenges(header)[0], ports)
const document = (resource: string) => ({
  resource,
  authorization_servers: ['https://issuer.example'],
  scopes_supported: ['read'],
})

test.each([
  [
    'https://a.example/x/mcp',
    ['https://a.example/.well-known/oauth-protected-resource/x/mcp', 'https://a.example/.well-known/oauth-protected-resource'],
  ],
  ['https://a.example/', ['https://a.example/.well-known/oauth-protected-resource']],
])('P27 where the document of %s is', (url, expected) => {
  expect(resourceDocumentUrls(new URL(url))).toEqual(expected)
})

test('P27 the document that the challenge names, and no other', async () => {
  answers['/meta'] = [200, document(`${origin}/mcp`)]
  answers['/.well-known/oauth-protected-resource/mcp'] = [200, document(`${origin}/other`)]
  expect(await find('/mcp', `Bearer resource_metadata="${origin}/meta"`)).toEqual({
    resource: `${origin}/mcp`,
    issuers: ['https://issuer.example'],
    scopes: ['read'],
  })
  expect(asked).toEqual(['GET /meta'])
})

test('P27 no challenge: the document with the path, then without; a page is none', async () => {
  answers['/.well-known/oauth-protected-resource/mcp'] = [200, '<html>welcome</html>']
  answers['/.well-known/oauth-protected-resource'] = [200, document(`${origin}/`)]
  expect(await find('/mcp')).toMatchObject({ resource: `${origin}/` })
  expect(await find('/mcp/')).toMatchObject({ resource: `${origin}/` })
  answers = {}
  expect(await find('/mcp')).toBeUndefined()
})

test.each([
  ['of another host', 'https://evil.example/mcp', 'issuer_mismatch'],
  ['of another path', '/mcpx', 'issuer_mismatch'],
  ['of a path below', '/mcp/sub', 'issuer_mismatch'],
  ['without a resource', undefined, 'issuer_mismatch'],
])('P27 a document %s is refused', async (_, resource, code) => {
  answers['/meta'] = [200, { ...document(''), resource: resource?.startsWith('/') === true ? `${origin}${resource}` : resource }]
  await expect(find('/mcp', `Bearer resource_metadata="${origin}/meta"`)).rejects.toMatchObject({ code })
})

test.each([
  ['that is not there', 'Bearer resource_metadata="ORIGIN/none"', 'discovery_failed'],
  ['that is no URL', 'Bearer resource_metadata="none"', 'discovery_failed'],
  ['over plain http', 'Bearer resource_metadata="http://evil.example/meta"', 'insecure_url'],
])('P27 P19 a document %s', async (_, header, code) => {
  await expect(find('/mcp', header.replace('ORIGIN', origin))).rejects.toMatchObject({ code })
})

const register = (methods?: readonly string[]) =>
  registerClient(`${origin}/register`, { redirectUri: 'http://127.0.0.1:1/callback', scope: ['a', 'b'], methods }, ports)

test('P27 RFC 7591: what is sent, and what the issuer decides', async () => {
  answers['/register'] = [201, { client_id: 'c', client_secret: 's', token_endpoint_auth_method: 'client_secret_post' }]
  const { clientSecret, ...rest } = await register(['client_secret_basic'])
  expect([clientSecret?.reveal(), rest]).toEqual(['s', { clientId: 'c', clientAuthentication: 'client_secret_post' }])
  expect(JSON.parse(asked[0]?.replace('POST /register ', '') ?? '')).toEqual({
    client_name: 'authsock',
    redirect_uris: ['http://127.0.0.1:1/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_basic',
    application_type: 'native',
    scope: 'a b',
  })
  answers['/register'] = [201, { client_id: 'd' }]
  expect(await register(['none', 'client_secret_basic'])).toEqual({
    clientId: 'd',
    clientSecret: undefined,
    clientAuthentication: 'none',
  })
})

test.each([
  [403, { error: 'access_denied', error_description: 'not\u001b[31m here' }, 'access_denied: not'],
  [201, {}, 'status 201'],
  [500, '<html>', 'status 500'],
])('P27 S10 a registration that fails with %i', async (status, body, text) => {
  answers['/register'] = [status, body]
  const failure = await register().catch((error: unknown) => error as Error & { hint: string })
  expect(failure).toMatchObject({
    code: 'login_failed',
    message: expect.stringContaining(text),
    hint: expect.stringContaining('--client-id'),
  })
  expect((failure as Error).message).not.toContain('\u001b')
})
