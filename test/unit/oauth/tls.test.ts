// P19 and R4 with real certificates, made here by openssl, and through a real CONNECT proxy.

import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type Server } from 'node:http'
import { createServer as createHttpsServer, type Server as TlsServer } from 'node:https'
import { type AddressInfo, connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type ProfileTable, toProfile } from '../../../src/config/profile-table.ts'
import type { TokenOutcome } from '../../../src/core/ports.ts'
import { connectBy } from '../../../src/oauth/server.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { type Answer, refresh, sendJson } from '../../support/odd-server.ts'
import { describeWith, findProgram, programs } from '../../support/real-part.ts'

const source = fileURLToPath(new URL('../../../src', import.meta.url))
const execFileAsync = promisify(execFile)

describeWith(programs('openssl'), 'P19 TLS', () => {
  let folder: string
  let server: TlsServer
  let port: number
  let answer: Answer
  /** Bodies that the server read. */
  let read: string[]

  const file = (name: string): string => join(folder, name)

  /** Signed by itself, for 127.0.0.1 and as.test. */
  function makeCertificate(name: string): void {
    const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1,DNS:as.test']
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file(`${name}.key`)]
    execFileSync(findProgram('openssl') ?? '', ['req', '-x509', '-days', '2', ...subject, ...key, '-out', file(`${name}.pem`)], {
      stdio: 'pipe',
    })
  }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'authsock-tls-'))
    makeCertificate('server')
    makeCertificate('other')
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  beforeEach(async () => {
    for (const name of ['https_proxy', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY']) vi.stubEnv(name, undefined)
    read = []
    answer = sendJson({ access_token: 'a', token_type: 'Bearer' })
    server = createHttpsServer({ key: readFileSync(file('server.key')), cert: readFileSync(file('server.pem')) })
    server.on('tlsClientError', () => {})
    server.on('request', (request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        read.push(body)
        answer(request, response, body)
      })
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    ;({ port } = server.address() as AddressInfo)
  })

  afterEach(() => {
    vi.unstubAllEnvs()
    server.closeAllConnections()
    server.close()
  })

  function ask(table: Partial<ProfileTable> = {}, host = '127.0.0.1'): Promise<TokenOutcome> {
    const issuer = `https://${host}:${port}`
    const profile = toProfile('p', { issuer, client_id: 'c', endpoints: { token: `${issuer}/token` }, ...table })
    return refresh(connectBy(systemClock)(profile, async () => undefined))
  }

  const trusting = (): Partial<ProfileTable> => ({ ca_file: file('server.pem') })

  const expectUnsent = async (outcome: Promise<TokenOutcome>, code: string, words: string): Promise<void> => {
    const failure = { code, message: expect.stringContaining(words) as string }
    expect(await outcome).toMatchObject({ kind: 'not_sent', failure })
    expect(read).toEqual([])
  }

  test('a certificate that nobody vouches for: nothing is sent', () => expectUnsent(ask(), 'server_unreachable', 'self-signed'))

  test('N20 ... and the hint says what to add, not that the next call tries again', async () => {
    const outcome = await ask()
    expect(outcome.kind === 'not_sent' && outcome.failure.hint).toContain('ca_file')
    const named = await ask(trusting(), 'localhost')
    expect(named.kind === 'not_sent' && named.failure.hint).toContain('valid certificate for this name')
  })

  describe("N3 an authority in the system's store", () => {
    /** In a process of its own: the store is read once, and this variable names another one. */
    const askInProcess = (more: string): Promise<string> => {
      const issuer = `https://127.0.0.1:${port}`
      const table = `{ issuer: '${issuer}', client_id: 'c', endpoints: { token: '${issuer}/token' }, ${more} }`
      const script = `
        const { toProfile } = await import('${source}/config/profile-table.ts')
        const { connectBy } = await import('${source}/oauth/server.ts')
        const { systemClock } = await import('${source}/platform/clock.ts')
        const { redact } = await import('${source}/core/redacted.ts')
        const server = connectBy(systemClock)(toProfile('p', ${table}), async () => undefined)
        const ask = () => server.refresh({ refreshToken: redact('r'), target: {} }, new AbortController().signal)
        console.log([(await ask()).kind, (await ask()).kind].join(' '))`
      const env = { ...process.env, SSL_CERT_FILE: file('server.pem'), SSL_CERT_DIR: folder }
      return execFileAsync(process.execPath, ['--input-type=module', '-e', script], { env }).then(({ stdout }) => stdout.trim())
    }

    test('is trusted', async () => {
      expect(await askInProcess('')).toBe('tokens tokens')
      expect(read).toHaveLength(2)
    })

    test('is not where the profile says so', async () => {
      expect(await askInProcess('system_certificates: false')).toBe('not_sent not_sent')
      expect(read).toEqual([])
    })
  })

  test('ca_file adds one who does', async () => {
    expect(await ask(trusting())).toMatchObject({ kind: 'tokens' })
    expect(read).toEqual([expect.stringContaining('refresh_token=the-refresh-token')])
  })

  test('a ca_file with another: nothing is sent', () =>
    expectUnsent(ask({ ca_file: file('other.pem') }), 'server_unreachable', 'certificate'))

  test('a certificate for another name: nothing is sent', () =>
    expectUnsent(ask(trusting(), 'localhost'), 'server_unreachable', 'is for another name'))

  test('a ca_file that is gone: nothing is sent', () =>
    expectUnsent(ask({ ca_file: file('gone.pem') }), 'config_invalid', 'ca_file'))

  test('a ca_file that is read anew for each request', async () => {
    writeFileSync(file('changing.pem'), readFileSync(file('other.pem')))
    const issuer = `https://127.0.0.1:${port}`
    const table = { issuer, client_id: 'c', endpoints: { token: `${issuer}/token` }, ca_file: file('changing.pem') }
    const connected = connectBy(systemClock)(toProfile('p', table), async () => undefined)
    expect(await refresh(connected)).toMatchObject({ kind: 'not_sent' })
    writeFileSync(file('changing.pem'), readFileSync(file('server.pem')))
    expect(await refresh(connected)).toMatchObject({ kind: 'tokens' })
  })

  test('NODE_TLS_REJECT_UNAUTHORIZED=0 changes nothing', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    await expectUnsent(ask(), 'server_unreachable', 'self-signed')
    await expectUnsent(ask(trusting(), 'localhost'), 'server_unreachable', 'is for another name')
  })

  test('R4 a reset once the request was read: it may have been acted on', async () => {
    answer = (request) => void request.socket.destroy()
    expect(await ask(trusting())).toMatchObject({ kind: 'no_answer', failure: { code: 'server_timeout' } })
    expect(read).toHaveLength(1)
  })

  describe('through a proxy', () => {
    let proxy: Server
    /** Hosts that it was asked for. */
    let asked: string[]
    /** How the proxy answers CONNECT. */
    let words: string

    beforeEach(async () => {
      asked = []
      words = '200 OK'
      proxy = createHttpServer().on('connect', (request, socket) => {
        asked.push(request.url ?? '')
        socket.on('error', () => {})
        socket.write(`HTTP/1.1 ${words}\r\n\r\n`)
        if (words !== '200 OK') return socket.end()
        const onward = connectTcp(port, '127.0.0.1').on('error', () => {})
        onward.on('close', () => socket.destroy())
        socket.on('close', () => onward.destroy())
        return socket.pipe(onward).pipe(socket)
      })
      await once(proxy.listen(0, '127.0.0.1'), 'listening')
      vi.stubEnv('https_proxy', `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`)
    })

    afterEach(() => void proxy.close())

    test('the request arrives, and the proxy sees none of it', async () => {
      expect(await ask(trusting(), 'as.test')).toMatchObject({ kind: 'tokens' })
      expect([asked, read.length]).toEqual([[`as.test:${port}`], 1])
    })

    test('loopback is asked without it', async () => {
      expect(await ask(trusting())).toMatchObject({ kind: 'tokens' })
      expect(asked).toEqual([])
    })

    test('a certificate that nobody vouches for: nothing is sent, whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
      await expectUnsent(ask({}, 'as.test'), 'server_unreachable', 'self-signed')
      vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
      await expectUnsent(ask({}, 'as.test'), 'server_unreachable', 'self-signed')
      expect(asked).toHaveLength(2)
    })

    test('R4 a reset once the request was read: it may have been acted on', async () => {
      answer = (request) => void request.socket.destroy()
      expect(await ask(trusting(), 'as.test')).toMatchObject({ kind: 'no_answer', failure: { code: 'server_timeout' } })
      expect(read).toHaveLength(1)
    })

    test('R4 a proxy that refuses: nothing is sent', async () => {
      words = '403 Forbidden'
      await expectUnsent(ask(trusting(), 'as.test'), 'server_unreachable', 'cannot be reached')
      expect(asked).toHaveLength(1)
    })

    test('R4 a proxy that is down: nothing is sent', async () => {
      proxy.close()
      await once(proxy, 'close')
      await expectUnsent(ask(trusting(), 'as.test'), 'server_unreachable', 'connection refused')
    })
  })
})
