// Bazel's and NuGet's protocols as their documentation has them, through the thin client: neither tool comes from a registry
// that a test may rely on. What they are given is tried at a registry.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { runClient } from '../../support/clients.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { hasCompiler, nativePrograms } from '../../support/programs.ts'
import { describeWith } from '../../support/real-part.ts'
import { type Registry, startRegistry, tokenOf } from '../../support/registry.ts'

describeWith({ 'a C compiler': hasCompiler() }, 'tools that build', () => {
  let server: AuthorizationServer
  let home: Home
  let registry: Registry

  beforeAll(async () => {
    server = await startAuthorizationServer()
  })

  afterAll(() => server.close())

  beforeEach(async () => {
    home = new Home()
    registry = await startRegistry(home, () => ({ body: 'welcome' }))
    home.config(`${workProfile(server)}\n[[route]]\nurl = "${registry.url}"\nprofile = "work"\n`)
  })

  afterEach(async () => {
    await home.close()
    await registry.close()
  })

  describe('bazel', () => {
    const get = (uri: string) => runClient(home, 'authsock-bazel', ['get'], { stdin: JSON.stringify({ uri }) })

    test('get: headers that the server takes, and until when', async () => {
      expect((await logIn(home, server)).code).toBe(0)
      const { code, stdout, stderr } = await get(`${registry.url}/cache/blob`)
      expect([code, stderr]).toEqual([0, ''])
      const { headers, expires } = JSON.parse(stdout) as { headers: Record<string, readonly string[]>; expires: string }
      expect(headers).toEqual({ Authorization: [`Bearer ${await tokenOf(home)}`] })
      expect(expires).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
      const left = Date.parse(expires) - Date.now()
      expect([left > 3_500_000, left <= 3_600_000]).toEqual([true, true])
      const answer = await fetch(`${registry.url}/cache/blob`, {
        headers: { authorization: headers['Authorization']?.[0] ?? '' },
      })
      expect(answer.status).toBe(200)
    })

    test('get: no headers where no route leads; a failure where one does and nobody is logged in', async () => {
      expect(await get('https://elsewhere.example.com/x')).toEqual({ code: 0, stdout: '{}\n', stderr: '' })
      const { code, stdout, stderr } = await get(registry.url)
      expect([code, stdout, stderr]).toEqual([3, '', expect.stringContaining('authsock login work')])
    })

    test.each([
      ['no JSON', ['get'], 'nonsense'],
      ['no URI', ['get'], '{}'],
      ['another operation', ['put'], '{"uri":"https://elsewhere.example.com/"}'],
    ])('%s is refused', async (_, args, stdin) => {
      const { code, stdout, stderr } = await runClient(home, 'authsock-bazel', args, { stdin })
      expect([code, stdout, stderr]).toEqual([2, '', expect.stringMatching(/^authsock: /)])
    })
  })

  describe('nuget', () => {
    let plugin: NuGet

    beforeEach(() => {
      plugin = new NuGet(home)
    })

    afterEach(() => plugin.close())

    const credentials = (IsRetry: boolean, Uri = `${registry.url}/v3/index.json`) =>
      plugin.ask('GetAuthenticationCredentials', { Uri, IsRetry, IsNonInteractive: true, CanShowDialog: false })

    async function shakeHands(): Promise<void> {
      const theirs = await plugin.next()
      expect(theirs).toMatchObject({ Type: 'Request', Method: 'Handshake', Payload: { ProtocolVersion: '2.0.0' } })
      plugin.send({ ...theirs, Type: 'Response', Payload: { ResponseCode: 'Success', ProtocolVersion: '2.0.0' } })
      const ours = await plugin.ask('Handshake', { ProtocolVersion: '2.0.0', MinimumProtocolVersion: '1.0.0' })
      expect(ours).toEqual({ ResponseCode: 'Success', ProtocolVersion: '2.0.0' })
    }

    test('a whole conversation, to Close', async () => {
      expect((await logIn(home, server)).code).toBe(0)
      await shakeHands()
      const initialize = { ClientVersion: '6.12.0', Culture: 'en-US', RequestTimeout: '00:00:05' }
      expect(await plugin.ask('Initialize', initialize)).toEqual({ ResponseCode: 'Success' })
      expect(await plugin.ask('MonitorNuGetProcessExit', { ProcessId: 1 })).toEqual({ ResponseCode: 'Success' })
      expect(await plugin.ask('SetLogLevel', { LogLevel: 'Debug' })).toEqual({ ResponseCode: 'Success' })
      const nowhere = { PackageSourceRepository: null, ServiceIndex: null }
      expect(await plugin.ask('GetOperationClaims', nowhere)).toEqual({ Claims: ['Authentication'] })
      const somewhere = { PackageSourceRepository: registry.url, ServiceIndex: '{}' }
      expect(await plugin.ask('GetOperationClaims', somewhere)).toEqual({ Claims: [] })

      const first = await credentials(false)
      expect(first).toMatchObject({ ResponseCode: 'Success', Username: 'oauth2', AuthenticationTypes: ['Basic'] })
      expect(await statusWith(first)).toBe(200)
      expect(await credentials(false)).toEqual(first)

      registry.refuse(String(first['Password']))
      expect(await statusWith(first)).toBe(401)
      const second = await credentials(true)
      expect(second['Password']).not.toBe(first['Password'])
      expect(await statusWith(second)).toBe(200)

      expect(await credentials(false, 'https://elsewhere.example.com/')).toEqual({ ResponseCode: 'NotFound' })
      expect(await plugin.ask('SomethingNew', {})).toEqual({ ResponseCode: 'NotFound' })
      plugin.send({ RequestId: 'last', Type: 'Request', Method: 'Close', Payload: null })
      expect(await plugin.end()).toEqual({ code: 0, stderr: '' })
    })

    test('without a login the answer says so, and the conversation goes on', async () => {
      await shakeHands()
      expect(await credentials(false)).toEqual({
        ResponseCode: 'Error',
        Message: expect.stringContaining("profile 'work' needs a login") as string,
      })
      expect(await plugin.ask('SetLogLevel', { LogLevel: 'Debug' })).toEqual({ ResponseCode: 'Success' })
    })

    test('it ends when its stdin does', async () => {
      await shakeHands()
      plugin.hangUp()
      expect(await plugin.end()).toEqual({ code: 0, stderr: '' })
    })

    async function statusWith({ Username, Password }: Payload): Promise<number> {
      const basic = Buffer.from(`${String(Username)}:${String(Password)}`).toString('base64')
      return (await fetch(`${registry.url}/v3/index.json`, { headers: { authorization: `Basic ${basic}` } })).status
    }
  })
})

