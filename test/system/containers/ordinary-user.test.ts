// S2: rules on containers if the agent is an ordinary user's and the container is root's, by real rootful podman.

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { inContainer, makeImage, podmanParts } from '../../support/podman.ts'
import { describeWith, programs } from '../../support/real-part.ts'

describeWith({ ...podmanParts, ...programs('setpriv') }, 'an agent of an ordinary user, rootful podman', () => {
  let server: AuthorizationServer
  let home: Home

  beforeAll(async () => {
    makeImage()
    server = await startAuthorizationServer()
  })

  afterAll(() => server.close())

  beforeEach(() => {
    home = new Home({ uid: 1500 })
  })

  afterEach(() => home.close())

  async function share(rules: string): Promise<readonly string[]> {
    home.config(`${workProfile(server)}\n${rules}`)
    expect((await logIn(home, server)).code).toBe(0)
    expect((await home.run(['share', 'create', 'devbox', '--scope', 'read'])).code).toBe(0)
    return (await home.run(['share', 'run-args', 'devbox'])).stdout.trim().split(' ')
  }

  async function containersInAudit(): Promise<readonly unknown[]> {
    const lines = (await home.run(['audit', '--share', 'devbox', '--json'])).stdout.trimEnd().split('\n')
    const callers = lines.map((line) => (JSON.parse(line) as { caller?: { container?: unknown } }).caller)
    return callers.filter((caller) => caller !== undefined).map(({ container }) => container)
  }

  const users: readonly (readonly [who: string, args: readonly string[]])[] = [
    ['root', []],
    ['uid 1000', ['--user', '1000']],
    ['the uid of the agent', ['--user', '1500']],
    ['with the pid namespace of the machine', ['--user', '1000', '--pid', 'host']],
    ['with all namespaces of the machine but one', ['--pid', 'host', '--ipc', 'host', '--uts', 'host', '--cgroupns', 'host']],
  ]

  test.each(users)(
    'S2 %s: a rule that denies containers',
    async (_, args) => {
      const run = await share('[[rule]]\ncontainer = "any"\ndecision = "deny"\n')
      const { code, stdout, stderr } = await inContainer('authsock-client token', [...run, ...args])
      expect([code, stdout, stderr]).toEqual([6, '', expect.stringContaining('rule')])
      const containers = await containersInAudit()
      expect(containers.length).toBeGreaterThan(0)
      for (const container of containers) expect(container).toMatch(/^[0-9a-f]{64}$|^unknown id$/)
    },
    300_000,
  )

  test('S2 a rule that allows only outside of containers', async () => {
    const run = await share('[[rule]]\ncontainer = "none"\ndecision = "allow"\n\n[[rule]]\ndecision = "deny"\n')
    expect((await home.run(['token', 'work'])).code).toBe(0)
    for (const [, args] of users) {
      const { code, stdout } = await inContainer('authsock-client token', [...run, ...args])
      expect([args, code, stdout]).toEqual([args, 6, ''])
    }
  }, 300_000)
})
