// A share's TCP port: with the secret it gives what the socket gives, by either client; without it, or by any other way than a
// program of this machine has, it gives nothing.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connect, Failure } from '../../../src/client/index.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { type Finished, Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { hasCompiler, nativePrograms, twinPrograms } from '../../support/programs.ts'
import { describeWith, isLinux, isPosix, isRoot, programs } from '../../support/real-part.ts'
import { exchange, isRefused, makeTcpShare, tcpShare, type TcpShare } from '../../support/shares.ts'
import { compile } from '../../../scripts/thin-client.ts'

let server: AuthorizationServer
let home: Home
let narrow: string

beforeAll(async () => {
  server = await startAuthorizationServer()
})

afterAll(() => server.close())

beforeEach(async () => {
  home = new Home()
  home.config(`${workProfile(server)}\n[[route]]\nurl = "https://git.example.com"\nprofile = "work"\n`)
  expect((await logIn(home, server)).code).toBe(0)
  narrow = (await home.run(['token', 'work', '--scope', 'read'])).stdout.trim()
})

afterEach(() => home.close())

/** As in a container: no agent of its own, nothing but the environment says where the share is. */
async function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv, stdin = ''): Promise<Finished> {
  const child = spawn(program, args, { env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...env } })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  child.stdin.on('error', () => {})
  child.stdin.end(stdin)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

const agentPid = async (): Promise<number> => (await home.http('GET', '/v1/status')).json<{ agent: { pid: number } }>().agent.pid

const auditText = (): string => readFileSync(join(home.path, 'state', 'authsock', 'audit.log'), 'utf8')

/** A right request, and what makes it wrong. */
const request = (
  { port, secret }: TcpShare,
  {
    line = 'GET /v1/token HTTP/1.1',
    host = `127.0.0.1:${port}`,
    auth = `Authorization: Bearer ${secret}`,
    more = 'Connection: close',
  } = {},
): string =>
  [line, host === '' ? '' : `Host: ${host}`, auth, more]
    .filter((each) => each !== '')
    .concat('', '')
    .join('\r\n')

async function hold(port: number): Promise<Server> {
  const other = createServer((socket) => socket.destroy())
  other.listen(port, '127.0.0.1')
  await once(other, 'listening')
  return other
}

