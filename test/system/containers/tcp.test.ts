// Shares by TCP from real containers, as `authsock share run-args --tcp` says they are to be started: on the host's network, and
// behind a network of their own, which is what a virtual machine's looks like.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { inContainer, makeImage, podmanParts } from '../../support/podman.ts'
import { describeWith, programs } from '../../support/real-part.ts'
import { makeTcpShare, type TcpShare } from '../../support/shares.ts'

describeWith({ ...podmanParts, ...programs('slirp4netns') }, 'podman, by TCP', () => {
  let server: AuthorizationServer
  let home: Home
  let share: TcpShare

  beforeAll(async () => {
    makeImage()
    server = await startAuthorizationServer()
  })

  afterAll(() => server.close())

  beforeEach(async () => {
    home = new Home()
    home.config(`${workProfile(server)}\n[[route]]\nurl = "https://git.example.com"\nprofile = "work"\n`)
    expect((await logIn(home, server)).code).toBe(0)
    share = await makeTcpShare(home, 'devbox')
  })

  afterEach(() => home.close())

  const runArgs = async (...more: readonly string[]): Promise<readonly string[]> =>
    (await home.run(['share', 'run-args', 'devbox', ...more])).stdout.trim().split(' ')

  test.each([
    ['127.0.0.1', ['--user', '1000']],
    ['localhost', ['--user', '54321', '--cap-drop', 'all', '--read-only']],
    ['host.containers.internal', []],
  ])(
    '%s: a token with fewer scopes, and a helper',
    async (host, user) => {
      const args = await runArgs('--tcp', host)
      const { code, stdout, stderr } = await inContainer(
        'authsock-client token && printf "protocol=https\\nhost=git.example.com\\n\\n" | git-credential-authsock get',
        [...args, ...user],
      )
      const narrow = (await home.run(['token', 'work', '--scope', 'read'])).stdout
      const [token, ...git] = stdout.split('\n')
      expect([code, stderr, `${token}\n`]).toEqual([0, '', narrow])
      expect(git).toContain(`password=${narrow.trim()}`)
    },
    300_000,
  )

  test('a name that leads elsewhere, or nowhere, and a folder that is not mounted', async () => {
    const address = `AUTHSOCK=http://host.docker.internal:${share.port}`
    const mount = ['--volume', `${share.folder}:/run/authsock:ro`]
    const near = await inContainer('authsock-client token', [
      ...mount,
      '--env',
      address,
      '--network',
      'host',
      '--add-host',
      'host.docker.internal:127.0.0.1',
    ])
    expect([near.code, near.stderr]).toEqual([0, ''])
    const far = await inContainer('authsock-client token', [
      ...mount,
      '--env',
      address,
      '--add-host',
      'host.docker.internal:192.0.2.1',
    ])
    expect([far.code, far.stdout, far.stderr]).toEqual([6, '', expect.stringContaining('far from this machine')])
    const nowhere = await inContainer('authsock-client token', [...mount, '--env', address])
    expect([nowhere.code, nowhere.stderr]).toEqual([7, expect.stringContaining('the name does not resolve')])
    const bare = await inContainer('authsock-client token', ['--env', address, '--network', 'host'])
    expect([bare.code, bare.stderr]).toEqual([6, expect.stringContaining('/run/authsock/secret cannot be read')])
  })

  test('R9 an agent that is restarted is found again; a new secret is read through the same mount', async () => {
    const running = inContainer(
      'for i in $(seq 60); do authsock-client token >/dev/null 2>&1 && echo ok || echo no; sleep 0.25; done',
      await runArgs('--tcp', '127.0.0.1'),
    )
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    await home.run(['stop'])
    writeFileSync(join(share.folder, 'secret'), 'lost')
    await home.run(['start'])
    const said = (await running).stdout.trim().split('\n')
    expect(said.slice(0, 3)).toEqual(['ok', 'ok', 'ok'])
    expect(said).toContain('no')
    expect(said.slice(-8)).toEqual(Array.from({ length: 8 }, () => 'ok'))
  })

  test('every format names the address and the secret’s folder', async () => {
    const address = `http://host.docker.internal:${share.port}`
    for (const format of ['docker', 'compose', 'devcontainer', 'kubernetes']) {
      const { code, stdout, stderr } = await home.run(['share', 'run-args', 'devbox', '--tcp', '--format', format])
      expect([format, code, stdout]).toEqual([format, 0, expect.stringContaining(address)])
      expect(stdout).toContain(share.folder)
      expect(stdout).not.toContain('agent.sock')
      expect(stderr).toContain('--tcp 127.0.0.1')
    }
    const args = await runArgs('--tcp')
    expect(args.slice(args.indexOf('--add-host'))).toEqual(['--add-host', 'host.docker.internal:host-gateway'])
    expect((await home.run(['share', 'run-args', 'devbox', '--tcp', 'evil.example'])).code).toBe(2)
    expect((await home.run(['share', 'create', 'plain', '--scope', 'read'])).code).toBe(0)
    const none = await home.run(['share', 'run-args', 'plain', '--tcp'])
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('has no TCP port')])
  })
})
