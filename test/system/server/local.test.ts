// What the machine's other users, garbage, and a curious reader of files and processes get of the agent.

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home, program } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { describeWith, isLinux, isRoot, programs } from '../../support/real-part.ts'

const nobody = 65_534
let home: Home

beforeEach(() => {
  home = new Home()
})

afterEach(() => home.close())

const pidOf = async (): Promise<number> => (await home.http('GET', '/v1/status')).json<{ agent: { pid: number } }>().agent.pid

describe('one agent for a user', () => {
  test('R9 50 started at once leave one; the other 49 exit 0 saying so', async () => {
    const agents = Array.from({ length: 50 }, () => home.spawn(['agent']))
    const said = agents.map((agent) => collect(agent))
    const ended: number[] = []
    for (const agent of agents) agent.on('exit', (code) => ended.push(code ?? -1))
    for (let tries = 0; ended.length < 49 && tries < 1200; tries++) await pause(25)
    expect(ended).toEqual(Array.from({ length: 49 }, () => 0))
    expect(said.filter((text) => text().includes('an agent is already running at')).length).toBe(49)
    const survivor = agents.find(({ exitCode }) => exitCode === null)
    for (let tries = 0; tries < 100 && !said.some((text) => text().includes('listens at')); tries++) await pause(25)
    expect(await pidOf()).toBe(survivor?.pid)
  })

  test('R9 20 clients that find nobody start one agent between them', async () => {
    const runs = await Promise.all(Array.from({ length: 20 }, () => home.run(['status', '--json'])))
    expect(runs.map(({ code, stderr }) => [code, stderr])).toEqual(Array.from({ length: 20 }, () => [0, '']))
    const pids = new Set(runs.map(({ stdout }) => (JSON.parse(stdout) as { agent: { pid: number } }).agent.pid))
    expect(pids.size).toBe(1)
  })

  test('R9 after kill -9 the next one starts at once, over the socket that was left', async () => {
    const agent = await home.startAgent()
    agent.kill('SIGKILL')
    await once(agent, 'exit')
    expect(lstatSync(home.socket).isSocket()).toBe(true)
    await home.startAgent()
    expect((await home.http('GET', '/v1/status')).status).toBe(200)
  })

  test('SIGTERM ends it cleanly: exit 0, no socket left', async () => {
    const agent = await home.startAgent()
    agent.kill('SIGTERM')
    expect(await once(agent, 'exit')).toEqual([0, null])
    expect(() => lstatSync(home.socket)).toThrow('ENOENT')
  })
})