describeWith({ 'a C compiler': hasCompiler(), POSIX: isPosix }, 'clients', () => {
  describe.each([
    ['native', nativePrograms],
    ['twin', twinPrograms],
  ])('%s', (_, folder) => {
    const client = (args: readonly string[], env: NodeJS.ProcessEnv): Promise<Finished> =>
      run(join(folder(), 'authsock-client'), args, env)

    test('a token with fewer scopes and a helper, with the secret from a file or from the environment', async () => {
      const { url, port, secret, secretFile } = await makeTcpShare(home, 'devbox')
      const byFile = { AUTHSOCK: url, AUTHSOCK_SECRET_FILE: secretFile }
      const plain = { code: 0, stdout: `${narrow}\n`, stderr: '' }
      expect(await client(['token'], byFile)).toEqual(plain)
      expect(await client(['token'], { AUTHSOCK: `http://localhost:${port}/`, AUTHSOCK_SECRET: secret })).toEqual(plain)
      // The file is what counts.
      expect(await client(['token'], { ...byFile, AUTHSOCK_SECRET: 'wrong' })).toEqual(plain)
      const git = await run(
        join(folder(), 'git-credential-authsock'),
        ['get'],
        byFile,
        'protocol=https\nhost=git.example.com\n\n',
      )
      expect([git.code, git.stderr, git.stdout.split('\n')]).toEqual([0, '', expect.arrayContaining([`password=${narrow}`])])
      const limited = await client(['token', '--scope', 'write'], byFile)
      expect([limited.code, limited.stderr]).toEqual([6, expect.stringContaining("it issues tokens of 'work' (scope: read)")])
    })

    test('a secret that is missing, refused, or of another share: what to do', async () => {
      const { url } = await makeTcpShare(home, 'devbox')
      const other = await makeTcpShare(home, 'other')
      const mount = expect.stringContaining("hint: the secret is the file 'secret' in the share's folder: mount that")
      const missing = await client(['token'], { AUTHSOCK: url, AUTHSOCK_SECRET_FILE: join(home.path, 'nothing') })
      expect([missing.code, missing.stdout, missing.stderr]).toEqual([6, '', expect.stringContaining('nothing cannot be read')])
      expect(missing.stderr).toEqual(mount)
      for (const AUTHSOCK_SECRET of ['a b', 'x\r\nHost: evil', 'a'.repeat(600)]) {
        const { code, stderr } = await client(['token'], { AUTHSOCK: url, AUTHSOCK_SECRET })
        expect([code, stderr]).toEqual([6, expect.stringContaining('AUTHSOCK_SECRET is none')])
      }
      for (const AUTHSOCK_SECRET of ['wrong', other.secret]) {
        const { code, stdout, stderr } = await client(['token'], { AUTHSOCK: url, AUTHSOCK_SECRET })
        expect([code, stdout, stderr]).toEqual([6, '', expect.stringMatching(/the secret is wrong|refuses the secret/)])
        expect(stderr).toEqual(mount)
      }
    })

    test('a secret is sent to this machine alone', async () => {
      const env = { AUTHSOCK_SECRET: 'secret' }
      for (const [AUTHSOCK, why] of [
        ['http://evil.example:80', 'which is not this machine'],
        ['http://127.0.0.1.evil.example:80', 'which is not this machine'],
        ['http://192.168.1.1:8080', 'which is not this machine'],
        ['http://host.docker.internal.:80', 'which is not this machine'],
        ['https://127.0.0.1:8080', 'neither an absolute path nor http://HOST:PORT'],
        ['http://127.0.0.1', 'neither an absolute path nor http://HOST:PORT'],
        ['http://127.0.0.1:0', 'neither an absolute path nor http://HOST:PORT'],
        ['http://127.0.0.1:65536', 'neither an absolute path nor http://HOST:PORT'],
        ['http://127.0.0.1:8080@evil.example:80', 'neither an absolute path nor http://HOST:PORT'],
        ['http://127.0.0.1:80/x', 'neither an absolute path nor http://HOST:PORT'],
      ] as const) {
        const { code, stdout, stderr } = await client(['token'], { ...env, AUTHSOCK })
        expect([AUTHSOCK, code, stdout, stderr]).toEqual([AUTHSOCK, 2, '', expect.stringContaining(why)])
      }
    })

    test('nobody listens: said so, and no agent is started', async () => {
      const { url, secret, port } = await makeTcpShare(home, 'devbox')
      expect((await home.run(['share', 'remove', 'devbox'])).code).toBe(0)
      expect(await isRefused(port)).toBe(true)
      const { code, stderr } = await client(['token'], { AUTHSOCK: url, AUTHSOCK_SECRET: secret, HOME: home.path })
      expect([code, stderr]).toEqual([7, expect.stringContaining(`no share listens at ${url}`)])
      expect(stderr).toContain('authsock share show')
    })
  })

  test('the command line: what a share gives, and nothing about the machine of its agent', async () => {
    const { url, secretFile } = await makeTcpShare(home, 'devbox')
    const env = { AUTHSOCK: url, AUTHSOCK_SECRET_FILE: secretFile }
    expect(await home.run(['token'], { env })).toEqual({ code: 0, stdout: `${narrow}\n`, stderr: '' })
    const child = ['exec', 'work', '--env', 'TOKEN', '--', 'sh', '-c', 'echo "$TOKEN"']
    expect(await home.run(child, { env })).toEqual({ code: 0, stdout: `${narrow}\n`, stderr: '' })
    const status = await home.run(['status'], { env })
    expect([status.code, status.stderr]).toEqual([
      6,
      expect.stringContaining('answers requests for credentials and nothing else'),
    ])
    for (const args of [['agent'], ['audit'], ['route', 'list']]) {
      const { code, stderr } = await home.run(args, { env })
      expect([args, code, stderr]).toEqual([args, 2, expect.stringContaining("a share's address")])
    }
  })

  test('the client library', async () => {
    const { url, secret } = await makeTcpShare(home, 'devbox')
    const env = { AUTHSOCK: url, AUTHSOCK_SECRET: secret }
    const authsock = await connect({ env })
    expect(await authsock.token()).toMatchObject({ access_token: narrow, scope: 'read' })
    await expect(authsock.status()).rejects.toMatchObject({ code: 'share_limited' })
    await expect(authsock.events()).rejects.toMatchObject({ code: 'share_limited' })
    authsock.close()
    const wrong = await connect({ socket: url, env: { AUTHSOCK_SECRET: 'wrong' } })
    const failure = await wrong.token().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(Failure)
    expect(failure).toMatchObject({ code: 'unauthorized', exitCode: 6, hint: expect.stringContaining('AUTHSOCK_SECRET_FILE') })
    wrong.close()
  })
})

