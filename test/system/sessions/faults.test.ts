// What the engine does for each way in which a token endpoint can fail, with the real agent and the real server behind a
// proxy that misbehaves. The run writes docs/faults.md.

import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AuthsockClient, connect } from '../../../src/client/index.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { answer, type Fault, FaultProxy, type Passing, type Reply, reset } from '../../support/fault-proxy.ts'
import { Home, type HttpAnswer } from '../../support/home.ts'

/** Seconds an access token lives, and how many more of them a caller wants than are left. */
const life = 20
const wanted = 17
/** In its last moments a token is not handed out any more (R24). */
const endMarginMs = 2_000
/** The agent's time-out for one request. */
const timeoutMs = 30_000

interface Row {
  readonly name: string
  readonly fault: Fault
  /**
   * What must come of it: the session lives on, the refresh token was spent and the answer is gone, or a login is needed as long as the
   * server says so, and `authsock retry` finds the session alive once it does not.
   */
  readonly ends: 'alive' | 'lost' | 'refused'
  /** The fault sets in before anything reaches the server, or after it has acted. */
  readonly reaches: 'nothing' | 'the request' | 'the request; the token is spent'
}

const plain =
  (status: number, body = '', headers: Readonly<Record<string, string>> = {}): Fault =>
  ({ response }) =>
    void response.writeHead(status, { 'content-type': 'text/html', ...headers }).end(body)

const json = (status: number, body: object): Fault => plain(status, JSON.stringify(body), { 'content-type': 'application/json' })

/** The upstream acts, and its answer is replaced by what `send` makes of it. */
const after =
  (send: (passing: Passing, reply: Reply) => void): Fault =>
  async (passing) =>
    send(passing, await passing.forward())

/** Bytes of the answer arrive, then the connection breaks. */
const resetAt = (byte: number): Fault =>
  after(({ response }, { body }) => {
    response.socket?.write(
      `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`.slice(0, byte),
      () => reset(response),
    )
  })

const hang: Fault = () => {}
const hangAfter: Fault = after(() => {})

const drip: Fault = after(({ response }, { body }) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  void (async () => {
    for (const [index, byte] of Array.from(body).entries()) {
      response.write(byte)
      // Seldom a timer: on a busy machine each takes long, and after five seconds a caller gets the live token.
      await (index % 32 === 0 ? pause(1) : new Promise(setImmediate))
    }
    response.end()
  })()
})

