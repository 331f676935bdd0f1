// The dispatch table: every path of the protocol has a row, and only three of them are for shares (L3).

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { findRoute, routes } from '../../../../src/agent/server/routes.ts'
import { Failure } from '../../../../src/core/failures.ts'

const api = JSON.parse(readFileSync(new URL('../../../../protocol/openapi.json', import.meta.url), 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** `/v1/shares/{name}` and `/v1/shares/{share}` are one path. */
const shape = (method: string, path: string): string => `${method.toUpperCase()} ${path.replaceAll(/\{[^}]*\}/g, '{}')}`

test('the table has the operations of protocol/openapi.json, and no others', () => {
  const methods = new Set(['get', 'put', 'post', 'delete'])
  const documented = Object.entries(api.paths).flatMap(([path, operations]) =>
    Object.keys(operations).flatMap((method) => (methods.has(method) ? [shape(method, path)] : [])),
  )
  expect(routes.map(({ method, path }) => shape(method, path)).sort()).toEqual(documented.sort())
})

test('L3 what a share may call', () => {
  const forShares = routes.filter(({ permission }) => permission === 'token').map(({ method, path }) => `${method} ${path}`)
  expect(forShares).toEqual(['GET /v1/token', 'POST /v1/helper/{helper}', 'GET /v1/share'])
  const changes = routes.filter(({ method, permission }) => method !== 'GET' && permission === 'read')
  expect(changes).toEqual([])
})

const found = (method: string, path: string): unknown => {
  const result = findRoute(method, path)
  return result instanceof Failure ? result.code : [result.route.path, result.name]
}

test.each([
  ['GET', '/v1/token', ['/v1/token', '']],
  ['POST', '/v1/helper/git', ['/v1/helper/{helper}', 'git']],
  ['POST', '/v1/helper/no/such', ['/v1/helper/{helper}', 'no/such']],
  ['GET', '/v1/sessions/work', ['/v1/sessions/{profile}', 'work']],
  ['DELETE', '/v1/sessions/wo%72k', ['/v1/sessions/{profile}', 'work']],
  ['PUT', '/v1/profiles/work/client-secret', ['/v1/profiles/{profile}/client-secret', 'work']],
  ['GET', '/v1/sessions/', 'not_found'],
  ['GET', '/v1/sessions/a/b', 'not_found'],
  ['GET', '/v1/sessions/a%2fb', 'bad_request'],
  ['GET', '/v1/sessions/%zz', 'bad_request'],
  ['GET', '/v1/tokens', 'not_found'],
  ['GET', '/v1/constructor', 'not_found'],
  ['POST', '/v1/token', 'method_not_allowed'],
  ['constructor', '/v1/token', 'method_not_allowed'],
  ['PUT', '/v1/profiles//client-secret', 'not_found'],
] as const)('%s %s', (method, path, expected) => {
  expect(found(method, path)).toEqual(expected)
})

test.each([
  ['/v1/shares/A', "'A' is not the name of a share"],
  ['/v1/secrets/A', "'A' is not the name of a secret"],
  ['/v1/approvals/A', "'A' is not the id of an approval"],
  ['/v1/sessions/A', "'A' is not a profile name"],
])('U9 a name in %s is called what it is', (path, message) => {
  const method = path.includes('approvals') ? 'POST' : 'DELETE'
  expect(findRoute(method, path)).toMatchObject({ code: 'bad_request', message: expect.stringContaining(message) })
})