describeWith(
  { 'a C compiler': hasCompiler(), root: isRoot, Linux: isLinux, ...programs('unshare', 'mount') },
  'names of this machine',
  () => {
    test.each([
      ['native', nativePrograms],
      ['twin', twinPrograms],
    ])(
      '%s: one that leads here is asked, one that leads away gets no secret',
      async (_, folder) => {
        const { port, secret } = await makeTcpShare(home, 'devbox')
        const hosts = join(home.path, 'hosts')
        const env = { AUTHSOCK: `http://host.docker.internal:${port}`, AUTHSOCK_SECRET: secret }
        const client = (...addresses: readonly string[]): Promise<Finished> => {
          writeFileSync(hosts, addresses.map((address) => `${address} host.docker.internal\n`).join(''))
          return run(
            'unshare',
            ['-m', 'sh', '-c', `mount --bind ${hosts} /etc/hosts && exec "$@"`, 'sh', join(folder(), 'authsock-client'), 'token'],
            env,
          )
        }
        expect(await client('127.0.0.1')).toEqual({ code: 0, stdout: `${narrow}\n`, stderr: '' })
        for (const far of ['192.0.2.1', '8.8.8.8', '172.32.0.1', '100.128.0.1', '2001:db8::1']) {
          const { code, stdout, stderr } = await client(far)
          expect([far, code, stdout, stderr]).toEqual([far, 6, '', expect.stringContaining('far from this machine')])
        }
        // One that is far is one too many.
        expect(await client('127.0.0.1', '192.0.2.1')).toMatchObject({ code: 6, stdout: '' })
      },
      300_000,
    )
  },
)

