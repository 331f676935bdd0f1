// What a tool depends on whatever its protocol: that the agent is found, started and trusted, that garbage is an error and never
// a crash, and that the native client and its twin do the same.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { type Finished, Home, program } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { hasCompiler, nativePrograms, twinPrograms } from '../../support/programs.ts'
import { describeWith, isLinux, isPosix, isRoot, programs } from '../../support/real-part.ts'
import { compile, findCompiler } from '../../../scripts/thin-client.ts'

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

let server: AuthorizationServer
let home: Home

beforeAll(async () => {
  server = await startAuthorizationServer()
})

afterAll(() => server.close())

beforeEach(() => {
  home = new Home()
  home.config(workProfile(server))
})

afterEach(() => home.close())

describeWith({ 'a C compiler': hasCompiler(), POSIX: isPosix }, 'the client', () => {
  describe.each([
    ['native', nativePrograms],
    ['twin', twinPrograms],
  ])('%s', (kind, folder) => {
    const client = (args: readonly string[], env: NodeJS.ProcessEnv = {}, stdin = ''): Promise<Finished> =>
      run(join(folder(), 'authsock-client'), args, { ...home.env, ...env }, stdin)

    test('R9 20 that find nobody start one agent between them, and all are answered', async () => {
      expect((await logIn(home, server)).code).toBe(0)
      await home.run(['stop'])
      const answers = await Promise.all(Array.from({ length: 20 }, () => client(['token', 'work'])))
      const token = (await home.run(['token', 'work'])).stdout
      expect(answers).toEqual(Array.from({ length: 20 }, () => ({ code: 0, stdout: token, stderr: '' })))
    })

    test('an agent that cannot start: its reason, and its exit code', async () => {
      writeFileSync(join(home.path, 'state'), 'not a folder')
      const { code, stdout, stderr } = await client(['token', 'work'])
      expect([code, stdout, stderr]).toEqual([9, '', expect.stringContaining('cannot write')])
    })

    test('AUTHSOCK must be absolute', async () => {
      const { code, stderr } = await client(['token'], { AUTHSOCK: 'agent.sock' })
      expect([code, stderr]).toEqual([2, expect.stringContaining('not an absolute path')])
    })

    test('L10 a socket that is a link, in a folder open to others, or no socket', async () => {
      await home.startAgent()
      const other = join(home.path, 'other')
      mkdirSync(other, { mode: 0o700 })
      const link = join(other, 'agent.sock')
      symlinkSync(home.socket, link)
      expect(await client(['token'], { AUTHSOCK: link })).toMatchObject({
        code: 6,
        stdout: '',
        stderr: expect.stringContaining(`${link} is a symbolic link`),
      })
      const file = join(other, 'file')
      writeFileSync(file, '')
      expect(await client(['token'], { AUTHSOCK: file })).toMatchObject({
        code: 6,
        stderr: expect.stringContaining('is not a socket'),
      })
      chmodSync(join(home.socket, '..'), 0o777)
      expect(await client(['token'])).toMatchObject({ code: 6, stderr: expect.stringContaining('can be written by others') })
      chmodSync(join(home.socket, '..'), 0o700)
    })

    test('L10 nothing is said to who listens behind a link or in a folder open to others', async () => {
      const folder = join(home.path, 'open')
      mkdirSync(folder)
      chmodSync(folder, 0o777)
      const socket = join(folder, 'agent.sock')
      const heard: string[] = []
      const listener = createServer((each) => {
        each.on('data', (bytes: Buffer) => heard.push(bytes.toString())).on('error', () => {})
      }).listen(socket)
      await once(listener, 'listening')
      const link = join(home.path, 'link.sock')
      symlinkSync(socket, link)
      const untrusted = [
        [socket, 'can be written by others'],
        [link, 'is a symbolic link'],
      ] as const
      for (const [path, why] of untrusted) {
        expect(await client(['token', 'work'], { AUTHSOCK: path })).toMatchObject({
          code: 6,
          stdout: '',
          stderr: expect.stringContaining(why),
        })
      }
      listener.close()
      expect(heard).toEqual([])
      const long = join(home.path, 'x'.repeat(120))
      expect((await client(['token', 'work'], { AUTHSOCK: long })).code).not.toBe(0)
    })

    test.runIf(isLinux)('an agent with which too many wait already is waited for', async () => {
      const [folder, path] = [join(home.path, 'full'), join(home.path, 'full', 'agent.sock')]
      mkdirSync(folder, { mode: 0o700 })
      const script = `require('net').createServer((each) => each.destroy()).listen({ path: ${JSON.stringify(path)}, backlog: 1 }, () => {
        console.log('listening')
      })`
      const listener = spawn(process.execPath, ['-e', script])
      await once(listener.stdout, 'data')
      listener.kill('SIGSTOP')
      const waiting = Array.from({ length: 4 }, () => connect(path).on('error', () => {}))
      await once(waiting[0] as Socket, 'connect')
      const trusted = client(['token', 'work'], { AUTHSOCK: path })
      setTimeout(() => listener.kill('SIGCONT'), 500)
      expect(await trusted).toMatchObject({ code: 5, stderr: expect.stringContaining('hung up') })
      for (const each of waiting) each.destroy()
      listener.kill('SIGKILL')
    })

    test.runIf(isRoot)('L10 a socket of somebody else', async () => {
      await home.startAgent()
      chownSync(home.socket, 65_534, 65_534)
      const { code, stderr } = await client(['token'])
      expect([code, stderr]).toEqual([6, expect.stringContaining('belongs to another user')])
    })

    test('keyring passes on what no route covers, with its arguments, and once only', async () => {
      const real = join(home.path, 'bin')
      mkdirSync(real)
      writeFileSync(join(real, 'keyring'), '#!/bin/sh\necho "real $*"\nexit 7\n', { mode: 0o755 })
      const env = { ...home.env, PATH: `${folder()}:${real}:${home.env['PATH']}` }
      const { code, stdout, stderr } = await run(join(folder(), 'keyring'), ['get', 'some service', 'ada'], env)
      expect([code, stdout, stderr]).toEqual([7, 'real get some service ada\n', ''])
      // Our own on the PATH is not the next one, and neither is a second copy of us.
      const copy = join(home.path, 'copy')
      mkdirSync(copy)
      const twin = `#!/bin/sh\nexec ${process.execPath} ${program} --as keyring "$@"\n`
      writeFileSync(join(copy, 'keyring'), kind === 'twin' ? twin : readFileSync(join(folder(), 'keyring')), { mode: 0o755 })
      const looped = await run(join(folder(), 'keyring'), ['get', 'x', 'y'], {
        ...home.env,
        PATH: `${folder()}:${copy}:${home.env['PATH']}`,
      })
      expect([looped.code, looped.stdout, looped.stderr]).toEqual([1, '', ''])
    })

    const head = 'HTTP/1.1 200 OK\r\n'
    const good = 'Authsock-Stdout: 3\r\nAuthsock-Exit: 0\r\n'
    test.each([
      ['nothing at all', ''],
      ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
      ['a head that does not end', head],
      ['a body that is cut', `${head}${good}Content-Length: 10\r\n\r\nabc`],
      ['a chunk that is cut', `${head}${good}Transfer-Encoding: chunked\r\n\r\n5\r\nabc`],
      ['stdout longer than the body', `${head}Authsock-Stdout: 9\r\nAuthsock-Exit: 0\r\nContent-Length: 3\r\n\r\nabc`],
      ['another service', 'HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabc'],
    ])('%s in place of an answer: an error in one line, nothing on stdout', async (_, answer) => {
      const socket = join(home.env['XDG_RUNTIME_DIR'] ?? '', 'liar.sock')
      const liar = createServer((connection) => {
        connection.on('error', () => {})
        connection.once('data', () => connection.end(answer))
      }).listen(socket)
      await once(liar, 'listening')
      const { code, stdout, stderr } = await client(['token', 'work'], { AUTHSOCK: socket })
      expect(stdout).toBe('')
      expect(stderr).toMatch(/^authsock: [^\n]+\n(hint: [^\n]+\n)?$/)
      expect(code).not.toBe(0)
      expect(code).toBeLessThan(128)
      liar.close()
    })

    test('an answer in chunks, byte by byte', async () => {
      const socket = join(home.env['XDG_RUNTIME_DIR'] ?? '', 'slow.sock')
      const slow = createServer((connection) => {
        connection.once('data', () => {
          void (async () => {
            for (const byte of `${head}${good}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n4;x=1\r\nc!?\n\r\n0\r\n\r\n`) {
              connection.write(byte)
              await new Promise((resolve) => setImmediate(resolve))
            }
            connection.end()
          })()
        })
      }).listen(socket)
      await once(slow, 'listening')
      expect(await client(['token'], { AUTHSOCK: socket })).toEqual({ code: 0, stdout: 'abc', stderr: '!?\n' })
      slow.close()
    })

    test('the agent is restarted in the middle of a conversation', async () => {
      expect((await logIn(home, server)).code).toBe(0)
      home.config(`${workProfile(server)}\n[[route]]\nurl = "https://crates.example.com"\nprofile = "work"\n`)
      const child = spawn(join(folder(), 'cargo-credential-authsock'), ['--cargo-plugin'], { env: home.env })
      let heard = ''
      child.stdout.on('data', (chunk: Buffer) => (heard += chunk.toString()))
      const line =
        '{"v":1,"registry":{"index-url":"sparse+https://crates.example.com/"},"kind":"get","operation":"read","args":[]}\n'
      child.stdin.write(line)
      await expect.poll(() => heard.split('\n').length).toBe(3)
      await home.run(['stop'])
      child.stdin.end(line)
      const [code] = (await once(child, 'close')) as [number]
      const answers = heard.trim().split('\n')
      expect([code, answers.length, answers[2]]).toEqual([0, 3, answers[1]])
    })

    test('installed as authsock it hands over what it does not know', async () => {
      if (kind === 'twin') return
      const place = join(home.path, 'installed')
      mkdirSync(place)
      symlinkSync(join(folder(), 'authsock-client'), join(place, 'authsock'))
      const own = await run(join(place, 'authsock'), ['version'], home.env)
      expect(own).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: '' })
      expect(await run(join(place, 'authsock'), ['token', '--help'], home.env)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('Usage'),
      })
    })
  })
})