type Payload = Readonly<Record<string, unknown>>

interface Message {
  readonly RequestId: string
  readonly Type: string
  readonly Method: string
  readonly Payload: Payload | null
}

/** NuGet's part of the conversation. */
class NuGet {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>
  readonly #closed: Promise<unknown[]>
  #stderr = ''
  #count = 0

  constructor(home: Home) {
    const program = join(nativePrograms(), 'nuget-plugin-authsock')
    this.#child = spawn(program, ['-Plugin'], { env: home.env, cwd: home.path, timeout: 60_000 })
    this.#child.stdin.on('error', () => {})
    this.#child.stderr.on('data', (chunk: Buffer) => void (this.#stderr += chunk.toString()))
    this.#closed = once(this.#child, 'close')
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  send(message: Message): void {
    this.#child.stdin.write(`${JSON.stringify(message)}\r\n`)
  }

  async next(): Promise<Message> {
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error(`the plugin has ended: ${this.#stderr}`)
    return JSON.parse(value) as Message
  }

  /** The payload of the response to this very request. */
  async ask(Method: string, Payload: Payload): Promise<Payload> {
    const RequestId = `request-${++this.#count}`
    this.send({ RequestId, Type: 'Request', Method, Payload })
    const answer = await this.next()
    expect(answer).toMatchObject({ RequestId, Type: 'Response', Method })
    return answer.Payload ?? {}
  }

  hangUp(): void {
    this.#child.stdin.end()
  }

  async end(): Promise<{ readonly code: unknown; readonly stderr: string }> {
    const [code] = await this.#closed
    return { code, stderr: this.#stderr }
  }

  async close(): Promise<void> {
    this.#child.kill()
    await this.#closed
  }
}
