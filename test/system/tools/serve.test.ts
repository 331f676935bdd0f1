// What the listeners refuse: guesses of the secret, other names, browsers, proxies, other users, and whatever is not their
// protocol. Each request differs from one that is answered in one thing.

import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { roleArn, startSts, type Sts } from '../../support/aws-sts.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { describeWith, isLinux, isRoot, programs } from '../../support/real-part.ts'
import { currentToken, serve } from '../../support/sdks.ts'

const resource = 'https://management.example.com'

let server: AuthorizationServer
let home: Home
let sts: Sts

interface Ask {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly headers: IncomingMessage['headers']
}

const known = new Map<string, Ask>()

beforeAll(async () => {
  server = await startAuthorizationServer()
  sts = await startSts(async () => true)
  home = new Home()
  home.config(workProfile(server, `resource = "${resource}"`))
  await logIn(home, server)
  const aws = await serve(home, ['aws', 'work', '--role-arn', roleArn], { AWS_ENDPOINT_URL_STS: sts.url })
  const azure = await serve(home, ['azure', 'work'])
  const azd = await serve(home, ['azd', 'work'])
  const google = await serve(home, ['google', 'work'])
  const value = ({ variables }: typeof aws, name: string): string => variables[name] ?? ''
  known.set('aws', {
    method: 'GET',
    url: new URL(value(aws, 'AWS_CONTAINER_CREDENTIALS_FULL_URI')),
    headers: { authorization: value(aws, 'AWS_CONTAINER_AUTHORIZATION_TOKEN') },
  })
  known.set('azure', {
    method: 'GET',
    url: new URL(`${value(azure, 'IDENTITY_ENDPOINT')}?api-version=2019-08-01&resource=${resource}`),
    headers: { 'x-identity-header': value(azure, 'IDENTITY_HEADER') },
  })
  known.set('azd', {
    method: 'POST',
    url: new URL(`${value(azd, 'AZD_AUTH_ENDPOINT')}/token?api-version=2023-07-12-preview`),
    headers: { authorization: `Bearer ${value(azd, 'AZD_AUTH_KEY')}`, 'content-type': 'application/json' },
    body: JSON.stringify({ scopes: [`${resource}/.default`] }),
  })
  known.set('google', {
    method: 'GET',
    url: new URL(`http://${value(google, 'GCE_METADATA_HOST')}/computeMetadata/v1/instance/service-accounts/default/token`),
    headers: { 'metadata-flavor': 'Google' },
  })
})

afterAll(async () => {
  await home.close()
  sts.close()
  await server.close()
})

const good = (name: string): Ask => {
  const found = known.get(name)
  if (found === undefined) throw new Error(`${name} does not run`)
  return found
}

async function send({ method, url, headers, body }: Ask, path = `${url.pathname}${url.search}`): Promise<Answer> {
  const sized = body === undefined ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) }
  const outgoing = request({ host: url.hostname, port: url.port, method, path, headers: sized as never, agent: false })
  outgoing.on('error', () => {})
  outgoing.end(body)
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of response as AsyncIterable<Buffer>) text += chunk.toString()
  return { status: response.statusCode ?? 0, text, headers: response.headers }
}

/** Nothing that is worth anything is in it. */
async function expectRefused(answer: Answer, status: number): Promise<void> {
  expect(answer.status, answer.text).toBe(status)
  expect(answer.text).not.toContain(await currentToken(home))
  expect(answer.text).not.toMatch(/secret\/of|session-\d/)
  expect(answer.headers['access-control-allow-origin']).toBeUndefined()
}

const services = ['aws', 'azure', 'azd', 'google'] as const