describeWith({ ...programs('musl-gcc'), Linux: isLinux }, 'with musl', () => {
  test('U18 it is one small file that needs no other, as docs/tools.md says for the compiler', () => {
    const path = join(nativePrograms(), 'authsock-client')
    const { command, link } = findCompiler() ?? { command: [], link: [] }
    const hasMusl = command[0] === 'musl-gcc' || command[0] === 'zig'
    if (isLinux) expect(statSync(path).size).toBeLessThan((hasMusl ? 84 : 950) * 1024)
    if (link.includes('-static')) expect(readFileSync(path).includes('ld-linux')).toBe(false)
  })
})

describeWith({ ...programs('gcc'), Linux: isLinux }, 'under AddressSanitizer', () => {
  const folder = mkdtempSync(join(tmpdir(), 'authsock-fuzz-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const sanitize = ['-g', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all']

  test('answers that are cut, split, spliced, oversized, chunked, lying', () => {
    const fuzz = compile(
      folder,
      { command: ['gcc'], link: [] },
      sanitize,
      fileURLToPath(new URL('../../support/fuzz.c', import.meta.url)),
    )
    const seed = Date.now()
    const { status, stdout, stderr } = spawnSync(fuzz, [String(seed), '300000'], { encoding: 'utf8' })
    expect([status, stderr], `seed ${seed}: ${stdout}`).toEqual([0, ''])
    expect(Number(/, (\d+) accepted/.exec(stdout)?.[1])).toBeGreaterThan(10_000)
  })

  test('a real run of it', async () => {
    const client = compile(folder, { command: ['gcc'], link: [] }, sanitize)
    expect((await logIn(home, server)).code).toBe(0)
    const env = { ...home.env, ASAN_OPTIONS: 'detect_leaks=0' }
    const git = 'protocol=https\nhost=git.example.com\nusername=ada\npassword=pw\n\n'
    expect(await run(client, ['git', 'store'], env, git)).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(await run(client, ['git', 'get'], env, git)).toEqual({ code: 0, stdout: 'username=ada\npassword=pw\n', stderr: '' })
    expect(await run(client, ['cargo'], env, 'x\n\ny\n')).toMatchObject({ code: 0, stderr: '' })
    expect(await run(client, ['token', 'a'.repeat(100_000)], env)).toMatchObject({ code: 2, stdout: '' })
  })
})
