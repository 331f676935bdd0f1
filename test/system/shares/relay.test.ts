// A relay's two real ends over a real pipe: the thin client (under AddressSanitizer where gcc is there) listens, and `authsock relay`,
// or its streams in front of a server of ours, connects.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { request } from 'node:http'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { RelayStreams } from '../../../src/cli/share/relay-streams.ts'
import { connectGreeting, maxStreams, readGreeting } from '../../../src/wire/relay-frames.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { type Finished, Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { hasCompiler, nativePrograms, twinPrograms } from '../../support/programs.ts'
import { describeWith, isLinux, isPosix, isRoot, programs } from '../../support/real-part.ts'
import { compile } from '../../../scripts/thin-client.ts'

const sanitize = ['-g', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all']
const folder = mkdtempSync(join(tmpdir(), 'authsock-relay-'))
const native = (): string => join(nativePrograms(), 'authsock-client')
let client: string

beforeAll(() => {
  const isThere = programs('gcc')['gcc'] === true && isLinux
  client = isThere ? compile(join(folder, 'client'), { command: ['gcc'], link: [] }, sanitize) : native()
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv, stdin = ''): Promise<Finished> {
  const child = spawn(program, args, { env })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  child.stdin.on('error', () => {})
  child.stdin.end(stdin)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

const isGone = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) === undefined

describeWith({ 'a C compiler': hasCompiler(), POSIX: isPosix }, 'authsock relay SHARE -- COMMAND', () => {
  let server: AuthorizationServer
  let home: Home
  let far: string

  beforeAll(async () => {
    server = await startAuthorizationServer()
  })

  afterAll(() => server.close())

  beforeEach(async () => {
    home = new Home()
    home.config(`${workProfile(server)}\n[[route]]\nurl = "https://git.example.com"\nprofile = "work"\n`)
    expect((await logIn(home, server)).code).toBe(0)
    expect((await home.run(['share', 'create', 'devbox', '--scope', 'read'])).code).toBe(0)
    far = join(home.path, 'far', 'agent.sock')
  })

  afterEach(() => home.close())

  interface Relay extends ChildProcess {
    readonly said: () => string
    readonly finished: Promise<Finished>
    /** Of the far end. */
    readonly farPid: () => number
  }

  /** Through a shell that says which process the far end is. */
  async function start(program = client, socket = far): Promise<Relay> {
    const child = home.spawn([
      'relay',
      'devbox',
      '--',
      'sh',
      '-c',
      'echo "far $$" >&2; exec "$@"',
      'sh',
      program,
      'relay',
      socket,
    ])
    let said = ''
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const finished = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout: '', stderr: said }))
    const farPid = (): number => Number(/far (\d+)/.exec(said)?.[1])
    await expect.poll(() => child.exitCode !== null || said.includes('on the other side')).toBe(true)
    return Object.assign(child, { said: () => said, finished, farPid })
  }

  const token = (socket = far): Promise<Finished> => run(client, ['token'], { ...home.env, AUTHSOCK: socket, CI: '1' })

  test('L3 a token and a helper, within the bounds of the share, and the socket is the user\u2019s alone', async () => {
    const relay = await start()
    expect(relay.said()).toContain(`the share 'devbox' is available at ${far} on the other side`)
    const narrow = (await home.run(['token', 'work', '--scope', 'read'])).stdout
    expect(await token()).toEqual({ code: 0, stdout: narrow, stderr: '' })
    const env = { ...home.env, AUTHSOCK: far }
    const git = await run(client, ['git', 'get'], env, 'protocol=https\nhost=git.example.com\n\n')
    expect(git.stdout).toContain(`password=${narrow.trim()}`)
    expect((await run(client, ['token', '--scope', 'write'], env)).stderr).toContain("does not issue the scope 'write'")
    expect((await home.http('GET', '/v1/status', { socket: far })).status).toBe(403)
    expect([lstatSync(far).mode & 0o777, lstatSync(join(far, '..')).mode & 0o777]).toEqual([0o600, 0o700])
    // The caller is the relay itself.
    const [line = ''] = (await home.run(['audit', '--share', 'devbox', '--event', 'issued', '--json'])).stdout.split('\n')
    expect(JSON.parse(line)).toMatchObject({ caller: { pid: relay.pid } })
    relay.kill('SIGTERM')
    expect([(await relay.finished).code, isGone(far)]).toEqual([143, true])
  })

  test('150 at once, more than there are streams, and large requests beside small ones', async () => {
    await start(native())
    const large = (): Promise<number> =>
      new Promise((resolve, reject) => {
        const path = '/v1/helper/git?x'
        const outgoing = request({ socketPath: far, method: 'POST', path, agent: false, headers: { host: 'a' } })
        outgoing.on('response', (response) => resolve((response.resume(), response.statusCode ?? 0)))
        outgoing.on('error', reject)
        outgoing.end(`arg get\n\nprotocol=https\nhost=git.example.com\n${`a=${'x'.repeat(998)}\n`.repeat(400)}\n`)
      })
    const narrow = (await home.run(['token', 'work', '--scope', 'read'])).stdout
    const direct = await home.http('POST', '/v1/helper/git?x', {
      headers: { 'content-type': 'application/vnd.authsock.helper' },
      body: `arg get\n\nprotocol=https\nhost=git.example.com\n${`a=${'x'.repeat(998)}\n`.repeat(400)}\n`,
    })
    const env = { ...home.env, AUTHSOCK: far }
    const small = Array.from({ length: 150 }, () => run(native(), ['token'], env))
    const [answers, sizes] = await Promise.all([Promise.all(small), Promise.all(Array.from({ length: 5 }, large))])
    expect(answers).toEqual(answers.map(() => ({ code: 0, stdout: narrow, stderr: '' })))
    expect(sizes).toEqual(sizes.map(() => direct.status))
  })

  test('R9 an agent that is restarted, or killed, is found again', async () => {
    const relay = await start()
    expect((await token()).code).toBe(0)
    const { pid } = (await home.http('GET', '/v1/status')).json<{ agent: { pid: number } }>().agent
    process.kill(pid, 'SIGKILL')
    // One that was connected when it died hears of a reset; the next finds nobody.
    const asked = async (): Promise<string> => `${(await token()).code} ${relay.said()}`
    await expect.poll(asked).toMatch(/^5 .*no agent listens/s)
    await home.run(['start'])
    expect((await token()).code).toBe(0)
    await home.run(['stop'])
    await home.run(['start'])
    expect((await token()).code).toBe(0)
  })

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s at the far end: its code, and nothing is left',
    async (signal) => {
      const relay = await start()
      process.kill(relay.farPid(), signal)
      const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }
      expect([(await relay.finished).code, isGone(far)]).toEqual([codes[signal], true])
    },
    300_000,
  )

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const)(
    '%s at this end: nothing is left over there',
    async (signal) => {
      const relay = await start()
      const idle = connect(far).on('error', () => {})
      await once(idle, 'connect')
      // Whichever way it ends: `once` would not take a reset for one.
      const closed = new Promise((resolve) => idle.resume().once('close', resolve))
      relay.kill(signal)
      await expect.poll(() => isGone(far)).toBe(true)
      await closed
      await relay.finished
    },
    300_000,
  )

  test('a far end that is killed: this end has its code, and the next takes the place', async () => {
    const relay = await start()
    process.kill(relay.farPid(), 'SIGKILL')
    expect([(await relay.finished).code, isGone(far)]).toEqual([137, false])
    await start()
    expect((await token()).code).toBe(0)
  })

  test('a place that is taken, by a relay or by an agent', async () => {
    await start()
    for (const place of [far, home.socket]) {
      const second = await start(client, place)
      expect(await second.finished).toMatchObject({ code: 5, stderr: expect.stringContaining(`listens already at ${place}`) })
    }
    expect((await token()).code).toBe(0)
    expect((await home.run(['status'])).code).toBe(0)
  })

  test.each([
    [
      'a greeting',
      "echo 'Welcome to Debian'; cat >/dev/null",
      2,
      String.raw`did not start a relay; its output begins with "Welcome to Debian\n"`,
    ],
    [
      'a greeting without end',
      "printf 'Password: '; cat >/dev/null",
      2,
      'did not start a relay; its output begins with "Password: "',
    ],
    ['a newer one', "echo 'authsock-relay 2 listens /x'; cat >/dev/null", 2, 'update authsock on this side'],
    ['an older one', "echo 'authsock-relay 0 listens /x'; cat >/dev/null", 2, 'update authsock-client on the other side'],
    ['itself', 'cat', 2, 'does not listen'],
    ['a terminal', String.raw`printf 'authsock-relay 1 listens /x\r\n'; cat >/dev/null`, 2, 'without -t'],
    ['text in the middle', "echo 'authsock-relay 1 listens /x'; echo 'disk is full now'; cat >/dev/null", 2, 'not a frame'],
    ['nothing', 'exit 42', 42, "'sh' ended with exit code 42 before the relay started"],
    ['what closes its stdout and stays', 'exec >&-; exec sleep 600', 143, 'before the relay started'],
  ])(
    '%s at the other end: what it is, in time',
    async (_, script, code, why) => {
      const result = await home.run(['relay', 'devbox', '--', 'sh', '-c', script])
      expect([result.code, result.stderr]).toEqual([code, expect.stringContaining(why)])
    },
    300_000,
  )

  test('what cannot be started, and what there is no share for', async () => {
    expect(await home.run(['relay', 'devbox', '--', '/nosuch'])).toMatchObject({ code: 127 })
    expect(await home.run(['relay', 'devbox', '--', '/etc/passwd'])).toMatchObject({ code: 126 })
    expect(await home.run(['relay', 'nosuch', '--', 'cat'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("no share 'nosuch'"),
    })
  })
})