describe.each(services)('%s', (name) => {
  test('answers who asks as it should, and lets nobody keep the answer', async () => {
    const answer = await send(good(name))
    expect(answer.status).toBe(200)
    expect(answer.text).toContain(name === 'aws' ? '"Token":"session-' : await currentToken(home))
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/json' })
  })

  const port = (): string => good(name).url.port
  test.each([
    ['rebinding', () => `attacker.example.com:${port()}`],
    ['localhost', () => `localhost:${port()}`],
    ['another port', () => '127.0.0.1:1'],
    ['no port', () => '127.0.0.1'],
    ['a name before it', () => `x@127.0.0.1:${port()}`],
  ])('refuses another Host: %s', async (_, host) => {
    const { headers, ...ask } = good(name)
    await expectRefused(await send({ ...ask, headers: { ...headers, host: host() } }), 403)
  })

  test.each([
    ['origin', 'https://attacker.example.com'],
    ['origin', 'null'],
    ['referer', 'https://attacker.example.com/'],
    ['sec-fetch-site', 'cross-site'],
    ['sec-fetch-site', 'none'],
    ['sec-fetch-dest', 'document'],
    ['sec-ch-ua', '"Chromium"'],
    ['x-forwarded-for', '127.0.0.1'],
    ['x-forwarded-host', 'x'],
    ['forwarded', 'for=1.2.3.4'],
    ['via', '1.1 proxy'],
  ])('refuses a browser or a proxy: %s: %s', async (header, value) => {
    const { headers, ...ask } = good(name)
    await expectRefused(await send({ ...ask, headers: { ...headers, [header]: value } }), 403)
  })

  test('refuses the secret where it is missing, wrong, cut short or given twice', async () => {
    const { headers, ...ask } = good(name)
    const [header = '', value = ''] = (Object.entries(headers) as [string, string][])[0] ?? []
    const { [header]: _, ...without } = headers
    await expectRefused(await send({ ...ask, headers: without }), 403)
    const last = value.at(-1) === 'A' ? 'B' : 'A'
    for (const wrong of [
      '',
      `${value.slice(0, -1)}${last}`,
      value.slice(0, -1),
      `${value}A`,
      `Basic ${value}`,
      value.toLowerCase(),
    ]) {
      if (wrong !== value) await expectRefused(await send({ ...ask, headers: { ...headers, [header]: wrong } }), 403)
    }
    if (header === 'x-identity-header' || header === 'metadata-flavor') {
      await expectRefused(await send({ ...ask, headers: { ...headers, [header]: [value, value] } }), 403)
    }
  })

  test('answers no other path and no other method', async () => {
    const ask = good(name)
    const { body: _, ...bare } = ask
    const { pathname, host } = ask.url
    for (const path of ['/x', `${pathname}x`, `/${pathname}`, `${pathname}/../x`, '/v1/token', '/v1/status', `//x${pathname}`]) {
      const answer = await send(ask, path)
      expect([answer.status, path]).toEqual([404, path])
    }
    await expectRefused(await send(ask, `http://${host}${pathname}`), 403)
    for (const method of ['GET', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'TRACE'].filter((each) => each !== ask.method)) {
      const { status, headers } = await send({ ...bare, method })
      expect([status, method, headers['allow'], headers['access-control-allow-methods']]).toEqual([
        404,
        method,
        undefined,
        undefined,
      ])
    }
  })

  test('refuses what is too large, and is there afterwards', async () => {
    const { headers, ...ask } = good(name)
    const long = await send({ ...ask, headers: { ...headers, 'x-long': 'x'.repeat(9_000) } })
    await expectRefused(long, 431)
    await expectRefused(await send({ ...ask, headers, body: 'x'.repeat(17_000) }), 413)
    expect((await send({ ...ask, headers })).status).toBe(200)
  })

  test('is not reached at another address of this machine', async () => {
    const others = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
    const addresses = [
      ...others.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address),
      '127.0.0.2',
      '::1',
    ]
    for (const host of addresses) {
      const socket = connect({ host, port: Number(good(name).url.port) })
      const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
      expect([host, error.code === 'ECONNREFUSED' || error.code === 'EADDRNOTAVAIL']).toEqual([host, true])
    }
  })
})

test('who does not send the rest of a request is not waited for', async () => {
  const socket = connect({ host: '127.0.0.1', port: Number(good('azure').url.port) })
  socket.write('GET / HTTP/1.1\r\nhost: ')
  let text = ''
  socket.on('data', (chunk: Buffer) => void (text += chunk.toString()))
  await once(socket, 'close')
  expect(text).toContain('408')
})

describeWith({ ...programs('setpriv', 'curl'), root: isRoot, Linux: isLinux }, "another user's program", () => {
  test('has nothing of the metadata server, which has no secret to keep it out', async () => {
    const { url } = good('google')
    const curl = ['curl', '-s', '-w', ' %{http_code}', '-H', 'Metadata-Flavor: Google', url.href]
    const own = spawnSync(curl[0] ?? '', curl.slice(1), { encoding: 'utf8' })
    expect(own.stdout).toContain(await currentToken(home))
    const other = spawnSync('setpriv', ['--reuid=65534', '--clear-groups', ...curl], { encoding: 'utf8' })
    expect(other.stdout).toBe('authsock: the request is from another user; connect to 127.0.0.1 directly\n 403')
  })
})

describe('authsock serve', () => {
  test('each run has a secret and a port of its own', async () => {
    const { child, variables } = await serve(home, ['azure', 'work'])
    expect(variables['IDENTITY_HEADER']).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(variables['IDENTITY_HEADER']).not.toBe(good('azure').headers['x-identity-header'])
    child.kill('SIGTERM')
    expect(await once(child, 'close')).toEqual([0, null])
    await expect(fetch(variables['IDENTITY_ENDPOINT'] ?? '')).rejects.toThrow('fetch failed')
  })

  test('prints what a shell takes, and ends with Ctrl-C', async () => {
    const child = home.spawn(['serve', 'azd', 'work'], { env: { https_proxy: 'http://proxy:1', NO_PROXY: 'a.example' } })
    let out = ''
    child.stdout?.on('data', (chunk: Buffer) => void (out += chunk.toString()))
    child.stderr?.once('data', () => child.kill('SIGINT'))
    expect(await once(child, 'close')).toEqual([0, null])
    expect(out).toMatch(
      /^export AZD_AUTH_ENDPOINT=http:\/\/127\.0\.0\.1:\d+\nexport AZD_AUTH_KEY=\S{43}\nexport NO_PROXY=a\.example,127\.0\.0\.1\nexport no_proxy=a\.example,127\.0\.0\.1\n$/,
    )
  })

  test('says what is wrong before it listens', async () => {
    const taken = good('azd').url.port
    const cases: [readonly string[], number, string][] = [
      [['serve', 'azure', 'work', '--port', taken], 2, `port ${taken} of 127.0.0.1 cannot be used: EADDRINUSE`],
      [['serve', 'azure', 'work', '--port', '0x50'], 2, "--port is '0x50', not a port"],
      [['serve', 'oracle', 'work'], 2, "unknown service 'oracle'"],
      [['serve', 'azure', 'nobody'], 2, "there is no profile 'nobody'"],
      [['serve', 'aws', 'work'], 2, 'add --role-arn'],
      [['serve', 'google', 'work', '--role-arn', 'x'], 2, 'role options are only valid with aws'],
    ]
    for (const [args, code, text] of cases) {
      expect(await home.run(args)).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(text) as string })
    }
  })
})
