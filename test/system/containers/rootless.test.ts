// Rootless containers, with the agent as the ordinary user who starts them: root in there is that user, and every other uid is
// one that the machine knows nobody by.

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { firstSubuid, inContainer, makeImage, Rootless, rootlessParts } from '../../support/podman.ts'
import { describeWith } from '../../support/real-part.ts'

describeWith(rootlessParts, 'rootless podman', () => {
  let server: AuthorizationServer
  let rootless: Rootless
  let home: Home

  beforeAll(async () => {
    rootless = new Rootless(4321)
    makeImage(rootless)
    server = await startAuthorizationServer()
  })

  afterAll(async () => {
    rootless.close()
    await server.close()
  })

  beforeEach(async () => {
    home = new Home({ uid: rootless.uid })
    home.config(`${workProfile(server)}\n[[route]]\nurl = "https://git.example.com"\nprofile = "work"\n`)
    expect(await logIn(home, server)).toMatchObject({ code: 0 })
  })

  afterEach(() => home.close())

  async function share(): Promise<readonly string[]> {
    expect((await home.run(['share', 'create', 'devbox', '--scope', 'read'])).code).toBe(0)
    return (await home.run(['share', 'run-args', 'devbox'])).stdout.trim().split(' ')
  }

  test.each([
    ['root', [], rootlessUid],
    ['uid 1000', ['--user', '1000'], () => firstSubuid + 999],
    ['the same uid as outside', ['--userns', 'keep-id'], rootlessUid],
    ['no capabilities', ['--user', '7', '--cap-drop', 'all', '--read-only'], () => firstSubuid + 6],
  ] as const)(
    'L3 L6 %s: a token with fewer scopes, refusals, and the uid that the kernel sees',
    async (_, user, uid) => {
      const args = [...(await share()), ...user]
      const refused = `printf 'GET /v1/status HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n' | raw /run/authsock/agent.sock | head -1`
      const script = `authsock-client token; ${refused}; authsock-client token --scope write 2>&1; printf 'protocol=https\\nhost=git.example.com\\n\\n' | git-credential-authsock get; touch /run/authsock/x 2>&1; rm -f /run/authsock/agent.sock 2>&1`
      const { stdout, stderr } = await inContainer(script, args, { rootless })
      const narrow = (await home.run(['token', 'work', '--scope', 'read'])).stdout.trim()
      expect(stderr).toBe('')
      const [token, status, ...rest] = stdout.split('\n')
      expect([token, status?.slice(0, 12)]).toEqual([narrow, 'HTTP/1.1 403'])
      expect(rest.join('\n')).toContain("does not issue the scope 'write'; it issues tokens of 'work' (scope: read)")
      expect(rest).toContain(`password=${narrow}`)
      expect(rest.join('\n').match(/Read-only file system/g)).toHaveLength(2)
      const lines = (await home.run(['audit', '--share', 'devbox', '--json'])).stdout.trimEnd().split('\n')
      const callers = lines.flatMap((line): readonly Record<string, unknown>[] => {
        const { caller } = JSON.parse(line) as { caller?: Record<string, unknown> }
        return caller === undefined ? [] : [caller]
      })
      expect(callers.length).toBeGreaterThanOrEqual(4)
      for (const caller of callers) {
        expect([caller['uid'], caller['container']]).toEqual([uid(), expect.stringMatching(/^[0-9a-f]{64}$|^unknown id$/)])
      }
    },
    300_000,
  )

  function rootlessUid(): number {
    return rootless.uid
  }

  test('L1 the main socket, mounted by mistake: for root in there, who is the user, and for no other uid', async () => {
    const folder = home.socket.slice(0, home.socket.lastIndexOf('/'))
    const mount = ['-v', `${folder}:/run/authsock:ro`, '-e', 'AUTHSOCK=/run/authsock/agent.sock']
    expect((await inContainer('authsock-client token', mount, { rootless })).code).toBe(0)
    const other = await inContainer('authsock-client token; ls /run/authsock', [...mount, '--user', '1000'], { rootless })
    expect([other.code === 0, other.stdout]).toEqual([false, ''])
  })

  test('L3 what a container leaves behind under uids that are not the user’s: told, and nothing is stuck', async () => {
    await share()
    const folder = `${home.socket.slice(0, home.socket.lastIndexOf('/'))}/shares/devbox`
    const mess = 'cd /run/authsock; rm agent.sock; mkdir -p mine/deep; touch mine/deep/file; chmod 777 .'
    expect((await inContainer(mess, ['-v', `${folder}:/run/authsock:rw`], { rootless })).code).toBe(0)
    const later = 'cd /run/authsock; mkdir theirs; touch theirs/file; chmod 700 theirs'
    expect((await inContainer(later, ['-v', `${folder}:/run/authsock:rw`, '--user', '1000'], { rootless })).code).toBe(0)
    expect((await home.run(['share', 'remove', 'devbox'])).code).toBe(0)
    expect((await home.run(['status', '--json'])).stdout).toContain('is left behind')
    const again = await share()
    expect((await inContainer('authsock-client token', again, { rootless })).code).toBe(0)
  })
})