describeWith({ 'a C compiler': hasCompiler(), POSIX: isPosix }, 'authsock-client relay', () => {
  let home: Home
  let servers: Server[]
  let children: ChildProcess[]
  let sockets: Socket[]

  beforeEach(() => {
    home = new Home()
    ;[servers, children, sockets] = [[], [], []]
  })

  afterEach(async () => {
    for (const socket of sockets) socket.destroy()
    for (const child of children) child.kill('SIGKILL')
    for (const server of servers) server.close()
    await home.close()
  })

  /** Listens over there; streams lead to `speak`. */
  async function carry(program: string, speak: (socket: Socket) => void) {
    const at = join(home.path, 'server.sock')
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket)
      socket.on('error', () => {})
      speak(socket)
    }).listen(at)
    servers.push(server)
    await once(server, 'listening')
    const far = join(home.path, 'far', 'agent.sock')
    const child = spawn(program, ['relay', far], { env: home.env, stdio: ['pipe', 'pipe', 'inherit'] })
    children.push(child)
    child.stdin.on('error', () => {})
    child.stdin.write(connectGreeting)
    const streams = new RelayStreams({
      pipe: child.stdin,
      connect: () => connect({ path: at, allowHalfOpen: true }),
      onConnected: () => {},
    })
    const [first] = (await once(child.stdout, 'data')) as [Buffer]
    expect(readGreeting(first)).toMatchObject({ state: 'greeted', socketPath: far })
    child.stdout.on('data', (chunk: Buffer) => streams.receive(chunk))
    return { far, child, streams }
  }

  async function open(path: string): Promise<Socket> {
    const socket = connect({ path, allowHalfOpen: true }).on('error', () => {})
    sockets.push(socket)
    await once(socket, 'connect')
    return socket
  }

  async function readAll(socket: Socket): Promise<Buffer> {
    const chunks: Buffer[] = []
    for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk)
    return Buffer.concat(chunks)
  }

  test('what 200 say comes back whole, however large, whoever else does not read, hangs up or says nothing', async () => {
    const { far, streams } = await carry(client, (socket) => socket.pipe(socket))
    const stuck = await Promise.all(Array.from({ length: 20 }, () => open(far)))
    for (const socket of stuck) socket.pause().write(randomBytes(400_000))
    const idle = await Promise.all(Array.from({ length: 10 }, () => open(far)))
    const sizes = Array.from({ length: 200 }, (_, index) => (index % 20 === 0 ? 1_500_000 : (index * 7919) % 40_000))
    await Promise.all(
      sizes.map(async (size, index) => {
        const socket = await open(far)
        const bytes = randomBytes(size)
        if (index % 10 === 9) {
          socket.write(bytes)
          socket.destroy()
          return
        }
        const heard = readAll(socket)
        socket.end(bytes)
        expect((await heard).equals(bytes)).toBe(true)
      }),
    )
    expect(streams.size).toBeGreaterThanOrEqual(stuck.length)
    for (const socket of [...stuck, ...idle]) socket.destroy()
    await expect.poll(() => streams.size).toBe(0)
    // Nothing of them is left over there either: as many as there may be at once are served.
    const all = await Promise.all(Array.from({ length: maxStreams }, () => open(far)))
    for (const socket of all) socket.write('x')
    await Promise.all(all.map((socket) => once(socket, 'data')))
  })

  test('one that connects in the moment in which others fill the buffer is served', async () => {
    const { far, child, streams } = await carry(native(), (socket) => socket.pipe(socket))
    const others = await Promise.all(Array.from({ length: 20 }, () => open(far)))
    await expect.poll(() => streams.size).toBe(others.length)
    child.kill('SIGSTOP')
    await Promise.all(others.map((socket) => new Promise((resolve) => socket.write(randomBytes(16_000), resolve))))
    const late = await open(far)
    const answer = readAll(late)
    late.end('late')
    child.kill('SIGCONT')
    expect((await answer).toString()).toBe('late')
  })

  test.runIf(isLinux)(
    'clients that never read cost no more than a window each',
    async () => {
      const { far, child, streams } = await carry(native(), (socket) => {
        const fill = (): void => {
          while (socket.write(Buffer.alloc(100_000)));
        }
        socket.on('drain', fill)
        fill()
      })
      const all = await Promise.all(Array.from({ length: maxStreams - 1 }, () => open(far)))
      for (const socket of all) socket.pause()
      await expect.poll(() => streams.size).toBe(all.length)
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      expect(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1])).toBeLessThan(12 * 1024)
      // And the others are served.
      const socket = await open(far)
      let heard = 0
      socket.on('data', (chunk: Buffer) => (heard += chunk.length))
      await expect.poll(() => heard).toBeGreaterThan(1_000_000)
    },
    300_000,
  )

  test('one that comes when there are as many as may be waits its turn', async () => {
    const { far, streams } = await carry(client, (socket) => socket.pipe(socket))
    const all = await Promise.all(Array.from({ length: maxStreams }, () => open(far)))
    await expect.poll(() => streams.size).toBe(maxStreams)
    const late = await open(far)
    late.write('late')
    const answer = once(late, 'data')
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(streams.size).toBe(maxStreams)
    all[7]?.destroy()
    expect(String((await answer)[0])).toBe('late')
  })

  const listen = (stdin: string, socket: string, env: NodeJS.ProcessEnv = {}): Promise<Finished> =>
    run(client, ['relay', socket], { ...home.env, ...env }, stdin)

  test.each([
    ['nothing', '', 0, ''],
    ['a newer one', 'authsock-relay 2 connects\n', 2, 'speaks version 2 of the relay protocol, and this one 1'],
    ['a listener', 'authsock-relay 1 listens /x\n', 2, 'the other end listens too'],
    ['another program', 'GET / HTTP/1.1\r\n\r\n', 2, "the first line is not a relay's: 'GET / HTTP/1.1"],
    ['a line without end', 'x'.repeat(5000), 2, 'is not a relay'],
    ['text after it', `${connectGreeting}hello there`, 2, 'not a frame'],
    ['a stream of its own', `${connectGreeting}\u0001\0\0\0\0\0\0\u0001`, 2, 'opened by the wrong end'],
  ])('%s at the other end: what it is, and the socket goes', async (_, stdin, code, why) => {
    const socket = join(home.path, 'far', 'agent.sock')
    const result = await listen(stdin, socket)
    expect([result.code, result.stderr]).toEqual([code, expect.stringContaining(why)])
    expect(isGone(socket)).toBe(true)
  })

  test('by default it listens where tools look', async () => {
    const { AUTHSOCK: _, ...env } = home.env
    for (const [more, place] of [
      [{}, home.socket],
      [{ XDG_RUNTIME_DIR: '' }, join(home.path, 'state/authsock/agent.sock')],
      [{ XDG_RUNTIME_DIR: '', XDG_STATE_HOME: '' }, join(home.path, '.local/state/authsock/agent.sock')],
      [{ AUTHSOCK: join(home.path, 'x/y/z') }, join(home.path, 'x/y/z')],
    ] as const) {
      const { stdout } = await run(client, ['relay'], { ...env, ...more })
      expect(stdout).toBe(`authsock-relay 1 listens ${place}\n`)
    }
  })

  test('L1 L10 it listens in a folder of the user\u2019s alone, and takes away nothing but a dead socket', async () => {
    const at = (...names: readonly string[]): string => join(home.path, ...names)
    mkdirSync(at('open'), { mode: 0o755 })
    mkdirSync(at('all'))
    chmodSync(at('all'), 0o777)
    mkdirSync(at('own'), { mode: 0o700 })
    mkdirSync(at('all', 'own'), { mode: 0o700 })
    symlinkSync(at('own'), at('link'))
    writeFileSync(at('own', 'file'), 'kept')
    symlinkSync(at('nowhere'), at('own', 'dangling'))
    const cases: readonly (readonly [path: string, code: number, why: string])[] = [
      ['agent.sock', 2, 'not an absolute path'],
      [`/${'x'.repeat(120)}`, 2, 'too long'],
      [at('open', 's'), 6, 'is open to others'],
      [at('link', 's'), 6, 'is a symbolic link'],
      [at('own', 'file'), 6, 'is not a socket'],
      [at('own', 'dangling'), 6, 'is a symbolic link'],
      [at('all', 'own', 's'), 6, 'above the socket can be written by others'],
      [at('own', 'file', 's'), 6, 'is not a folder'],
      ['/proc/x/s', 9, 'cannot be made'],
    ]
    for (const [path, code, why] of cases) {
      const result = await listen(connectGreeting, path)
      expect([path, result.code, result.stderr]).toEqual([path, code, expect.stringContaining(why)])
      expect(result.stderr).toContain('hint: ')
    }
    expect(readFileSync(at('own', 'file'), 'utf8')).toBe('kept')
    if (!isRoot) return
    spawnSync('chown', ['65534', at('own')])
    expect((await listen(connectGreeting, at('own', 's'))).stderr).toContain('belongs to another user')
  })

  test.runIf(isRoot && isLinux)(
    'L1 of whoever can reach the socket, only the user and root are heard',
    async () => {
      const { far, streams } = await carry(client, (socket) => socket.pipe(socket))
      chmodSync(home.path, 0o755)
      chmodSync(join(far, '..'), 0o777)
      chmodSync(far, 0o777)
      const script =
        'import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(b"x"); print(len(s.recv(1)))'
      const stranger = spawn('python3', ['-c', script, far], { uid: 65_534, gid: 65_534, stdio: ['ignore', 'pipe', 'ignore'] })
      await once(stranger, 'close')
      expect([String(stranger.stdout.read()), streams.size]).not.toContain('1\n')
      expect(streams.size).toBe(0)
    },
    300_000,
  )

  test('in a terminal, with too much said, or as its twin: what to do', async () => {
    expect(await listen('', '--help')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('authsock-client relay [SOCKET]'),
    })
    const twin = await run(join(twinPrograms(), 'authsock-client'), ['relay'], home.env)
    expect(twin).toMatchObject({ code: 2, stderr: expect.stringContaining('only the native thin client') })
    if (!existsSync('/usr/bin/script')) return
    const { stdout } = await run('script', ['-qec', `'${client}' relay`, '/dev/null'], home.env)
    expect(stdout).toContain('are a terminal')
  })
})

describeWith({ ...programs('gcc'), Linux: isLinux }, 'the streams of the far end, under AddressSanitizer', () => {
  test('clients that do what they like, another end that keeps to the protocol or does not', () => {
    const source = fileURLToPath(new URL('../../support/fuzz-streams.c', import.meta.url))
    const fuzz = compile(join(folder, 'fuzz'), { command: ['gcc'], link: [] }, sanitize, source)
    const seed = Date.now()
    const { status, stdout, stderr } = spawnSync(fuzz, [String(seed), '150'], { encoding: 'utf8' })
    expect([status, stderr], `seed ${seed}: ${stdout}`).toEqual([0, ''])
    expect(Number(/, (\d+) streams ended/.exec(stdout)?.[1])).toBeGreaterThan(10_000)
    expect(Number(/, (\d+) refused/.exec(stdout)?.[1])).toBeGreaterThan(40)
  })
})
