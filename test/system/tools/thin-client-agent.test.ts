// The thin client and its twin if the agent is elsewhere (H7), not running (H12), or ends in the middle of a request (H14); if nobody can
// be asked (H10), if the PATH is a repository's (S7), and if the answer tries to control the terminal (S10). Requirements R20, L16.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { type Finished, Home, program } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { hasCompiler, nativePrograms, twinPrograms } from '../../support/programs.ts'
import { describeWith, isLinux, isPosix, isRoot, programs } from '../../support/real-part.ts'

async function run(command: readonly string[], env: NodeJS.ProcessEnv, uid?: number): Promise<Finished> {
  const [path = '', ...args] = command
  const child = spawn(path, args, { env, stdio: ['ignore', 'pipe', 'pipe'], ...(uid === undefined ? {} : { uid, gid: uid }) })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('latin1')))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
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

/** A listener where the agent would be. */
async function listen(path: string, onRequest: (socket: Socket, request: string) => void): Promise<() => void> {
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 })
  const listener = createServer((socket) => {
    socket.on('error', () => {}).once('data', (bytes: Buffer) => onRequest(socket, bytes.toString()))
  }).listen(path)
  await once(listener, 'listening')
  return () => {
    listener.close()
    rmSync(path, { force: true })
  }
}

const answer = (stdout: string, stderr = ''): string =>
  `HTTP/1.1 200 OK\r\nAuthsock-Stdout: ${Buffer.byteLength(stdout)}\r\nAuthsock-Exit: 0\r\nContent-Length: ${Buffer.byteLength(stdout + stderr)}\r\n\r\n${stdout}${stderr}`

