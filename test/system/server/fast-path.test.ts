// L1, L3, L4: whoever asks in bytes that are known is looked at like everybody else: his uid, his share's bounds, the audit. And an
// agent ends whatever its connections wait for.

import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { describeWith, isLinux, isPosix, isRoot, programs } from '../../support/real-part.ts'
import { exchange, makeTcpShare } from '../../support/shares.ts'

const nobody = 65_534
const ask = 'GET /v1/token?profile=work HTTP/1.1\r\nHost: authsock\r\n\r\n'

describeWith({ 'Unix sockets': isPosix }, 'known bytes', () => {
  let server: AuthorizationServer
  let home: Home
  let open: Socket[]

  beforeAll(async () => {
    server = await startAuthorizationServer()
  })

  afterAll(() => server.close())

  beforeEach(async () => {
    open = []
    home = new Home()
    home.config(workProfile(server))
    expect((await logIn(home, server)).code).toBe(0)
  })

  afterEach(() => {
    for (const socket of open) socket.destroy()
    return home.close()
  })

  async function client(path = home.socket): Promise<Socket> {
    const socket = connect(path).on('error', () => {})
    open.push(socket)
    await once(socket, 'connect')
    return socket
  }

  /** The status of the next answer. */
  async function statusOf(socket: Socket, request: string): Promise<string> {
    const heard = once(socket, 'data') as Promise<[Buffer]>
    socket.write(request)
    return (await heard)[0].toString().split(' ')[1] ?? ''
  }

  const refusals = async (share: string): Promise<number> =>
    (await home.run(['audit', '--share', share, '--json'])).stdout.split('share_limited').length - 1

  test('L3 a share gives what it gives now, and each time is written down', async () => {
    const create = async (scope: string): Promise<unknown> =>
      expect((await home.run(['share', 'create', 'devbox', '--profile', 'work', '--scope', scope])).code).toBe(0)
    await create('read')
    const path = join(home.socket, '..', 'shares', 'devbox', 'agent.sock')
    const inShare = ask.replace('profile=work', 'profile=work&scope=write')
    const [main, shared] = [await client(), await client(path)]
    for (let time = 0; time < 3; time++) {
      expect(await statusOf(main, inShare)).toBe('200')
      expect(await statusOf(await client(), inShare)).toBe('200')
      expect(await statusOf(shared, inShare)).toBe('403')
      expect(await statusOf(await client(path), inShare)).toBe('403')
    }
    await expect.poll(() => refusals('devbox')).toBe(6)
    const kept = await client(path)
    await create('read write')
    expect(await statusOf(kept, inShare)).toBe('200')
    await create('read')
    expect(await statusOf(kept, inShare)).toBe('403')
    await expect.poll(() => refusals('devbox')).toBe(7)
  })

  test('L3 what was asked with a secret by TCP is not answered without', async () => {
    const { port, secret } = await makeTcpShare(home, 'box')
    const [head, rest] = [ask.slice(0, -2).replace('Host: authsock', `Host: 127.0.0.1:${port}`), 'Connection: close\r\n\r\n']
    for (let time = 0; time < 3; time++) {
      expect(await exchange(port, `${head}Authorization: Bearer ${secret}\r\n${rest}`)).toContain('HTTP/1.1 200')
      expect(await exchange(port, head + rest)).toContain('HTTP/1.1 401')
    }
  })

  test('an agent that is told to stop ends, whatever its connections wait for', async () => {
    const upgrade =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'
    const [known, unread, ended, handed, events] = [
      await client(),
      await client(),
      await client(),
      await client(),
      await client(),
    ]
    await client()
    for (let time = 0; time < 2; time++) expect(await statusOf(known, ask)).toBe('200')
    unread.pause()
    unread.write(ask.repeat(20))
    for (let time = 0; time < 500; time++) unread.write(ask)
    expect(await statusOf(ended, ask)).toBe('200')
    ended.write(ask.slice(0, 30))
    expect(await statusOf(handed, ask.replace('token', 'status'))).toBe('200')
    expect(await statusOf(events, `GET /v1/events HTTP/1.1\r\nHost: authsock\r\n${upgrade}\r\n`)).toBe('101')
    const gone = Promise.all([known, ended, handed, events].map((socket) => once(socket.resume(), 'close')))
    expect((await home.run(['stop'])).code).toBe(0)
    await gone
    await expect.poll(() => home.run(['status', '--no-start']).then(({ code }) => code)).not.toBe(0)
  })

  describeWith({ ...programs('setpriv'), root: isRoot, Linux: isLinux }, 'another user', () => {
    test('L1 gets nothing, however often he asks what others are given', async () => {
      const path = join(home.path, 'node')
      copyFileSync(process.execPath, path)
      for (const each of [home.path, join(home.path, 'run'), join(home.socket, '..'), path]) chmodSync(each, 0o755)
      chmodSync(home.socket, 0o666)
      for (let time = 0; time < 2; time++) expect(await statusOf(await client(), ask)).toBe('200')
      const script = `
        const socket = require('net').connect(${JSON.stringify(home.socket)})
        let [said, times] = ['', 0]
        const next = () => times++ < 3 ? socket.write(${JSON.stringify(ask)}) : socket.end()
        socket.on('connect', next).on('data', (chunk) => { said += chunk; next() }).on('close', () => console.log(said))`
      const { stdout, stderr } = spawnSync(
        'setpriv',
        [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', path, '-e', script],
        { encoding: 'utf8', cwd: '/' },
      )
      expect([stderr, stdout.match(/HTTP\/1.1 \d+/g)]).toEqual(['', ['HTTP/1.1 403', 'HTTP/1.1 403', 'HTTP/1.1 403']])
      expect(stdout).not.toContain('access_token')
      expect(await statusOf(await client(), ask)).toBe('200')
    })
  })
})
