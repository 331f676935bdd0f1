// The real git-lfs against a server that refuses every token. It repeats a refused request without end, and asks the helper each time.

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { runGit } from '../../support/git-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { hasCompiler } from '../../support/programs.ts'
import { describeWith, isLinux, programs } from '../../support/real-part.ts'

/** After so many refused requests the connection is reset, which ends git-lfs. */
const maxRequests = 40

describeWith({ ...programs('git', 'git-lfs'), 'a C compiler': hasCompiler(), Linux: isLinux }, 'git-lfs', () => {
  let server: AuthorizationServer
  let home: Home
  const credentials: string[] = []
  const refusing = createServer((request, response) => {
    const { authorization } = request.headers
    if (authorization !== undefined) credentials.push(authorization)
    if (credentials.length >= maxRequests) return void request.socket.destroy()
    response.writeHead(401, { 'www-authenticate': 'Basic realm="lfs"', 'content-type': 'application/vnd.git-lfs+json' })
    response.end('{"message":"no"}')
  })

  beforeAll(async () => {
    home = new Home()
    server = await startAuthorizationServer()
    refusing.listen(0, '127.0.0.1')
    await once(refusing, 'listening')
  })

  afterAll(async () => {
    refusing.closeAllConnections()
    refusing.close()
    await home.close()
    await server.close()
  })

  test('H11 a server that refuses every token causes two refreshes at most, and it is said once', async () => {
    const { port } = refusing.address() as AddressInfo
    const url = `http://127.0.0.1:${port}`
    home.config(workProfile(server, `[[route]]\nurl = "${url}"\nprofile = "work"\n`))
    expect((await logIn(home, server)).code).toBe(0)
    expect((await runGit(home, ['init', '-q', 'repository'])).code).toBe(0)
    const { code } = await runGit(home, ['-C', 'repository', '-c', `lfs.url=${url}/lfs`, 'lfs', 'locks'])
    expect(code).not.toBe(0)
    expect(credentials.length).toBeGreaterThanOrEqual(maxRequests)
    expect(server.refreshes).toBeGreaterThan(0)
    expect(server.refreshes).toBeLessThanOrEqual(2)
    const log = (): string => readFileSync(join(home.path, 'state', 'authsock', 'agent.log'), 'utf8')
    await expect.poll(() => log().split('refuses every new token').length - 1).toBe(1)
  }, 60_000)
})
