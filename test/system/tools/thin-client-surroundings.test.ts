// What a tool may leave to the client it starts: closed and full descriptors, ignored signals, a folder and a PATH of somebody
// else's, an agent that does not speak, or is none of the user's.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { type Finished, Home, program } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { hasCompiler, nativePrograms, twinPrograms } from '../../support/programs.ts'
import { describeWith, isLinux, isPosix, isRoot, programs } from '../../support/real-part.ts'
import { compile, findCompiler } from '../../../scripts/thin-client.ts'

let server: AuthorizationServer
let home: Home
let fake: Server | undefined

beforeAll(async () => {
  server = await startAuthorizationServer()
})

afterAll(() => server.close())

beforeEach(() => {
  home = new Home()
  home.config(workProfile(server))
})

afterEach(async () => {
  fake?.close()
  fake = undefined
  await home.close()
})

/** Something that listens where the agent would. */
async function listen(speak: (connection: Socket) => void): Promise<NodeJS.ProcessEnv> {
  const socket = join(home.env['XDG_RUNTIME_DIR'] ?? '', 'fake.sock')
  fake = createServer((connection) => {
    connection.on('error', () => {})
    speak(connection)
  }).listen(socket)
  await once(fake, 'listening')
  return { ...home.env, AUTHSOCK: socket }
}

const answer = (body: string, isLast = true): string =>
  `HTTP/1.1 200 OK\r\nAuthsock-Stdout: ${body.length}\r\n${isLast ? 'Authsock-Exit: 0\r\n' : ''}Content-Length: ${body.length}\r\n\r\n${body}`

async function finish(child: ChildProcess): Promise<Finished> {
  let [stdout, stderr] = ['', '']
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  child.stdin?.on('error', () => {})
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

/** The client after what a program does first that then becomes it. */
const python = (script: string, client: readonly string[], env: NodeJS.ProcessEnv): ChildProcess =>
  spawn('python3', ['-c', `import os, signal, sys\n${script}\nos.execv(sys.argv[1], sys.argv[1:])`, ...client], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })

/** The same with a shell. */
const shell = (script: string, client: readonly string[], env: NodeJS.ProcessEnv = home.env): ChildProcess =>
  spawn('bash', ['-c', script, 'sh', ...client], { env, stdio: ['ignore', 'pipe', 'pipe'], cwd: home.path })