describe('the socket', () => {
  test('L1 folder 0700, socket 0600', async () => {
    await home.startAgent()
    expect((statSync(join(home.socket, '..')).mode & 0o777).toString(8)).toBe('700')
    expect((statSync(home.socket).mode & 0o777).toString(8)).toBe('600')
  })

  test('L1 a folder that others may enter is refused, with what to do', async () => {
    const folder = join(home.socket, '..')
    mkdirSync(folder, { mode: 0o755 })
    chmodSync(folder, 0o755)
    const { code, stderr } = await home.run(['agent'])
    expect(code).toBe(6)
    expect(stderr).toContain('chmod 700')
  })

  test('L1 a link in place of the folder is refused', async () => {
    mkdirSync(join(home.path, 'elsewhere'), { mode: 0o700 })
    symlinkSync(join(home.path, 'elsewhere'), join(home.socket, '..'))
    const { code, stderr } = await home.run(['agent'])
    expect(code).toBe(6)
    expect(stderr).toContain('not a folder')
  })

  test('a path that is too long is refused before anything is made', async () => {
    const { code, stderr } = await home.run(['status'], { env: { AUTHSOCK: `/${'x'.repeat(120)}/agent.sock` } })
    expect(code).toBe(2)
    expect(stderr).toContain('AUTHSOCK')
  })

  describeWith({ ...programs('setpriv', 'curl'), root: isRoot, Linux: isLinux }, 'another user', () => {
    const asNobody = (args: readonly string[]) =>
      spawnSync('setpriv', [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', ...args], { encoding: 'utf8' })
    const curl = (): ReturnType<typeof asNobody> =>
      asNobody(['curl', '-s', '-w', ' %{http_code}', '--unix-socket', home.socket, 'http://authsock/v1/status'])

    test('L1 cannot even reach it', async () => {
      await home.startAgent()
      const { status, stdout } = curl()
      expect(status).toBe(7)
      expect(stdout).toBe(' 000')
    })

    test('L1 gets nothing where folder and socket were opened to everybody by mistake', async () => {
      await home.startAgent()
      for (const path of [home.path, join(home.path, 'run'), join(home.socket, '..')]) chmodSync(path, 0o755)
      chmodSync(home.socket, 0o666)
      const { stdout } = curl()
      expect(stdout).toContain('"code":"peer_denied"')
      expect(stdout).toContain(' 403')
      expect(stdout).not.toContain('"vault"')
    })

    test('L10 a client does not speak to a socket of somebody else', async () => {
      const folder = join(home.path, 'theirs')
      mkdirSync(folder, { mode: 0o755 })
      chmodSync(home.path, 0o755)
      execFileSync('chown', [`${nobody}`, folder])
      const socket = join(folder, 'agent.sock')
      const listener = spawn('setpriv', [
        `--reuid=${nobody}`,
        `--regid=${nobody}`,
        '--clear-groups',
        process.execPath,
        '-e',
        `require('net').createServer((s)=>s.pipe(process.stdout)).listen(${JSON.stringify(socket)},()=>console.log('listening'))`,
      ])
      const heard = collect(listener)
      for (let tries = 0; tries < 200 && !heard().includes('listening'); tries++) await pause(25)
      const { code, stderr } = await home.run(['token'], { env: { AUTHSOCK: socket } })
      listener.kill()
      expect(code).toBe(6)
      expect(stderr).toContain('belongs to another user')
      expect(heard().trim()).toBe('listening')
    })
  })
})

describe('garbage', () => {
  test('R15 L4 clients that send nonsense, half a request, too much, or vanish harm nobody', async () => {
    await home.startAgent()
    const noise: readonly (readonly [string, number | undefined])[] = [
      ['\u0000\u0001\u0002\r\n\r\n', 400],
      ['GET / HTTP/9.9\r\n\r\n', 400],
      [`GET /v1/status HTTP/1.1\r\nx: ${'a'.repeat(40_000)}\r\n\r\n`, 413],
      [`POST /v1/unlock HTTP/1.1\r\ncontent-length: 10000000\r\n\r\n${'a'.repeat(200_000)}`, 413],
      ['POST /v1/unlock HTTP/1.1\r\ncontent-length: 3\r\n\r\n{{{', 400],
      ['POST /v1/unlock HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', 400],
      ['GET /v1/token?scope=%00 HTTP/1.1\r\n\r\n', 400],
      ['GET /v1/sessions/%E0%A4%A HTTP/1.1\r\n\r\n', 400],
      ['GET /v1/../../etc/passwd HTTP/1.1\r\n\r\n', 404],
      ['DELETE /v1/token HTTP/1.1\r\n\r\n', 405],
      ['GET /v1/events HTTP/1.1\r\n\r\n', 400],
      ['GET /v1/events HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\norigin: https://evil.example\r\n\r\n', 403],
      ['GET /v1/status HTTP/1.1\r\nhost: a\r\n', undefined],
    ]
    for (const [text, status] of noise) {
      const answer = await raw(home.socket, text, status === undefined)
      if (status !== undefined) expect(answer, text.slice(0, 60)).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    }
    const vanishing = Array.from({ length: 300 }, () => connect(home.socket))
    for (const socket of vanishing) socket.on('error', () => {}).write('GET /v1/sta')
    await pause(50)
    for (const socket of vanishing) socket.destroy()
    expect((await home.http('GET', '/v1/status')).status).toBe(200)
  })

  test('L4 what is not a token request is limited in rate; it says when to come back', async () => {
    await home.startAgent()
    const answers = await Promise.all(Array.from({ length: 600 }, () => home.http('GET', '/v1/sessions')))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(100)
    expect(refused[0]?.headers['retry-after']).toBe('1')
    expect(refused[0]?.json()).toMatchObject({ code: 'too_many_requests' })
  })

  test('L4 the server never speaks first', async () => {
    await home.startAgent()
    const socket = connect(home.socket)
    let heard = 0
    socket.on('data', (chunk) => {
      heard += chunk.length
    })
    await pause(500)
    expect(heard).toBe(0)
    socket.destroy()
  })

  test('R12 a login that is under way: others get a typed answer at once', async () => {
    const server = await startAuthorizationServer()
    home.config(workProfile(server))
    await home.startAgent()
    const channel = new WebSocket(`ws+unix:${home.socket}:/v1/login?profile=work`)
    const [message] = (await once(channel, 'message')) as [Buffer]
    expect(JSON.parse(message.toString())).toMatchObject({ type: 'open_browser' })
    const waiting = await home.http('GET', '/v1/token')
    expect(waiting.status).toBe(409)
    expect(waiting.json()).toMatchObject({ code: 'login_pending', exit_code: 3 })
    const { code, stderr } = await home.run(['login', 'work', '--no-browser'])
    expect([code, stderr]).toEqual([3, expect.stringContaining('already under way')])
    // Hanging up cancels.
    channel.close()
    for (let tries = 0; tries < 100; tries++) {
      if ((await home.http('GET', '/v1/token')).json()['code'] === 'login_required') break
      await pause(25)
    }
    expect((await home.http('GET', '/v1/token')).json()['code']).toBe('login_required')
    await server.close()
  })
})

describeWith({ root: isRoot, Linux: isLinux }, 'L5 the canary', () => {
  test('L2 L5 no refresh token in any file, argument, environment, log or answer, though it was spent and stored', async () => {
    const server = await startAuthorizationServer({ accessTokenTtl: 11 })
    home.config(workProfile(server))
    const agent = await home.startAgent(['--log', 'debug'])
    const output = [await logIn(home, server)]
    for (let tries = 0; tries < 200 && server.refreshes < 2; tries++) await pause(100)
    expect(server.refreshes).toBeGreaterThanOrEqual(2)
    output.push(
      await home.run(['token', '--json']),
      await home.run(['status', '--json']),
      await home.run(['profile', 'show', 'work', '--json']),
    )
    const answers = await Promise.all(
      ['/v1/status', '/v1/sessions', '/v1/sessions/work', '/v1/token', '/v1/profiles/work/client-secret', '/v1/vault'].map(
        (path) => home.http('GET', path),
      ),
    )
    const seen = new Map<string, string>([
      ['log', agent.log()],
      ...output.map(({ stdout, stderr }, index) => [`command ${index}`, stdout + stderr] as const),
      ...answers.map(({ text }, index) => [`answer ${index}`, text] as const),
      ...filesUnder(home.path).map((path) => [path, readFileSync(path, 'latin1')] as const),
      ...processes().map(([name, text]) => [name, text] as const),
    ])
    expect(seen.size).toBeGreaterThan(30)
    expect(server.refreshTokens.size).toBeGreaterThanOrEqual(3)
    for (const token of server.refreshTokens) {
      const forms = [token, Buffer.from(token).toString('base64').slice(0, -4), Buffer.from(token).toString('hex')]
      for (const [where, text] of seen) for (const form of forms) expect(text.includes(form), where).toBe(false)
    }
    // The access token is where it was asked for, and in no log, file or process.
    const { access_token: accessToken } = JSON.parse(output[1]?.stdout ?? '') as { access_token: string }
    for (const [where, text] of seen) {
      if (!where.startsWith('command 1') && where !== 'answer 3') expect(text.includes(accessToken), where).toBe(false)
    }
    await server.close()
  })
})

describeWith({ ...programs('setpriv'), root: isRoot, Linux: isLinux }, 'L8 hardening', () => {
  test('L8 of another process of the same user: no memory, no environment, no core', async () => {
    chmodSync(home.path, 0o755)
    execFileSync('chown', ['-R', `${nobody}:${nobody}`, home.path])
    const setpriv = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] as const
    const agent = spawn(setpriv[0], [...setpriv.slice(1), process.execPath, program, 'agent'], { env: home.env })
    const log = collect(agent)
    for (let tries = 0; tries < 400 && !log().includes('listens at'); tries++) await pause(25)
    expect(log()).toContain('listens at')
    const { pid } = agent
    for (const secret of ['environ', 'mem', 'maps']) {
      const read = spawnSync(setpriv[0], [...setpriv.slice(1), 'cat', `/proc/${pid}/${secret}`], { encoding: 'utf8' })
      expect(read.stderr, secret).toContain('Permission denied')
    }
    expect(readFileSync(`/proc/${pid}/limits`, 'utf8')).toMatch(/Max core file size\s+0\s+0/)
    agent.kill()
    await once(agent, 'exit')
  })

  test('L8 NODE_OPTIONS, LD_PRELOAD and the like do not reach the agent; SIGUSR1 opens no debugger', async () => {
    const agent = await home.startAgent([], {
      ...home.env,
      NODE_OPTIONS: '--title=injected',
      LD_PRELOAD: '',
      LD_LIBRARY_PATH: '/nowhere',
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
      SSLKEYLOGFILE: join(home.path, 'keys'),
    })
    const environment = readFileSync(`/proc/${agent.pid}/environ`, 'utf8')
    expect(environment).toContain('XDG_RUNTIME_DIR=')
    expect(environment).not.toMatch(/NODE_OPTIONS|LD_|NODE_TLS|SSLKEYLOGFILE/)
    agent.kill('SIGUSR1')
    await pause(300)
    expect(agent.log()).not.toContain('Debugger')
    expect((await home.http('GET', '/v1/status')).status).toBe(200)
  })
})

describeWith({ ...programs('systemd-socket-activate', 'curl'), Linux: isLinux }, 'socket activation', () => {
  test('the first connection starts it, on the socket it was given', async () => {
    const socket = join(home.path, 'activated.sock')
    const activator = spawn('systemd-socket-activate', ['-l', socket, ...environment(home), process.execPath, program, 'agent'], {
      env: home.env,
    })
    const log = collect(activator)
    for (let tries = 0; tries < 200 && !log().includes('Listening on'); tries++) await pause(25)
    expect(log()).not.toContain('listens at')
    const { status } = await home.http('GET', '/v1/status', { socket })
    expect(status).toBe(200)
    expect(log()).toContain('listens at the socket that the service manager passed')
    activator.kill('SIGTERM')
    await once(activator, 'exit')
  })
})

const environment = ({ env }: Home): readonly string[] => Object.keys(env).flatMap((name) => ['-E', name])

function collect(child: ChildProcess): () => string {
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
  }
  return () => text
}

/** What comes back for these bytes; `leave`: hangs up without waiting. */
async function raw(path: string, text: string, leave: boolean): Promise<string> {
  const socket = connect(path)
  socket.on('error', () => {})
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk.toString()
  })
  socket.write(text)
  if (leave) {
    await pause(50)
    socket.destroy()
    return ''
  }
  for (let tries = 0; tries < 400 && !answer.includes('\r\n\r\n'); tries++) await pause(10)
  socket.destroy()
  return answer
}

function filesUnder(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

/** Arguments and environment of every process there is. */
function processes(): readonly (readonly [string, string])[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => ['cmdline', 'environ'].map((file) => `/proc/${pid}/${file}`))
    .flatMap((path) => {
      try {
        return [[path, readFileSync(path, 'latin1')] as const]
      } catch {
        return []
      }
    })
}
