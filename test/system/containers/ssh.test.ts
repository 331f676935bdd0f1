// A share at the other end of a real ssh, and over a relay's stdin and stdout.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { type Finished, Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { nativePrograms } from '../../support/programs.ts'
import { describeWith, findProgram, isLinux, isRoot, programs } from '../../support/real-part.ts'

const sshd = findProgram('sshd') ?? '/usr/sbin/sshd'

describeWith({ ...programs('ssh', 'ssh-keygen', 'sshd'), Linux: isLinux, root: isRoot }, 'ssh', () => {
  let server: AuthorizationServer
  let home: Home
  let daemon: ReturnType<typeof spawn>
  let options: readonly string[]

  beforeAll(async () => {
    server = await startAuthorizationServer()
  })

  afterAll(() => server.close())

  beforeEach(async () => {
    home = new Home()
    home.config(workProfile(server))
    expect((await logIn(home, server)).code).toBe(0)
    expect((await home.run(['share', 'create', 'remote', '--scope', 'read'])).code).toBe(0)
    await startDaemon()
  })

  afterEach(async () => {
    daemon.kill('SIGKILL')
    await home.close()
  })

  async function startDaemon(forwarding = 'AllowStreamLocalForwarding yes'): Promise<void> {
    const at = (name: string): string => join(home.path, name)
    for (const name of ['host', 'user']) spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)])
    mkdirSync('/run/sshd', { recursive: true })
    const port = await freePort()
    writeFileSync(
      at('sshd_config'),
      `ListenAddress 127.0.0.1\nPort ${port}\nHostKey ${at('host')}\nAuthorizedKeysFile ${at('user.pub')}\nStrictModes no\nPermitRootLogin yes\nUsePAM no\nPidFile none\n${forwarding}\n`,
    )
    daemon = spawn(sshd, ['-D', '-e', '-f', at('sshd_config')], { stdio: 'ignore' })
    options = [
      '-p',
      String(port),
      '-i',
      at('user'),
      '-o',
      'StrictHostKeyChecking=no',
      '-o',
      `UserKnownHostsFile=${at('known')}`,
      '-o',
      'BatchMode=yes',
      '-o',
      'LogLevel=ERROR',
      '-F',
      'none',
    ]
    for (let tries = 0; tries < 100; tries++) {
      if (spawnSync('ssh', [...options, host, 'true']).status === 0) return
      await pause(100)
    }
    throw new Error('sshd does not answer')
  }

  const host = `${userInfo().username}@127.0.0.1`
  const client = (): string => join(nativePrograms(), 'authsock-client')
  const sockets = (): readonly string[] => readdirSync('/tmp').filter((name) => name.startsWith('authsock-remote-'))
  const remote = (command: string): Promise<Finished> => home.run(['ssh', '--share', 'remote', '--', ...options, host, command])

  test('L3 AUTHSOCK leads to the share, within its bounds; nothing is left behind', async () => {
    const narrow = (await home.run(['token', 'work', '--scope', 'read'])).stdout
    expect(await remote(`${client()} token`)).toEqual({ code: 0, stdout: narrow, stderr: '' })
    const more = await remote(`${client()} token --scope write; exit 42`)
    expect([more.code, more.stderr]).toEqual([42, expect.stringContaining("does not issue the scope 'write'")])
    expect(sockets()).toEqual([])
  })

  test('a connection that dies leaves nothing in the way of the next; what has ended is swept', async () => {
    const dying = home.spawn(['ssh', '--share', 'remote', '--', ...options, host, 'sleep 60'])
    await expect.poll(sockets).toHaveLength(1)
    dying.kill('SIGKILL')
    writeFileSync('/tmp/authsock-remote-1000-0123456789ab.sock', '')
    expect((await remote(`${client()} token >/dev/null`)).code).toBe(0)
    expect(sockets()).not.toContain('authsock-remote-1000-0123456789ab.sock')
    spawnSync('sh', ['-c', 'rm -f /tmp/authsock-remote-*'])
  })

  test.each([
    [['--share', 'nosuch', '--', 'host'], 2, "there is no share 'nosuch'"],
    [['--share', 'remote', '--'], 2, 'ssh needs a host'],
    [['--share', 'remote', '--', '-p', '1'], 2, 'ssh needs a host'],
  ])('%j: says what is missing', async (args, code, why) => {
    const result = await home.run(['ssh', ...args])
    expect([result.code, result.stderr]).toEqual([code, expect.stringContaining(why)])
  })

  test.each(['AllowStreamLocalForwarding no', 'AllowTcpForwarding no\nAllowStreamLocalForwarding no', 'DisableForwarding yes'])(
    '%s: ssh says what works without it, and it does',
    async (forwarding) => {
      daemon.kill('SIGKILL')
      await startDaemon(forwarding)
      const refused = await remote('true')
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('does not allow forwarding')])
      expect(refused.stderr).toContain('`authsock relay remote -- ssh ')
      const far = join(home.path, 'far', 'agent.sock')
      const running = home.spawn(['relay', 'remote', '--', 'ssh', ...options, host, client(), 'relay', far])
      let said = ''
      running.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
      await expect.poll(() => said).toContain(`is available at ${far} on the other side`)
      const narrow = (await home.run(['token', 'work', '--scope', 'read'])).stdout
      const there = spawnSync('ssh', [...options, host, `AUTHSOCK=${far} ${client()} token`], { encoding: 'utf8' })
      expect([there.stdout, there.stderr]).toEqual([narrow, ''])
      // The connection goes, and all with it.
      running.kill('SIGKILL')
      await expect.poll(() => existsSync(far)).toBe(false)
    },
    300_000,
  )

  test('a shell there that greets everybody: what it says is shown', async () => {
    const { code, stderr } = await home.run([
      'relay',
      'remote',
      '--',
      'ssh',
      ...options,
      host,
      'echo "Welcome, all of you"; cat >&2',
    ])
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('did not start a relay; its output begins with "Welcome, all of you'),
    ])
  })

  test('a relay: one connection over stdin and stdout', async () => {
    const request = 'GET /v1/share HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
    const { code, stdout } = await home.run(['relay', 'remote'], { stdin: request })
    expect([code, stdout]).toEqual([0, expect.stringContaining('"name":"remote"')])
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}