describeWith({ 'a C compiler': hasCompiler(), POSIX: isPosix, ...programs('bash', 'python3') }, 'the surroundings', () => {
  describe.each([
    ['native', nativePrograms],
    ['twin', twinPrograms],
  ])('%s', (_, folder) => {
    const client = (name = 'authsock-client'): string => join(folder(), name)

    test.each(['>&-', '2>&- >&-', '<&- >&- 2>&-'])('closed descriptors (%s): no credential goes to the agent', async (closed) => {
      let heard = ''
      const env = await listen((connection) => {
        connection.on('data', (chunk: Buffer) => (heard += chunk.toString()))
        connection.once('data', () => connection.write(answer('the token')))
      })
      await finish(shell(`exec "$@" ${closed}`, [client(), 'token', 'work'], env))
      expect(heard).toContain('arg work')
      expect(heard).not.toContain('the token')
    })

    test('a closed stdin is an empty one', async () => {
      const env = await listen((connection) => connection.once('data', () => connection.write(answer('{"v":[1]}\n', false))))
      expect(await finish(python('os.close(0)', [client('cargo-credential-authsock')], env))).toEqual({
        code: 0,
        stdout: '{"v":[1]}\n',
        stderr: '',
      })
    })

    test.runIf(existsSync('/dev/full'))('a disk that is full is no success', async () => {
      const env = await listen((connection) => connection.once('data', () => connection.write(answer('the token'))))
      const { code, stderr } = await finish(shell('exec "$@" >/dev/full', [client(), 'token', 'work'], env))
      expect([code, stderr]).toEqual([1, 'authsock: stdout cannot be written\n'])
    })

    test('a tool that ignores the ends of its children', async () => {
      const { code, stderr } = await finish(
        python('signal.signal(signal.SIGCHLD, signal.SIG_IGN)', [client(), 'token', 'work'], { ...home.env, CI: '1' }),
      )
      expect([code, stderr]).toEqual([3, expect.stringContaining('needs a login')])
    })

    test.runIf(programs('flock')['flock'] === true)(
      'the agent that it starts holds nothing of the tool',
      async () => {
        const held = await finish(
          shell('exec 200>lock; flock 200; "$@" 2>/dev/null; exec 200>&-; flock -n lock echo free', [client(), 'token', 'work'], {
            ...home.env,
            CI: '1',
          }),
        )
        expect(held.stdout).toBe('free\n')
      },
      300_000,
    )
  })

  test('the twin as a script, as a package without a native one installs it: it is not the next one', async () => {
    const [own, real] = [join(home.path, 'own'), join(home.path, 'real')]
    for (const each of [own, real]) mkdirSync(each)
    const twin = `#!/bin/sh\nexec '${process.execPath}' '${program}' --as keyring "$@"\n`
    writeFileSync(join(own, 'keyring'), twin, { mode: 0o755 })
    writeFileSync(join(real, 'keyring'), '#!/bin/sh\necho "real $*"\n', { mode: 0o755 })
    const env = { ...home.env, PATH: `${own}:${real}:${home.env['PATH']}` }
    expect(await finish(shell('"$@"', [join(own, 'keyring'), 'get', 'x', 'y'], env))).toEqual({
      code: 0,
      stdout: 'real get x y\n',
      stderr: '',
    })
  })

  describe('native', () => {
    const client = (): string => join(nativePrograms(), 'authsock-client')
    const made = mkdtempSync(join(tmpdir(), 'authsock-hasty-'))
    let hasty: string

    beforeAll(() => {
      const compiler = findCompiler()
      if (compiler === undefined) throw new Error('no C compiler')
      hasty = compile(made, compiler, ['-Os', '-DAUTHSOCK_ANSWER_TIMEOUT_MS=1000'])
    })

    afterAll(() => rmSync(made, { recursive: true, force: true }))

    test.each([
      ['never answers', () => {}],
      [
        'answers a byte at a time without an end',
        (connection: Socket) => {
          const timer = setInterval(() => connection.write('H'), 100)
          connection.once('close', () => clearInterval(timer))
        },
      ],
    ])(
      'an agent that %s: an error in time',
      async (__, speak) => {
        const env = await listen((connection) => void connection.once('data', () => speak(connection)))
        const { code, stdout, stderr } = await finish(spawn(hasty, ['token'], { env }))
        expect([code, stdout, stderr]).toEqual([5, '', expect.stringContaining('the agent does not answer')])
      },
      300_000,
    )

    test('a conversation may pause for longer than an answer may take', async () => {
      const env = await listen((connection) => connection.on('data', () => connection.write(answer('{}\n', false))))
      const child = spawn(hasty, ['cargo'], { env })
      const finished = finish(child)
      await once(child.stdout, 'data')
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      child.stdin.end('{"v":1}\n')
      expect(await finished).toEqual({ code: 0, stdout: '{}\n{}\n', stderr: '' })
    })

    test('stdin and stdout that do not block, as some tools leave them', async () => {
      const body = 'x'.repeat(300_000)
      const env = await listen((connection) => {
        let heard = ''
        connection.on('data', (chunk: Buffer) => {
          heard += chunk.toString()
          if (heard.endsWith('\n\nhost=h\n\n')) connection.write(answer(body))
        })
      })
      const script = `
import os, subprocess, sys, time
(stdin, into), (out, stdout) = os.pipe(), os.pipe()
for each in (stdin, stdout): os.set_blocking(each, False)
child = subprocess.Popen(sys.argv[1:], stdin=stdin, stdout=stdout)
os.close(stdin); os.close(stdout)
time.sleep(0.3); os.write(into, b"host=h\\n\\n"); os.close(into); time.sleep(0.3)
print(len(os.fdopen(out, "rb").read()), child.wait())`
      const parent = spawn('python3', ['-c', script, client(), 'git', 'get'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
      expect(await finish(parent)).toEqual({ code: 0, stdout: `${body.length} 0\n`, stderr: '' })
    })

    test('handing over leaves no trace: a tool started so may still be passed on', async () => {
      expect((await logIn(home, server)).code).toBe(0)
      mkdirSync(join(home.path, 'installed'))
      symlinkSync(client(), join(home.path, 'installed', 'authsock'))
      const { code, stdout } = await finish(
        shell('"$@"', [
          join(home.path, 'installed', 'authsock'),
          'exec',
          'work',
          '--',
          'sh',
          '-c',
          'echo "[$AUTHSOCK_PASSED_ON]"',
        ]),
      )
      expect([code, stdout]).toEqual([0, '[]\n'])
    })

    test('neither the folder it is called in nor NODE_OPTIONS reach what it starts', async () => {
      const at = (...path: readonly string[]): string => join(home.path, ...path)
      for (const name of ['dist/bin', 'work']) mkdirSync(at(name), { recursive: true })
      copyFileSync(client(), at('dist/bin/authsock-client'))
      chmodSync(at('dist/bin/authsock-client'), 0o755)
      writeFileSync(at('dist/main.js'), '#!/usr/bin/env node\nconsole.error("the real one"); process.exit(4)\n', { mode: 0o755 })
      writeFileSync(at('work/node'), '#!/bin/sh\necho hijacked >&2\n', { mode: 0o755 })
      writeFileSync(at('work/evil.cjs'), 'console.error("hijacked")\n')
      for (const more of [{ PATH: `.:${dirname(process.execPath)}:/usr/bin:/bin` }, { NODE_OPTIONS: '--require ./evil.cjs' }]) {
        const env = { ...home.env, ...more }
        const child = spawn(at('dist/bin/authsock-client'), ['token', 'work'], { env, cwd: at('work') })
        expect(await finish(child)).toEqual({ code: 4, stdout: '', stderr: 'authsock: the real one\n' })
      }
    })

    test.runIf(isRoot && isLinux)(
      'L10 a socket that looks like ours, and another user listening',
      async () => {
        const folder = join(home.path, 'shared')
        mkdirSync(folder)
        chmodSync(folder, 0o777)
        chmodSync(home.path, 0o755)
        const socket = join(folder, 'agent.sock')
        const script = `
import socket, sys
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); print("ready", flush=True)
c, _ = s.accept(); print(c.recv(65536).decode(), flush=True)`
        const listener = spawn('python3', ['-c', script, socket], {
          uid: 65_534,
          gid: 65_534,
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        const heard = finish(listener)
        await once(listener.stdout, 'data')
        chownSync(socket, 0, 0)
        chmodSync(folder, 0o700)
        const { status, stderr } = spawnSync(client(), ['git', 'store'], {
          env: { ...home.env, AUTHSOCK: socket },
          input: 'protocol=https\nhost=h\nusername=u\npassword=mine\n\n',
          encoding: 'utf8',
        })
        // The listener ends when its one connection does.
        expect([status, stderr, (await heard).stdout]).toEqual([
          6,
          expect.stringContaining('another user listens at'),
          'ready\n\n',
        ])
      },
      300_000,
    )
  })
})
