// A credential stays away from places that nothing leads to, also where there is but one that could be meant.

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { hasCompiler, nativePrograms } from '../../support/programs.ts'
import { describeWith, isPosix } from '../../support/real-part.ts'

describeWith({ 'a C compiler': hasCompiler(), POSIX: isPosix }, 'wrong places', () => {
  let server: AuthorizationServer
  let home: Home

  beforeAll(async () => {
    server = await startAuthorizationServer()
  })

  afterAll(() => server.close())

  beforeEach(async () => {
    home = new Home()
    home.config(`${workProfile(server)}\n[[route]]\nurl = "https://kube.example.com"\nprofile = "work"\n`)
    expect((await logIn(home, server)).code).toBe(0)
  })

  afterEach(() => home.close())

  test('a cluster that no route covers gets no token, be there one profile only', () => {
    const kubectl = (url: string | undefined, ...args: readonly string[]) =>
      spawnSync(join(nativePrograms(), 'authsock-client'), ['kubectl', ...args], {
        encoding: 'utf8',
        env: {
          ...home.env,
          KUBERNETES_EXEC_INFO: JSON.stringify({
            apiVersion: 'client.authentication.k8s.io/v1',
            spec: { interactive: false, ...(url === undefined ? {} : { cluster: { server: url } }) },
          }),
        },
      })
    expect(kubectl('https://kube.example.com').status).toBe(0)
    expect(kubectl('https://kube.example.com', '--id-token').status).toBe(0)
    expect(kubectl(undefined).status).toBe(0)
    for (const args of [[], ['--id-token']]) {
      const other = kubectl('https://kube.example.com.evil.test', ...args)
      expect([other.status, other.stdout]).toEqual([2, ''])
      expect(other.stderr).toContain('no route covers https://kube.example.com.evil.test')
    }
  })

  test('what a tool stores takes the place of no record, be it one that cannot be read', async () => {
    const git = (operation: string) =>
      spawnSync(join(nativePrograms(), 'git-credential-authsock'), [operation], {
        encoding: 'utf8',
        env: home.env,
        input: `protocol=https\nhost=git.example.com\nusername=ada\n${operation === 'get' ? '' : 'password=pw\n'}\n`,
      })
    expect((await home.run(['secret', 'add', 'git.example.com-ada', '--stdin'], { stdin: 'mine\n' })).code).toBe(0)
    const record = join(home.vault, 'secret.git.example.com-ada.sealed')
    writeFileSync(record, 'of a version to come')
    expect(git('store').status).toBe(0)
    expect(git('get').stdout).toBe('username=ada\npassword=pw\n')
    expect(readFileSync(record, 'utf8')).toBe('of a version to come')
  })

  test('a user name with control characters is no name', async () => {
    const { status, text } = await home.http('PUT', '/v1/secrets/x', { body: { value: 'v', username: 'a\u001b[8mb' } })
    expect([status, text]).toEqual([400, expect.stringContaining('control characters')])
  })
})
