// A relay into a real container that nothing is mounted into, and over a real ssh whose server forwards no sockets.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { makeImage, podman, podmanParts, startContainer } from '../../support/podman.ts'
import { describeWith } from '../../support/real-part.ts'

describeWith(podmanParts, 'a relay into a container', () => {
  let server: AuthorizationServer
  let home: Home
  let container: ReturnType<typeof startContainer>

  beforeAll(async () => {
    makeImage()
    server = await startAuthorizationServer()
  })

  afterAll(() => server.close())

  beforeEach(async () => {
    home = new Home()
    home.config(`${workProfile(server)}\n[[route]]\nurl = "https://git.example.com"\nprofile = "work"\n`)
    expect((await logIn(home, server)).code).toBe(0)
    expect((await home.run(['share', 'create', 'devbox', '--scope', 'read'])).code).toBe(0)
    container = startContainer()
  })

  afterEach(async () => {
    container.remove()
    await home.close()
  })

  const exec = (...args: readonly string[]): readonly string[] => podman('exec', '-i', ...args)

  async function relay(...options: readonly string[]) {
    const command = exec(...options, container.name, 'authsock-client', 'relay')
    const child = home.spawn(['relay', 'devbox', '--', ...command])
    let said = ''
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const closed = once(child, 'close') as Promise<[number | null]>
    await expect.poll(() => child.exitCode !== null || said.includes('on the other side')).toBe(true)
    return Object.assign(child, { said: () => said, closed })
  }

  /** A shell script in it. */
  async function inside(script: string, ...options: readonly string[]) {
    const [program = '', ...args] = exec(...options, container.name, '/bin/sh', '-c', script)
    const child: ChildProcess = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, stdout, stderr }
  }

  /** Where the far end is; undefined where there is none. */
  const socket = async (): Promise<string | undefined> =>
    (
      await inside(
        'for s in /root/.local/state/authsock/agent.sock /.local/state/authsock/agent.sock /tmp/authsock-0/agent.sock; do [ -S $s ] && echo $s; done',
      )
    ).stdout.trim() || undefined

  test('L3 tools find it without a variable: tokens, helpers, nothing else, and its end leaves nothing', async () => {
    const running = await relay()
    const narrow = (await home.run(['token', 'work', '--scope', 'read'])).stdout
    const { code, stdout, stderr } = await inside(
      'authsock-client token && printf "protocol=https\\nhost=git.example.com\\n\\n" | git-credential-authsock get; authsock-client token --scope write',
    )
    const [token, ...git] = stdout.split('\n')
    expect([code, `${token}\n`, stderr]).toEqual([6, narrow, expect.stringContaining("does not issue the scope 'write'")])
    expect(git).toContain(`password=${narrow.trim()}`)
    const place = await socket()
    expect(running.said()).toContain(String(place))
    const refused = await inside(
      `printf 'GET /v1/status HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n' | raw ${place}`,
    )
    expect(refused.stdout).toContain('share_limited')
    running.kill('SIGINT')
    expect((await running.closed)[0]).toBe(130)
    await expect.poll(socket).toBeUndefined()
    expect((await inside('authsock-client token')).code).toBe(7)
  })

  test('100 clients at once', async () => {
    await relay()
    const narrow = (await home.run(['token', 'work', '--scope', 'read'])).stdout
    const { stdout } = await inside('for i in $(seq 100); do authsock-client token & done; wait')
    expect(stdout).toBe(narrow.repeat(100))
  })

  test('as another user of the container: a place of its own, and nobody else comes in by it', async () => {
    const env = ['--env', 'AUTHSOCK=/tmp/authsock-1234/agent.sock']
    const running = await relay('--user', '1234', ...env)
    expect(running.said()).toContain('is available at /tmp/authsock-1234/agent.sock on the other side')
    expect((await inside('authsock-client token', ...env, '--user', '1234')).code).toBe(0)
    expect((await inside('authsock-client token', ...env, '--user', '4321')).code).toBe(6)
  })

  test('R9 the agent restarts: new connections find it', async () => {
    await relay()
    await home.run(['stop'])
    expect((await inside('authsock-client token')).code).toBe(5)
    await home.run(['start'])
    expect((await inside('authsock-client token')).code).toBe(0)
  })

  test('a relay that is killed here ends there; one killed there ends here, and the next takes its place', async () => {
    const first = await relay()
    first.kill('SIGKILL')
    await expect.poll(socket).toBeUndefined()
    const second = await relay()
    await inside(
      'for p in /proc/[0-9]*; do case "$(cat $p/cmdline 2>/dev/null)" in authsock-client*relay*) kill -9 ${p#/proc/};; esac; done',
    )
    expect([(await second.closed)[0], second.said()]).toEqual([137, expect.stringContaining('on the other side')])
    expect(await socket()).toBeDefined()
    const third = await relay()
    expect((await inside('authsock-client token')).code).toBe(0)
    const fourth = await relay()
    expect((await fourth.closed)[0]).toBe(5)
    // podman may be done before the last words of what it ran have come.
    expect(fourth.said()).toMatch(/listens already|before the relay started/)
    expect((await inside('authsock-client token')).code).toBe(0)
    // The container goes, and the relay with it.
    container.remove()
    expect((await third.closed)[0]).not.toBe(0)
  })

  test('a container without the thin client, and one with a terminal', async () => {
    const missing = await home.run(['relay', 'devbox', '--', ...exec(container.name, 'nosuch', 'relay')])
    expect([missing.code, missing.stderr]).toEqual([127, expect.stringContaining('before the relay started')])
    const [program = '', ...args] = podman('exec', '-it', container.name, 'authsock-client', 'relay')
    const result = await home.run(['relay', 'devbox', '--', program, ...args])
    expect(result.code).not.toBe(0)
    expect(result.stderr).toMatch(/terminal|did not start a relay/)
    expect(spawnSync('podman', ['ps', '-q']).status).toBe(0)
  })
})
