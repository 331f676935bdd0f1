// protocol/ against the real agent: every example is played over its socket, and nothing that the code knows is missing from
// the documents.

import { readdirSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { exitCodes, Failure, failureCodes } from '../../src/core/failures.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.ts'
import { Home } from '../support/home.ts'
import { logIn, workProfile } from '../support/login.ts'

interface Example {
  readonly about: string
  /** `share`: the request is sent to the socket of a share of this name, with the scope `read`. */
  readonly given: { readonly session: 'active' | 'absent'; readonly vault?: 'locked'; readonly share?: string }
  readonly request: {
    readonly method: string
    readonly path: string
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: unknown
  }
  readonly response: { readonly status: number; readonly type?: string; readonly schema?: string; readonly body?: object }
}

const folder = new URL('../../protocol/', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, folder), 'utf8')
const openapi = JSON.parse(read('openapi.json')) as {
  paths: Record<string, Record<string, object>>
  components: {
    schemas: Record<
      string,
      { oneOf?: { properties: { type: { const: string } } }[]; properties?: Record<string, { enum?: string[] }> }
    >
  }
}
const prose = read('README.md')
const examples = readdirSync(new URL('examples/', folder)).map(
  (name) => [name.replace('.json', ''), JSON.parse(read(`examples/${name}`)) as Example] as const,
)

const ajv = new Ajv2020({ strict: false })
ajv.addSchema(openapi, 'openapi')
const matches = (schema: string, value: unknown): void => {
  const validate = ajv.getSchema(`openapi#/components/schemas/${schema}`)
  if (validate === undefined) throw new Error(`no schema ${schema}`)
  expect([validate(value), validate.errors]).toEqual([true, null])
}

let server: AuthorizationServer

beforeAll(async () => {
  server = await startAuthorizationServer()
})

afterAll(() => server.close())

describe('examples', () => {
  let home: Home

  beforeEach(async () => {
    home = new Home()
    home.config(workProfile(server))
    await home.startAgent()
  })

  afterEach(() => home.close())

  test.each(examples)('%s', async (_, { given, request, response }) => {
    if (given.session === 'active') expect((await logIn(home, server)).code).toBe(0)
    if (given.vault === 'locked') await home.http('POST', '/v1/lock')
    const { method, path, headers = {}, body } = request
    let { socket } = home
    if (given.share !== undefined) {
      const created = await home.http('PUT', `/v1/shares/${given.share}`, {
        body: { profiles: ['work'], scope: 'read', ttl: 60 },
      })
      socket = created.json<{ socket: string }>().socket
    }
    const answer = await home.http(method, path, { headers, body, socket })
    expect([answer.status, answer.headers['content-type']]).toEqual([response.status, response.type])
    if (response.schema !== undefined) matches(response.schema, answer.json())
    if (response.body !== undefined) expect(answer.json()).toMatchObject(response.body)
    if (response.type?.startsWith('text/plain') === true) expect(answer.text).toMatch(/^\S{20,}$/)
  })

  test('a login and its events over WebSocket, in the shapes that are documented', async () => {
    const events = new WebSocket(`ws+unix:${home.socket}:/v1/events`)
    const heard: { type: string }[] = []
    events.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString()) as { type: string }))
    await once(events, 'open')
    const login = new WebSocket(`ws+unix:${home.socket}:/v1/login?profile=work`)
    const said: { type: string; url?: string }[] = []
    login.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { type: string; url?: string }
      said.push(message)
      if (message.type !== 'open_browser' || message.url === undefined) return
      void server.authorize(message.url).then((url) => login.send(JSON.stringify({ type: 'redirected', url })))
    })
    await once(login, 'close')
    await home.http('POST', '/v1/lock')
    await home.http('POST', '/v1/unlock')
    await home.http('DELETE', '/v1/sessions/work')
    expect(said.map(({ type }) => type)).toEqual(['open_browser', 'done'])
    for (const message of said) matches('LoginMessage', message)
    await expect.poll(() => heard.map(({ type }) => type)).toEqual(['hello', 'logged_in', 'locked', 'unlocked', 'logged_out'])
    for (const event of heard) matches('EventMessage', event)
    events.close()
  })
})

describe('the documents', () => {
  test('the specification names every code with its status and exit code', () => {
    for (const code of failureCodes) {
      const { status, exitCode } = new Failure(code, '')
      expect(prose).toMatch(new RegExp(`^\\| \`${code}\` +\\| ${status} +\\| ${exitCode} +\\|`, 'm'))
    }
    const listed = [...prose.matchAll(/^\| `([a-z_]+)` +\| \d+ +\| \d+ +\|/gm)].map(([, code]) => code ?? '')
    expect(new Set(listed)).toEqual(new Set(failureCodes))
    for (const code of Object.values(exitCodes)) expect(prose).toMatch(new RegExp(`^\\| ${code} +\\|`, 'm'))
  })

  test('the OpenAPI document has every code, and an example for each path but the WebSockets', () => {
    expect(openapi.components.schemas['Problem']?.properties?.['code']?.enum?.toSorted()).toEqual(failureCodes.toSorted())
    for (const [path, methods] of Object.entries(openapi.paths)) {
      for (const method of Object.keys(methods).filter((name) => ['get', 'put', 'post', 'delete'].includes(name))) {
        if (Object.hasOwn(methods[method] ?? {}, 'x-websocket')) continue
        const pattern = new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}(\\?|$)`)
        const found = examples.some(([, { request }]) => request.method === method.toUpperCase() && pattern.test(request.path))
        expect(found, `${method} ${path}`).toBe(true)
      }
    }
  })

  test('every path, message and event is in the specification', () => {
    for (const path of Object.keys(openapi.paths)) expect(prose).toContain(path)
    for (const name of ['LoginMessage', 'EventMessage']) {
      for (const { properties } of openapi.components.schemas[name]?.oneOf ?? [])
        expect(prose).toContain(`\`${properties.type.const}\``)
    }
  })

  test('the OpenAPI document is valid JSON Schema throughout', () => {
    for (const name of Object.keys(openapi.components.schemas)) {
      expect(ajv.getSchema(`openapi#/components/schemas/${name}`), name).toBeTypeOf('function')
    }
  })
})