describeWith({ 'a C compiler': hasCompiler(), POSIX: isPosix }, 'the client', () => {
  describe.each([
    ['native', nativePrograms],
    ['twin', twinPrograms],
  ])('%s', (kind, folder) => {
    const client = (): string => join(folder(), 'authsock-client')

    test('H14 the agent ends in the middle of a request: another is started, and asked again', async () => {
      const token = (await logIn(home, server)).code === 0 ? (await home.run(['token', 'work'])).stdout : ''
      await home.run(['stop'])
      let requests = 0
      const stop = await listen(home.socket, (socket) => {
        requests += 1
        stop()
        socket.destroy()
      })
      expect(await run([client(), 'token', 'work'], home.env)).toEqual({ code: 0, stdout: token, stderr: '' })
      expect([requests, token === '']).toEqual([1, false])
    }, 60_000)

    test('H14 the agent ends in the middle of its answer', async () => {
      expect((await logIn(home, server)).code).toBe(0)
      await home.run(['stop'])
      const stop = await listen(home.socket, (socket) => {
        stop()
        socket.end(answer('half of a token').slice(0, -8))
      })
      const { code, stdout, stderr } = await run([client(), 'token', 'work'], home.env)
      expect([code, stdout.includes('half'), stderr]).toEqual([0, false, ''])
    }, 60_000)

    test('H14 a listener that hangs up on every request is no agent: an error, after a few tries', async () => {
      let requests = 0
      const stop = await listen(home.socket, (socket) => {
        requests += 1
        socket.destroy()
      })
      const { code, stdout, stderr } = await run([client(), 'token', 'work'], home.env)
      stop()
      expect([code, stdout, stderr]).toEqual([5, '', expect.stringContaining('hung up in the middle of its answer')])
      expect(requests).toBe(6)
    }, 60_000)

    const others = ['\u001b]0;title\u0007', '\u001b[2J', '\r', '\b', '\u007f', '\u009b31m', '\u202etxt', '\u2066', '\u200b']

    test('S10 what others wrote does not control the terminal', async () => {
      const stop = await listen(home.socket, (socket) => socket.end(answer('token\u001b', `one\ttwo\n${others.join('x')}\n`)))
      const told = await run([client(), 'token', 'work'], home.env)
      stop()
      // stdout is the tool's, and stays as it is.
      expect([told.code, told.stdout]).toEqual([0, 'token\u001b'])
      expect(told.stderr).toMatch(/^one\ttwo\n/)
      expect(told.stderr).not.toMatch(/[^\n\t\P{Cc}]|\p{Cf}/u)
      for (const each of others) {
        const { stdout, stderr } = await run([client(), `helper${each}`], home.env)
        expect([stdout, stderr]).toEqual(['', expect.stringContaining('helper')])
        expect(stderr).not.toMatch(/[^\n\P{Cc}]|\p{Cf}/u)
      }
    }, 60_000)

    test('S10 a line feed in an argument starts no line of its own', async () => {
      const { stderr } = await run([client(), 'x\nhint: do this'], home.env)
      expect(stderr).toMatch(/^authsock: .*\n {10}hint: do this'\nhint: `authsock help helpers` lists them\n$/)
    })

    test.runIf(isLinux)(
      'S7 `node` and `sh` of a folder that is first on the PATH start no agent',
      async () => {
        const [place, fake, marker] = [
          join(home.path, 'place'),
          join(home.path, 'node_modules', '.bin'),
          join(home.path, 'marker'),
        ]
        mkdirSync(fake, { recursive: true })
        mkdirSync(place)
        const script = `#!/bin/bash\necho "$0 $*" >> ${marker}\nexec ${process.execPath} "$@"\n`
        for (const name of ['node', 'sh', 'env', 'zenity']) writeFileSync(join(fake, name), script, { mode: 0o755 })
        if (kind === 'native') copyFileSync(client(), join(place, 'authsock-client'))
        symlinkSync(program, join(place, 'authsock'))
        if (kind === 'twin') symlinkSync(program, join(place, 'authsock-client'))
        expect((await logIn(home, server)).code).toBe(0)
        await home.run(['stop'])
        const env = { ...home.env, PATH: `${fake}:${home.env['PATH']}` }
        expect(await run([join(place, 'authsock-client'), 'token', 'work'], env)).toMatchObject({ code: 0, stderr: '' })
        expect(existsSync(marker) ? readFileSync(marker, 'utf8') : '').toBe('')
      },
      60_000,
    )

    describeWith({ Linux: isLinux, ...programs('python3') }, 'on a terminal', () => {
      // The session's leader is in the foreground; a process group of its own is a background job.
      const pty = (inBackground: boolean): string => `
import os, pty, subprocess, sys
pid, fd = pty.fork()
if pid == 0:
    os._exit(subprocess.run(sys.argv[1:]${inBackground ? ', preexec_fn=os.setpgrp' : ''}, timeout=60).returncode)
try:
    while os.read(fd, 1000): pass
except OSError: pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))`

      test.each([
        ['in the foreground', false],
        ['H10 a background job', true],
      ])('%s', async (_, inBackground) => {
        let request = ''
        const stop = await listen(home.socket, (socket, text) => {
          request = text
          socket.end(answer('token\n'))
        })
        const { CI: _CI, ...env } = home.env
        expect(await run(['python3', '-c', pty(inBackground), client(), 'token', 'work'], env)).toMatchObject({
          code: 0,
          stderr: '',
        })
        stop()
        expect(request.endsWith('\nterminal\n\n')).toBe(!inBackground)
      })
    })

    describeWith({ Linux: isLinux, root: isRoot }, 'without XDG_RUNTIME_DIR', () => {
      const uid = 64_321
      const session = `/run/user/${uid}`

      beforeEach(() => {
        mkdirSync(session, { recursive: true, mode: 0o700 })
        chownSync(session, uid, uid)
      })

      afterEach(() => rmSync(session, { recursive: true, force: true }))

      test("H7 the agent of the user's session is found, and none is started beside it", async () => {
        const own = new Home({ uid, env: { XDG_RUNTIME_DIR: session } })
        try {
          own.config(workProfile(server))
          expect((await logIn(own, server)).code).toBe(0)
          const { XDG_RUNTIME_DIR: _session, ...env } = own.env
          const token = await own.run(['token', 'work'])
          expect(await run([client(), 'token', 'work'], env, uid)).toEqual(token)
          await own.run(['stop'])
          // The one that is started without the variable is found with it.
          expect(await run([client(), 'token', 'work'], env, uid)).toMatchObject({ code: 0, stderr: '' })
          expect(existsSync(join(session, 'authsock/agent.sock'))).toBe(true)
          expect(existsSync(join(own.path, 'state/authsock/agent.sock'))).toBe(false)
        } finally {
          await own.close()
        }
      }, 120_000)
    })
  })

  describe('native', () => {
    /** A folder with the client, and with `authsock`, which notes each start before it runs `script`. */
    function place(script: string): { readonly client: string; readonly starts: () => number } {
      const folder = join(home.path, 'place')
      const marker = join(home.path, 'starts')
      mkdirSync(folder)
      copyFileSync(join(nativePrograms(), 'authsock-client'), join(folder, 'authsock-client'))
      writeFileSync(join(folder, 'authsock'), `#!/bin/sh\necho start >> ${marker}\n${script}\n`, { mode: 0o755 })
      return {
        client: join(folder, 'authsock-client'),
        starts: () => (existsSync(marker) ? readFileSync(marker, 'utf8').split('\n').length - 1 : 0),
      }
    }

    const real = `exec '${process.execPath}' '${program}' "$@"`

    test('H12 a hundred that find no agent: one starts it, and all are answered', async () => {
      expect((await logIn(home, server)).code).toBe(0)
      const token = (await home.run(['token', 'work'])).stdout
      await home.run(['stop'])
      const { client, starts } = place(real)
      const all = await Promise.all(Array.from({ length: 100 }, () => run([client, 'token', 'work'], home.env)))
      expect(all).toEqual(Array.from({ length: 100 }, () => ({ code: 0, stdout: token, stderr: '' })))
      expect(starts()).toBe(1)
    }, 120_000)

    test('H12 the starter fails: those that waited are told why, and do not try themselves', async () => {
      const { client, starts } = place('sleep 4; printf "authsock: the disk is full\\nhint: free some space\\n" >&2; exit 9')
      const all = await Promise.all(Array.from({ length: 20 }, () => run([client, 'token', 'work'], home.env)))
      const told = { code: 9, stdout: '', stderr: 'authsock: the disk is full\nhint: free some space\n' }
      expect(all).toEqual(Array.from({ length: 20 }, () => told))
      expect(starts()).toBe(1)
    }, 120_000)

    test('H14 the starter is killed: it is started again', async () => {
      expect((await logIn(home, server)).code).toBe(0)
      await home.run(['stop'])
      const { client, starts } = place(`[ "$(wc -l < ${home.path}/starts)" -gt 2 ] || kill -9 $$\n${real}`)
      expect(await run([client, 'token', 'work'], home.env)).toMatchObject({ code: 0, stderr: '' })
      expect(starts()).toBe(3)
    }, 120_000)
  })
})