describeWith({ ...programs('gcc'), Linux: isLinux }, 'under AddressSanitizer', () => {
  const folder = mkdtempSync(join(tmpdir(), 'authsock-tcp-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('addresses and secrets of all kinds', async () => {
    const { url, port, secret, secretFile } = await makeTcpShare(home, 'devbox')
    const sanitize = ['-g', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all']
    const client = compile(folder, { command: ['gcc'], link: [] }, sanitize)
    const ask = async (env: NodeJS.ProcessEnv): Promise<number | null> => {
      const { code, stderr } = await run(client, ['token'], { ASAN_OPTIONS: 'detect_leaks=0', ...env })
      expect(stderr).not.toContain('Sanitizer')
      expect(stderr).not.toContain('runtime error')
      return code
    }
    expect(await ask({ AUTHSOCK: url, AUTHSOCK_SECRET: secret })).toBe(0)
    expect(await ask({ AUTHSOCK: url, AUTHSOCK_SECRET_FILE: secretFile })).toBe(0)
    expect(await ask({ AUTHSOCK: `http://localhost:${port}`, AUTHSOCK_SECRET_FILE: secretFile })).toBe(0)
    for (const address of [
      'http:',
      'http://',
      'http://:',
      'http://:1',
      'http://[::1',
      'http://[]:1',
      'http://a:',
      'https:',
      `http://${'a'.repeat(100_000)}:1`,
      `http://127.0.0.1:${'1'.repeat(5_000)}`,
    ])
      expect([address, await ask({ AUTHSOCK: address, AUTHSOCK_SECRET: secret })]).toEqual([address, 2])
    const file = join(home.path, 'other')
    for (const text of [
      '',
      '\n',
      ' '.repeat(600),
      'a'.repeat(512),
      'a'.repeat(513),
      'a'.repeat(514),
      'a'.repeat(515),
      'a'.repeat(100_000),
      '\0',
      'a\0b',
    ]) {
      writeFileSync(file, text)
      expect(await ask({ AUTHSOCK: url, AUTHSOCK_SECRET_FILE: file })).toBe(6)
      if (!text.includes('\0'))
        expect(await ask({ AUTHSOCK: url, AUTHSOCK_SECRET: text, ...(text === '' ? { AUTHSOCK_SECRET_FILE: file } : {}) })).toBe(
          6,
        )
    }
    expect(await ask({ AUTHSOCK: `http://[::1]:${port}`, AUTHSOCK_SECRET: secret })).toBe(7)
  })
})

describe('the port', () => {
  test('L3 stays the same, as does the secret, over restarts and new bounds; --no-tcp takes it away', async () => {
    const first = await makeTcpShare(home, 'devbox')
    expect(statSync(first.secretFile).mode & 0o777).toBe(0o644)
    expect(first.secret).toMatch(/^[\w-]{43}$/)
    const state = join(home.path, 'state', 'authsock')
    const kept = readdirSync(state).find((name) => name.startsWith('shares')) ?? ''
    const stored = readFileSync(join(state, kept), 'utf8')
    expect(stored).not.toContain(first.secret)
    process.kill(await agentPid(), 'SIGKILL')
    expect((await home.run(['start'])).code).toBe(0)
    expect(await tcpShare(home, 'devbox')).toEqual(first)
    await home.run(['stop'])
    await home.run(['start'])
    expect(await exchange(first.port, request(first))).toContain('200 OK')
    expect((await home.run(['share', 'create', 'devbox', '--all-scopes', '--ttl', '1h'])).code).toBe(0)
    expect(await tcpShare(home, 'devbox')).toEqual(first)
    expect((await home.run(['share', 'show', 'devbox'])).stdout).toContain(`tcp       ${first.url}\n`)
    expect((await home.run(['share', 'create', 'devbox', '--scope', 'read', '--no-tcp'])).code).toBe(0)
    expect((await home.run(['share', 'show', 'devbox'])).stdout).not.toContain('tcp')
    expect(await isRefused(first.port)).toBe(true)
    expect(readdirSync(first.folder)).toEqual(['agent.sock'])
    const again = await makeTcpShare(home, 'devbox', '--tcp', String(first.port))
    expect([again.port, again.secret === first.secret]).toEqual([first.port, false])
    expect(await exchange(first.port, request(first))).toContain('401 Unauthorized')
  })

  test('one that is taken at a restart is said, waited for, and has a new secret then', async () => {
    const first = await makeTcpShare(home, 'devbox')
    const other = await makeTcpShare(home, 'other')
    await home.run(['stop'])
    const thief = await hold(first.port)
    const agent = await home.startAgent()
    await expect.poll(agent.log).toContain(`the share 'devbox' does not listen on TCP`)
    expect(await tcpShare(home, 'devbox')).toMatchObject({ port: first.port, listening: false })
    expect((await home.run(['share', 'show', 'devbox'])).stdout).toContain('(not listening: another program uses the port)')
    expect((await home.http('GET', '/v1/status')).text).toContain(`port ${first.port} of 127.0.0.1 cannot be used: EADDRINUSE`)
    // Nobody is to hand a secret to whoever has the port.
    expect(readdirSync(first.folder)).toEqual(['agent.sock'])
    expect(await exchange(other.port, request(other))).toContain('200 OK')
    expect((await home.http('GET', '/v1/token', { socket: join(first.folder, 'agent.sock') })).status).toBe(200)
    const bounds = { profiles: ['work'], scope: 'read', ttl: 600 }
    expect((await home.http('PUT', '/v1/shares/devbox', { body: bounds })).status).toBe(201)
    expect((await home.http('PUT', '/v1/shares/devbox', { body: { ...bounds, tcp: true } })).json()).toMatchObject({
      code: 'bad_request',
      detail: expect.stringContaining('EADDRINUSE'),
    })
    thief.close()
    await once(thief, 'close')
    expect((await home.http('PUT', '/v1/shares/devbox', { body: bounds })).status).toBe(201)
    const now = await tcpShare(home, 'devbox')
    expect(now).toMatchObject({ port: first.port, listening: true })
    expect(now.secret).not.toBe(first.secret)
    expect(await exchange(now.port, request(now))).toContain('200 OK')
  })

  test('without anybody doing anything, it is had again when it is free', async () => {
    const first = await makeTcpShare(home, 'devbox')
    await home.run(['stop'])
    const thief = await hold(first.port)
    await home.startAgent()
    expect(await tcpShare(home, 'devbox')).toMatchObject({ listening: false })
    thief.close()
    await expect.poll(async () => (await tcpShare(home, 'devbox')).listening, { timeout: 60_000, interval: 1_000 }).toBe(true)
    const now = await tcpShare(home, 'devbox')
    expect(await exchange(now.port, request(now))).toContain('200 OK')
    await home.run(['stop'])
    await home.startAgent()
    expect(await tcpShare(home, 'devbox')).toEqual(now)
  })

  test('a port that is taken, or none; a secret that was lost is made again', async () => {
    const first = await makeTcpShare(home, 'devbox')
    const taken = await home.run(['share', 'create', 'other', '--scope', 'read', '--tcp', String(first.port)])
    expect([taken.code, taken.stderr]).toEqual([2, expect.stringContaining('EADDRINUSE')])
    expect((await home.run(['share', 'list'])).stdout).not.toContain('other')
    for (const port of ['80', '65536', 'x', '1.5', '-1']) {
      const { code, stderr } = await home.run(['share', 'create', 'other', '--scope', 'read', `--tcp=${port}`])
      expect([port, code, stderr]).toEqual([port, 2, expect.stringContaining(`--tcp is '${port}', not a port`)])
    }
    await home.run(['stop'])
    rmSync(first.secretFile)
    await home.startAgent()
    const now = await tcpShare(home, 'devbox')
    expect([now.port, now.secret === first.secret]).toEqual([first.port, false])
    expect(await exchange(now.port, request(now))).toContain('200 OK')
    expect(await exchange(now.port, request(first))).toContain('401 Unauthorized')
  })

  test('L3 the end of a share closes it, and takes the secret away; its socket still says why', async () => {
    const brief = await makeTcpShare(home, 'brief', '--ttl', '2s')
    expect(await exchange(brief.port, request(brief))).toContain('200 OK')
    await expect.poll(() => isRefused(brief.port), { timeout: 20_000, interval: 100 }).toBe(true)
    expect((await home.http('GET', '/v1/token', { socket: join(brief.folder, 'agent.sock') })).text).toContain('share_expired')
    expect(readdirSync(brief.folder)).toEqual(['agent.sock'])
    expect((await home.run(['share', 'show', 'brief'])).stdout).toContain('(not listening: the share has expired)')
    await home.run(['stop'])
    await home.startAgent()
    expect(await tcpShare(home, 'brief')).toMatchObject({ listening: false })
    expect((await home.run(['revoke', '--all'])).code).toBe(0)
    expect(await isRefused(brief.port)).toBe(true)
  })

  test.runIf(isLinux)(
    'it is nowhere but on loopback',
    async () => {
      const { port } = await makeTcpShare(home, 'devbox')
      const { stdout } = spawnSync('cat', ['/proc/net/tcp', '/proc/net/tcp6'], { encoding: 'utf8' })
      const hex = port.toString(16).toUpperCase().padStart(4, '0')
      const listening = stdout
        .split('\n')
        .map((row) => row.trim().split(/\s+/))
        .filter(([, local = '', , state]) => local.endsWith(`:${hex}`) && state === '0A')
      expect(listening.map(([, local]) => local)).toEqual([`0100007F:${hex}`])
    },
    300_000,
  )
})

describe('what is refused', () => {
  test('L3 by name, by way, and without the secret: each request differs from one that is answered in one thing', async () => {
    const share = await makeTcpShare(home, 'devbox')
    const other = await makeTcpShare(home, 'other')
    const { port, secret } = share
    const right = `Authorization: Bearer ${secret}`
    for (const host of [
      '127.0.0.1',
      'localhost',
      'LOCALHOST',
      'host.docker.internal',
      'gateway.docker.internal',
      'host.containers.internal',
      '[::1]',
    ])
      expect([host, await exchange(port, request(share, { host: `${host}:${port}` }))]).toEqual([
        host,
        expect.stringContaining('200 OK'),
      ])
    const foreign: readonly Parameters<typeof request>[1][] = [
      { host: '' },
      { host: 'evil.example' },
      { host: `evil.example:${port}` },
      { host: '127.0.0.1' },
      { host: `127.0.0.1:${port + 1}` },
      { host: `127.0.0.1:${other.port}` },
      { host: `127.0.0.1.evil.example:${port}` },
      { host: `127.0.0.1:${port}\r\nHost: 127.0.0.1:${port}` },
      { host: `127.0.0.1:${port}\r\nHost: evil.example` },
      { host: `evil.example\r\nHost: 127.0.0.1:${port}` },
      { more: 'Origin: http://evil.example' },
      { more: `Origin: http://127.0.0.1:${port}` },
      { more: 'Origin: null' },
      { more: 'Referer: http://evil.example/' },
      { more: 'Sec-Fetch-Site: cross-site' },
      { more: 'Sec-Fetch-Site: none' },
      { more: 'Sec-Fetch-Dest: image' },
      { more: 'Forwarded: for=192.0.2.1' },
      { more: 'X-Forwarded-For: 192.0.2.1' },
      { more: 'X-Forwarded-Host: evil.example' },
      { more: 'Via: 1.1 proxy' },
      { line: `GET http://127.0.0.1:${port}/v1/token HTTP/1.1` },
      { line: 'GET http://evil.example/v1/token HTTP/1.1' },
      { line: 'OPTIONS * HTTP/1.1' },
      { line: 'OPTIONS /v1/token HTTP/1.1', more: 'Origin: http://evil.example\r\nAccess-Control-Request-Method: GET' },
    ]
    for (const wrong of foreign) {
      const answer = await exchange(port, request(share, wrong))
      expect([wrong, answer]).toEqual([wrong, expect.stringMatching(/^HTTP\/1\.1 403 .*"code":"peer_denied"/s)])
      nothingIn(answer, secret)
    }
    const unauthorized: readonly Parameters<typeof request>[1][] = [
      { auth: '' },
      { auth: 'Authorization: Bearer' },
      { auth: 'Authorization: Bearer wrong' },
      { auth: `Authorization: Bearer ${secret}x` },
      { auth: `Authorization: Bearer ${secret.slice(0, -1)}` },
      { auth: `Authorization: Basic ${secret}` },
      { auth: `Authorization: ${secret}` },
      { auth: `Authorization: Bearer ${other.secret}` },
      { auth: `${right}\r\n${right}` },
      { auth: `${right}\r\nAuthorization: Bearer wrong` },
      { auth: `Authorization: Bearer wrong\r\n${right}` },
      { auth: `Proxy-Authorization: Bearer ${secret}` },
      { auth: `Cookie: secret=${secret}` },
      { auth: '', line: `GET /v1/token?access_token=${secret} HTTP/1.1` },
      { auth: '', line: 'GET /v1/nothing HTTP/1.1' },
      { auth: '', line: 'POST /v1/helper/token HTTP/1.1', more: 'Content-Length: 0' },
    ]
    // More at once would be told to wait.
    for (const wrong of unauthorized) {
      const answer = await exchange(port, request(share, wrong))
      expect([wrong, answer]).toEqual([
        wrong,
        expect.stringMatching(/^HTTP\/1\.1 401 .*WWW-Authenticate: Bearer\r\n.*"code":"unauthorized"/s),
      ])
      nothingIn(answer, secret)
      await pause(200)
    }
    expect(await exchange(port, request(share))).toContain(narrow)
    expect(await exchange(port, request(share, { line: 'OPTIONS /v1/token HTTP/1.1' }))).toMatch(
      /^HTTP\/1\.1 403 .*share_limited/s,
    )
    expect(await exchange(port, request(share, { line: 'GET /v1/status HTTP/1.1' }))).toMatch(/^HTTP\/1\.1 403 .*share_limited/s)
    expect(await exchange(port, request(share, { line: `CONNECT 127.0.0.1:${port} HTTP/1.1` }))).toBe('')
  })

  test('L3 a second request on a connection that was let in, and upgrades', async () => {
    const share = await makeTcpShare(home, 'devbox')
    const bare = request(share, { auth: '', more: '' })
    const two = await exchange(share.port, request(share, { more: '' }) + bare)
    expect(two.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 401'])
    const reversed = await exchange(share.port, bare + request(share, { more: '' }))
    expect(reversed).toMatch(/^HTTP\/1\.1 401/)
    expect(reversed).not.toContain(narrow)
    const key = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13'
    const upgrade = { line: 'GET /v1/login?profile=work HTTP/1.1', more: `${key}\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==` }
    expect(await exchange(share.port, request(share, upgrade))).toMatch(/^HTTP\/1\.1 403 peer_denied/)
    expect(await exchange(share.port, request(share, { ...upgrade, more: key }))).toMatch(/^HTTP\/1\.1 403 peer_denied/)
    expect(await exchange(share.port, request(share, { ...upgrade, more: 'Connection: Upgrade\r\nUpgrade: x' }))).toMatch(
      /^HTTP\/1\.1 403 share_limited/,
    )
    const stranger = await exchange(share.port, request(share, { auth: '', more: 'Connection: Upgrade\r\nUpgrade: x' }))
    expect(stranger).toMatch(/^HTTP\/1\.1 401 unauthorized\r\n.*WWW-Authenticate: Bearer/s)
  })

  test('L4 a flood of wrong secrets, and of connections that say nothing: a right one is served, and the audit stays small', async () => {
    const share = await makeTcpShare(home, 'devbox')
    const silent = Array.from({ length: 400 }, () => exchange(share.port, ''))
    const wrong = request(share, { auth: `Authorization: Bearer ${'x'.repeat(43)}` })
    const over = new AbortController()
    const flood = Array.from({ length: 8 }, async () => {
      let count = 0
      while (!over.signal.aborted) {
        expect(await exchange(share.port, wrong)).toMatch(/^HTTP\/1\.1 (401|429)/)
        count += 1
      }
      return count
    })
    for (let time = 0; time < 40; time++) expect(await exchange(share.port, request(share))).toContain(narrow)
    over.abort()
    const sent = (await Promise.all(flood)).reduce((sum, count) => sum + count, 0)
    await Promise.all(silent)
    const refused = auditText()
      .split('\n')
      .filter((line) => line.includes('"refused"'))
    expect(sent).toBeGreaterThan(60)
    expect(refused.length).toBeGreaterThan(5)
    expect(refused.length).toBeLessThan(40)
  })

  test('L5 L6 the audit says by which way, and nothing anywhere holds the secret', async () => {
    const share = await makeTcpShare(home, 'devbox')
    const agent = await agentPid()
    await exchange(share.port, request(share))
    await exchange(share.port, request(share, { line: `GET /v1/${share.secret}?a=${share.secret} HTTP/1.1`, auth: '' }))
    await exchange(share.port, request(share, { auth: `Authorization: Bearer ${share.secret}!` }))
    const shown = [
      await home.run(['audit', '--json']),
      await home.run(['audit']),
      await home.run(['share', 'show', 'devbox', '--json']),
      await home.run(['share', 'run-args', 'devbox', '--tcp']),
      await home.run(['status', '--json']),
    ]
    const lines = auditText()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines).toContainEqual(
      expect.objectContaining({
        event: 'issued',
        share: 'devbox',
        transport: 'tcp',
        caller: { executable: 'unknown', container: 'unknown' },
      }),
    )
    expect(lines).toContainEqual(
      expect.objectContaining({ event: 'refused', share: 'devbox', transport: 'tcp', code: 'unauthorized' }),
    )
    const argv = process.platform === 'linux' ? readFileSync(`/proc/${agent}/cmdline`, 'utf8') : ''
    const state = join(home.path, 'state', 'authsock')
    const files = readdirSync(state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const texts = [
      argv,
      ...shown.flatMap(({ stdout, stderr }) => [stdout, stderr]),
      ...files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1')),
    ]
    for (const text of texts) expect(text).not.toContain(share.secret)
    expect(files.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['agent.log', 'audit.log', expect.stringMatching(/^shares-\w+\.json$/)]),
    )
  })
})

test('rules see an unknown program in no container that is known', async () => {
  writeFileSync(
    home.configFile,
    `${readFileSync(home.configFile, 'utf8')}\n[[rule]]\ndecision = "allow"\ncontainer = "none"\n\n[[rule]]\ndecision = "deny"\n`,
  )
  const share = await makeTcpShare(home, 'devbox')
  const answer = await exchange(share.port, request(share))
  expect(answer).toContain('denied by rule 2: an unknown program, by share devbox over TCP asks for')
})

/** No token, no secret, and no word for a browser. */
function nothingIn(answer: string, secret: string): void {
  expect(answer).not.toContain(narrow)
  expect(answer).not.toContain(secret)
  expect(answer.toLowerCase()).not.toContain('access-control')
  expect(answer).not.toContain('devbox')
}
