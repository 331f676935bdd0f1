// A hostile root in a real container: with a share mounted writable by mistake, on his way to another's share, and gone by the
// time he is looked at. And another user of the machine, on his way to the folders.

import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { inContainer, makeImage, podmanParts } from '../../support/podman.ts'
import { describeWith, programs } from '../../support/real-part.ts'

describeWith({ ...podmanParts, ...programs('setpriv', 'curl') }, 'attacks', () => {
  let server: AuthorizationServer
  let home: Home

  beforeAll(async () => {
    makeImage()
    server = await startAuthorizationServer()
  })

  afterAll(() => server.close())

  beforeEach(async () => {
    home = new Home()
    home.config(workProfile(server))
    expect((await logIn(home, server)).code).toBe(0)
  })

  afterEach(() => home.close())

  const shares = (): string => join(home.socket, '..', 'shares')
  const folderOf = (name: string): string => join(shares(), name)
  const create = async (name: string): Promise<void> =>
    expect((await home.run(['share', 'create', name, '--scope', 'read'])).code).toBe(0)
  const token = (name: string) => home.http('GET', '/v1/token', { socket: join(folderOf(name), 'agent.sock') })

  /** What must be as it was whatever is done in a container. */
  function victim() {
    const folder = join(home.path, 'victim')
    const file = join(folder, 'file')
    mkdirSync(folder, { mode: 0o700 })
    writeFileSync(file, 'precious', { mode: 0o600 })
    const look = () => [
      readFileSync(file, 'utf8'),
      lstatSync(file).mode & 0o777,
      lstatSync(folder).mode & 0o777,
      readdirSync(folder),
    ]
    return { folder, file, isUntouched: () => expect(look()).toEqual(['precious', 0o600, 0o700, ['file']]) }
  }

  test('L3 a share that was mounted writable: links are not followed, by a restart, a new share, or its end', async () => {
    const { folder, file, isUntouched } = victim()
    await create('devbox')
    const mount = ['-v', `${folderOf('devbox')}:/run/authsock:rw`]
    const spoil = `cd /run/authsock; rm agent.sock; ln -s ${file} agent.sock; ln -sfn ${folder} folder; mkdir -p deep/er; ln -sfn ${folder} deep/er/link; touch deep/file; ls`
    expect((await inContainer(spoil, mount)).stdout).toContain('agent.sock')
    await home.run(['stop'])
    isUntouched()
    expect((await home.run(['start'])).code).toBe(0)
    isUntouched()
    expect((await token('devbox')).status).toBe(200)
    expect(lstatSync(join(folderOf('devbox'), 'agent.sock')).isSocket()).toBe(true)

    expect((await inContainer(spoil, mount)).code).toBe(0)
    expect((await home.run(['share', 'remove', 'devbox'])).code).toBe(0)
    isUntouched()
    expect((await home.run(['status', '--json'])).stdout).toContain('is left behind')
    expect((await home.run(['share', 'list', '--json'])).stdout).toContain('"shares":[]')
    // A name that was left behind can be had again.
    await create('devbox')
    expect((await token('devbox')).status).toBe(200)
    isUntouched()
    // A folder in the socket's place: told, and no other share is harmed.
    await create('other')
    expect((await inContainer('cd /run/authsock && rm agent.sock && mkdir -p agent.sock/x', mount)).code).toBe(0)
    await home.run(['stop'])
    await home.run(['start'])
    expect((await token('other')).status).toBe(200)
    expect((await home.run(['status', '--json'])).stdout).toContain("the share 'devbox' cannot be opened")
    expect((await home.run(['share', 'list'])).stdout).toContain('devbox')
    expect((await home.run(['share', 'remove', 'devbox'])).code).toBe(0)
    isUntouched()
  })

  test('L3 no way to the share of another container, nor to the main socket', async () => {
    await create('mine')
    await create('other')
    const main = home.socket
    const other = join(folderOf('other'), 'agent.sock')
    const request = `printf 'GET /v1/token HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n'`
    const script = [
      `for s in /run/authsock/../other/agent.sock /run/other/agent.sock ${other} ${main}; do ${request} | raw $s; done`,
      `for root in /proc/[0-9]*/root /proc/[0-9]*/cwd; do for s in ${other} ${main}; do ${request} | raw $root$s; done; done`,
      'ls /proc',
      'mkdir -p /tmp/m; mount --bind /proc/1/root /tmp/m; mount -o remount,rw /run/authsock; touch /run/authsock/x',
      'cat /proc/net/unix',
      'cat /proc/self/mountinfo',
    ].join('\n')
    const { stdout } = await inContainer(script, ['-v', `${folderOf('mine')}:/run/authsock:ro`])
    expect(stdout).not.toMatch(/HTTP\/1.1|access_token/)
    expect(stdout).not.toContain('agent.sock')
    expect(existsSync(join(folderOf('mine'), 'x'))).toBe(false)
    // With the network of the machine there are abstract sockets to be seen, and none of them is ours.
    const outside = readFileSync('/proc/net/unix', 'utf8')
      .split('\n')
      .filter((line) => / @.*authsock/.test(line))
    expect(outside).toEqual([])
  })

  test('L1 another user of the machine: no look, no connection, nothing put into its place', async () => {
    await create('devbox')
    chmodSync(home.path, 0o755)
    chmodSync(join(home.path, 'run'), 0o755)
    const as = (script: string) =>
      spawnSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', 'sh', '-c', script], { encoding: 'utf8' })
    const socket = join(folderOf('devbox'), 'agent.sock')
    const tries = [
      `ls ${join(home.socket, '..')}`,
      `ls ${shares()}`,
      `ls ${folderOf('devbox')}`,
      `curl -sf --unix-socket ${socket} http://a/v1/token`,
      `curl -sf --unix-socket ${home.socket} http://a/v1/token`,
      `ln -s /tmp ${join(shares(), 'linked')}`,
      `mkdir ${join(shares(), 'made')}`,
      `rm -f ${socket} && ! test -e ${socket}`,
      `mv ${join(home.socket, '..')} ${join(home.path, 'run', 'moved')}`,
      `ln -s /tmp ${join(home.path, 'run', 'linked')}`,
    ]
    for (const script of tries.filter((each) => !each.startsWith('rm')))
      expect([script, as(script).status === 0]).toEqual([script, false])
    as(tries[7] ?? '')
    expect((await token('devbox')).status).toBe(200)
    expect(readdirSync(shares())).toEqual(['devbox'])
  })

  test('L6 gone before he is looked at, or handed on to another: unknown, or the one who connected', async () => {
    await create('devbox')
    // The one who connected ends; a child of his own asks.
    const script = `cd /tmp; (printf 'GET /v1/token HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n'; sleep 0.3) | raw /run/authsock/agent.sock`
    expect((await inContainer(script, ['-v', `${folderOf('devbox')}:/run/authsock:ro`])).stdout).toContain('200 OK')
    const python = spawn('python3', [
      '-c',
      `import socket,sys,os,time\ns=socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\nif os.fork()>0: os._exit(0)\ntime.sleep(.5)\ns.sendall(b'GET /v1/token HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n')\ns.recv(10)\n`,
      join(folderOf('devbox'), 'agent.sock'),
    ])
    await pause(1_500)
    const lines = (await home.run(['audit', '--share', 'devbox', '--event', 'issued', '--json'])).stdout.trimEnd().split('\n')
    const callers = lines.map((line) => (JSON.parse(line) as { caller: Record<string, unknown> }).caller)
    expect(callers[0]).toMatchObject({ uid: 0, executable: expect.stringMatching(/raw$/) })
    expect(callers[1]).toEqual({ uid: process.getuid?.(), pid: python.pid, executable: 'unknown', container: 'unknown' })
  })
})