/** By the answer, in the order of what it costs. */
const rows: readonly Row[] = [
  {
    name: 'reset before the request is passed on',
    fault: ({ response }) => reset(response),
    ends: 'alive',
    reaches: 'the request',
  },
  { name: 'hangs for ever', fault: hang, ends: 'alive', reaches: 'the request' },
  { name: '429, Retry-After: 2', fault: plain(429, '', { 'retry-after': '2' }), ends: 'alive', reaches: 'the request' },
  { name: '429 without Retry-After', fault: plain(429), ends: 'alive', reaches: 'the request' },
  { name: '503 with a page', fault: plain(503, '<html>'), ends: 'alive', reaches: 'the request' },
  { name: '500', fault: plain(500), ends: 'alive', reaches: 'the request' },
  { name: '502 before the server has acted', fault: plain(502, '<html>'), ends: 'alive', reaches: 'the request' },
  { name: '504', fault: plain(504), ends: 'alive', reaches: 'the request' },
  {
    name: 'a redirect (307)',
    fault: plain(307, '', { location: 'https://elsewhere.example/token' }),
    ends: 'alive',
    reaches: 'the request',
  },
  { name: '200 with a page (a captive portal)', fault: plain(200, '<html>'), ends: 'alive', reaches: 'the request' },
  { name: '200 with an empty body', fault: plain(200), ends: 'alive', reaches: 'the request' },
  { name: '200 with 100 MB', fault: plain(200, 'x'.repeat(100 * 1024 * 1024)), ends: 'alive', reaches: 'the request' },
  ...['400', '401', '403', '404'].map((status) => ({
    name: `L4 ${status} with a page (a gateway)`,
    fault: plain(Number(status), '<html>'),
    ends: 'alive' as const,
    reaches: 'the request' as const,
  })),
  { name: 'L4 401 with JSON of a gateway', fault: json(401, { message: 'Unauthorized' }), ends: 'alive', reaches: 'the request' },
  {
    name: 'L3 400 invalid_grant by conditional access (Entra)',
    fault: json(400, { error: 'invalid_grant', error_codes: [53003] }),
    ends: 'refused',
    reaches: 'the request',
  },
  {
    name: 'L5 400 invalid_grant',
    fault: json(400, { error: 'invalid_grant' }),
    ends: 'refused',
    reaches: 'the request',
  },
  {
    name: 'L5 403 unauthorized_client "refresh_token is invalid" (Atlassian)',
    fault: json(403, { error: 'unauthorized_client', error_description: 'refresh_token is invalid' }),
    ends: 'refused',
    reaches: 'the request',
  },
  {
    name: 'L5 400 invalid_request "Invalid refresh_token" (Bitbucket, Zoom)',
    fault: json(400, { error: 'invalid_request', error_description: 'Invalid refresh_token' }),
    ends: 'refused',
    reaches: 'the request',
  },
  { name: 'L5 403 "Token expired"', fault: json(403, { error: 'Token expired' }), ends: 'refused', reaches: 'the request' },
  { name: 'L5 400 with an empty body (glewlwyd)', fault: plain(400), ends: 'refused', reaches: 'the request' },
  {
    name: 'L6 a good answer, compressed',
    fault: after(({ response }, { body }) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(body))),
    ends: 'alive',
    reaches: 'the request',
  },
  {
    name: 'L7 a good answer with 200 KB of headers',
    fault: after(({ response }, { body }) => void response.writeHead(200, { 'x-policy': 'x'.repeat(200_000) }).end(body)),
    ends: 'alive',
    reaches: 'the request',
  },
  {
    name: 'L7 an answer with more headers than are read',
    fault: after(({ response }, { body }) => void response.writeHead(200, { 'x-policy': 'x'.repeat(300_000) }).end(body)),
    ends: 'lost',
    reaches: 'the request; the token is spent',
  },
  { name: '401 invalid_client', fault: plain(401, '{"error":"invalid_client"}'), ends: 'alive', reaches: 'the request' },
  { name: 'a good answer, a byte at a time', fault: drip, ends: 'alive', reaches: 'the request' },
  {
    name: 'a good answer as text/html',
    fault: after(({ response }, reply) => answer(response, { ...reply, contentType: 'text/html' })),
    ends: 'alive',
    reaches: 'the request',
  },
  {
    name: '502 after the server has acted',
    fault: after(({ response }) => void response.writeHead(502).end()),
    ends: 'lost',
    reaches: 'the request; the token is spent',
  },
  { name: 'hangs after the server has acted', fault: hangAfter, ends: 'lost', reaches: 'the request; the token is spent' },
  { name: 'reset within the header of the answer', fault: resetAt(9), ends: 'lost', reaches: 'the request; the token is spent' },
  { name: 'reset within the body of the answer', fault: resetAt(150), ends: 'lost', reaches: 'the request; the token is spent' },
  {
    name: 'the body ends early, with its length said',
    fault: after(
      ({ response }, { body }) =>
        void response.writeHead(200, { 'content-length': body.length }).write(body.slice(0, 40), () => response.socket?.end()),
    ),
    ends: 'lost',
    reaches: 'the request; the token is spent',
  },
  {
    name: 'the body ends early, and nothing says so',
    fault: after(({ response }, reply) => answer(response, { ...reply, body: reply.body.slice(0, 40) })),
    ends: 'lost',
    reaches: 'the request; the token is spent',
  },
  {
    name: 'a proxy sends it twice',
    fault: async ({ response, forward }) => {
      await forward()
      answer(response, await forward())
    },
    ends: 'lost',
    reaches: 'the request; the token is spent',
  },
]

let server: AuthorizationServer
let home: Home
let client: AuthsockClient

beforeAll(async () => {
  server = await startAuthorizationServer({ accessTokenTtl: life, deviceInterval: 1 })
  home = new Home()
})

afterAll(async () => {
  client.close()
  await home.close()
  await server.close()
})

/** What was seen of one row. */
interface Seen {
  readonly withToken: string
  readonly without: string
  readonly retried: string
  readonly session: string
}

async function logIn(profile: string): Promise<void> {
  for await (const message of await client.login(profile)) {
    if (message.type === 'device_code' && message.verification_uri_complete !== undefined)
      await server.approveDevice(message.verification_uri_complete)
  }
}

const ask = (profile: string, more = ''): Promise<HttpAnswer> => home.http('GET', `/v1/token?profile=${profile}${more}`)

const outcome = (reply: HttpAnswer, live: unknown): string => {
  if (reply.status !== 200) return `${reply.status} \`${String(reply.json()['code'])}\``
  return reply.json()['access_token'] === live ? 'the live token' : 'a new token'
}

/** The fault strikes while an access token lives, and again a caller has none. */
async function play({ fault, ends }: Row, profile: string, proxy: FaultProxy): Promise<Seen> {
  await logIn(profile)
  const first = (await ask(profile)).json<{ access_token: string; expires_at: number }>()
  const end = first.expires_at * 1000
  // `expires_at` is in whole seconds.
  await pause(Math.max(0, end - wanted * 1000 + 1100 - Date.now()))
  proxy.fault = fault
  const early = ask(profile, `&min_ttl=${wanted}`)
  const withToken = outcome(await early, first.access_token)
  if (withToken === 'a new token') {
    return { withToken, without: 'a new token', retried: '-', session: 'alive' }
  }
  const sentBefore = proxy.passed.length
  await pause(Math.max(0, end + 1200 - Date.now()))
  const retriedEarly = proxy.passed.slice(sentBefore).some(({ at }) => at < end - endMarginMs)
  const without = outcome(await ask(profile), first.access_token)
  proxy.fault = undefined
  const last = await settled(profile)
  if (ends === 'refused' && last.status === 409) {
    await home.http('POST', `/v1/sessions/${profile}/retry`)
    return {
      withToken,
      without,
      retried: '-',
      session: `login required: ${reasonOf(last)}; alive after \`authsock retry\`${await mark(profile)}`,
    }
  }
  return {
    withToken,
    without,
    retried: retriedEarly ? 'while the token lives' : "after the token's end",
    session: last.status === 200 ? 'alive' : `login required: ${reasonOf(last)}`,
  }
}

