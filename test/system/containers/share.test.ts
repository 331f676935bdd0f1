// Shared sockets in real containers: whoever is in there gets what the share gives, and nothing else, whatever he tries.

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { inContainer, makeImage, podmanParts } from '../../support/podman.ts'
import { describeWith } from '../../support/real-part.ts'

describeWith(podmanParts, 'podman', () => {
  let server: AuthorizationServer
  let home: Home

  beforeAll(async () => {
    makeImage()
    server = await startAuthorizationServer()
  })

  afterAll(() => server.close())

  beforeEach(async () => {
    home = new Home()
    home.config(`${workProfile(server)}\n[[route]]\nurl = "https://git.example.com"\nprofile = "work"\n`)
    expect((await logIn(home, server)).code).toBe(0)
  })

  afterEach(() => home.close())

  async function share(name: string, ...more: readonly string[]): Promise<readonly string[]> {
    const made = await home.run(['share', 'create', name, '--scope', 'read', ...more])
    expect([made.code, made.stderr]).toEqual([0, expect.stringContaining("issues tokens for 'work' (scope: read)")])
    return (await home.run(['share', 'run-args', name])).stdout.trim().split(' ')
  }

  test.each([
    ['root', []],
    ['uid 1000', ['--user', '1000']],
    ['uid 54321', ['--user', '54321:54321']],
    ['no capabilities, nothing writable', ['--user', '7', '--cap-drop', 'all', '--read-only']],
  ])(
    'L3 %s: a token with fewer scopes, and helpers',
    async (_, user) => {
      const args = await share('devbox')
      const { code, stdout, stderr } = await inContainer(
        'authsock-client token && authsock-client token --json && printf "protocol=https\\nhost=git.example.com\\n\\n" | git-credential-authsock get',
        [...args, ...user],
      )
      const narrow = (await home.run(['token', 'work', '--scope', 'read'])).stdout
      const [token, json, ...git] = stdout.split('\n')
      expect([code, stderr, `${token}\n`]).toEqual([0, '', narrow])
      expect(JSON.parse(json ?? '')).toMatchObject({ profile: 'work', scope: 'read' })
      expect(git).toContain(`password=${narrow.trim()}`)
    },
    300_000,
  )

  test('L3 nothing else: no listing, no login, no administration, no other profile or scope; the refusal says what is allowed', async () => {
    const args = await share('devbox')
    const requests: readonly (readonly [method: string, path: string])[] = [
      ['GET', '/v1/status'],
      ['GET', '/v1/sessions'],
      ['GET', '/v1/sessions/work'],
      ['DELETE', '/v1/sessions/work'],
      ['GET', '/v1/secrets'],
      ['GET', '/v1/shares'],
      ['PUT', '/v1/shares/devbox'],
      ['POST', '/v1/lock'],
      ['POST', '/v1/shutdown'],
      ['PUT', '/v1/vault/master-key'],
      ['GET', '/v1/token?profile=home'],
      ['GET', '/v1/token?scope=write'],
      ['GET', '/v1/token?scope=read%20write'],
      ['GET', '/v1/../v1/status'],
      ['GET', '//v1/status'],
      ['GET', 'http://authsock/v1/status'],
      ['POST', '/v1/helper/../lock'],
    ]
    const script = requests
      .map(
        ([method, path]) =>
          `printf '${method} ${path.replaceAll('%', '%%')} HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\nContent-Length: 2\\r\\n\\r\\n{}' | raw /run/authsock/agent.sock; echo; echo ---`,
      )
      .join('\n')
    const { stdout } = await inContainer(script, args)
    const answers = stdout.split('---\n').slice(0, -1)
    expect(answers.length).toBe(requests.length)
    for (const [index, answer] of answers.entries()) {
      expect([requests[index], answer]).toEqual([requests[index], expect.stringMatching(/^HTTP\/1\.1 (403|404|200)/)])
      if (answer.startsWith('HTTP/1.1 403')) expect(answer).toContain("it issues tokens of 'work' (scope: read)")
      else
        expect([requests[index], answer]).toEqual([['POST', '/v1/helper/../lock'], expect.stringContaining('there is no helper')])
    }
    const upgrade = await inContainer(
      `printf 'GET /v1/login?profile=work HTTP/1.1\\r\\nHost: a\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\\r\\nSec-WebSocket-Version: 13\\r\\n\\r\\n' | raw /run/authsock/agent.sock`,
      args,
    )
    expect(upgrade.stdout).toContain('share_limited')
    expect((await home.run(['status', '--json'])).code).toBe(0)
    expect((await home.run(['audit', '--event', 'refused', '--json'])).stdout.split('\n').length).toBeGreaterThan(
      requests.length - 2,
    )
  })

  test('L3 the socket cannot be replaced, removed or moved, and no other share is in sight', async () => {
    const args = await share('devbox')
    await share('other', '--ttl', '1h')
    const { stdout } = await inContainer(
      'cd /run/authsock; for c in "touch x" "rm agent.sock" "mv agent.sock a" "ln agent.sock b" "mkdir c"; do $c 2>&1; done; ls -a .. .; ls -a ../..',
      args,
    )
    expect(stdout.match(/Read-only file system/g)?.length).toBe(5)
    expect(stdout).not.toContain('other')
    expect((await home.run(['share', 'list'])).stdout).toContain('other')
  })

  test('R9 an agent that is restarted, by whatever means, is found again through the same mount', async () => {
    const args = await share('devbox')
    const running = inContainer(
      'for i in $(seq 60); do authsock-client token >/dev/null 2>&1 && echo ok || echo no; sleep 0.25; done',
      args,
    )
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    const { pid } = (await home.http('GET', '/v1/status')).json<{ agent: { pid: number } }>().agent
    process.kill(pid, 'SIGKILL')
    await home.run(['start'])
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    await home.run(['stop'])
    await home.run(['start'])
    const said = (await running).stdout.trim().split('\n')
    expect(said.slice(0, 4)).toEqual(['ok', 'ok', 'ok', 'ok'])
    expect(said).toContain('no')
    expect(said.slice(-8)).toEqual(Array.from({ length: 8 }, () => 'ok'))
  })

  test('L6 who it was: its pid here, its program, its container, and the share it came by', async () => {
    const args = await share('devbox')
    await inContainer('authsock-client token', [...args, '--user', '1234'])
    const [line = ''] = (await home.run(['audit', '--share', 'devbox', '--event', 'issued', '--json'])).stdout.split('\n')
    const { caller, scope } = JSON.parse(line) as { caller: Record<string, unknown>; scope: string }
    expect(caller).toMatchObject({ uid: 1234, executable: expect.stringMatching(/authsock-client$/) })
    expect(caller['container']).toMatch(/^[0-9a-f]{64}$|^unknown id$/)
    expect(scope).toBe('read')
  })

  test('one that has ended says so; one that is removed is gone, and its name can be had again', async () => {
    const args = await share('brief', '--ttl', '1s')
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    expect((await inContainer('authsock-client token', args)).stderr).toContain("the share 'brief' has expired")
    expect((await home.run(['share', 'remove', 'brief'])).code).toBe(0)
    expect((await home.run(['share', 'remove', 'brief'])).code).toBe(2)
    const again = await share('brief')
    expect((await inContainer('authsock-client token', again)).code).toBe(0)
  })
})