const reasonOf = (reply: HttpAnswer): string =>
  (reply.json<{ readonly detail?: string }>().detail ?? '')
    .replace(/^.*needs a login: /, '')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'the server')

/** Empty, unless it is not true. */
const mark = async (profile: string): Promise<string> => ((await ask(profile)).status === 200 ? '' : ' (NOT)')

async function settled(profile: string): Promise<HttpAnswer> {
  for (;;) {
    const reply = await ask(profile)
    if (reply.status === 200 || reply.status === 409) return reply
    await pause(250)
  }
}

const table = (profile: string, proxy: FaultProxy, more = ''): string => `[profile.${profile}]
issuer = "${server.issuer}"
client_id = "${server.clientId}"
grant = "device_code"
scopes = ["openid", "offline_access", "read"]
endpoints = { token = "${proxy.url}", device_authorization = "${server.issuer}/device/auth", jwks = "${server.issuer}/jwks" }
${more}
`

const proxies = (options = {}): Promise<FaultProxy[]> =>
  Promise.all(rows.map(() => FaultProxy.start(`${server.issuer}/token`, options)))

test('R4 R5 R7 P19 each fault: what callers get, when it is tried again, and what becomes of the session', async () => {
  const [careful, graceful] = await Promise.all([proxies(), proxies({ grace: 60 })])
  home.config(
    [
      ...careful.map((proxy, index) => table(`p${index}`, proxy)),
      ...graceful.map((proxy, index) => table(`g${index}`, proxy, 'refresh_grace = 60')),
    ].join('\n'),
  )
  await home.startAgent()
  client = await connect({ env: home.env })
  const [seen, withGrace] = await Promise.all([
    Promise.all(rows.map((row, index) => play(row, `p${index}`, careful[index] as FaultProxy))),
    Promise.all(rows.map((row, index) => strikeOnce(row, `g${index}`, graceful[index] as FaultProxy))),
  ])
  for (const proxy of [...careful, ...graceful]) proxy.close()
  for (const [index, { name, ends }] of rows.entries()) {
    const { session } = seen[index] as Seen
    const end = session === 'alive' ? 'alive' : session.endsWith('alive after `authsock retry`') ? 'refused' : 'lost'
    expect([name, end]).toEqual([name, ends])
    // R4: with a grace period that is known, no answer that was lost costs a session.
    if (ends !== 'refused') expect([name, withGrace[index]]).toEqual([name, 200])
  }
  await expect(document(seen)).toMatchFileSnapshot('../../../docs/faults.md')
})

/** The fault strikes one request. Gives what a caller gets in the end. */
async function strikeOnce({ fault }: Row, profile: string, proxy: FaultProxy): Promise<number> {
  await logIn(profile)
  const { expires_at: expiresAt } = (await ask(profile)).json<{ expires_at: number }>()
  await pause(Math.max(0, expiresAt * 1000 - wanted * 1000 + 1100 - Date.now()))
  proxy.fault = (passing) => {
    proxy.fault = undefined
    return fault(passing)
  }
  await ask(profile, `&min_ttl=${wanted}`)
  return (await settled(profile)).status
}

function document(seen: readonly Seen[]): string {
  const lines = rows.map(({ name, reaches }, index) => {
    const { withToken, without, retried, session } = seen[index] as Seen
    return `| ${name} | ${reaches} | ${withToken} | ${without} | ${retried} | ${session} |`
  })
  return `# What the agent does when the token endpoint fails

Made by the tests (\`test/system/sessions/faults.test.ts\`): the real agent, in front of it nobody, behind it oidc-provider with rotation,
which revokes the login when a refresh token is used twice, and between the two a proxy that misbehaves as the row says. The
profile names no grace period. A refresh is asked for while an access token lives, and again when it has ended.

| fault | what reached the server | a caller while a token lives | a caller after its end | the next try | the session, once the server is well |
|---|---|---|---|---|---|
${lines.join('\n')}

A request is given up after ${timeoutMs / 1000} s. Where it may have been acted on and no answer came, the refresh token may be
spent: it is not sent again while an access token lives, then once. A server with a grace period takes it again: where that is
named (\`refresh_grace\` in the profile) it is sent again at once, and none of these faults, striking one request, costs the
session. The same run has seen that too.
`
}
