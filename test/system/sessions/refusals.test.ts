// Refusals that are not the last word (R17, R18): a real agent at a server that is told to refuse.

import { afterEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'

let server: AuthorizationServer
let home: Home

async function loggedIn(accessTokenTtl: number, more = ''): Promise<void> {
  server = await startAuthorizationServer({ accessTokenTtl })
  home = new Home()
  home.config(workProfile(server, `refresh = "on_demand"\n${more}`))
  await home.startAgent()
  expect((await logIn(home, server)).code).toBe(0)
}

afterEach(async () => {
  await home.close()
  await server.close()
})

/** Answers the next token request with this error; those after it are the server's own. */
const refuseOnce = (body: object, status = 400): void => {
  server.intercept = (_, response) => {
    server.intercept = undefined
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    return true
  }
}

test('finding L3 a refusal that was not final: `authsock retry` has it tried at once', async () => {
  await loggedIn(1)
  await expect
    .poll(async () => {
      refuseOnce({ error: 'invalid_grant', error_description: 'AADSTS53003: blocked by conditional access' })
      return (await home.run(['token', 'work'])).code
    })
    .toBe(3)
  server.intercept = undefined
  const refused = await home.run(['token', 'work'])
  expect(refused.stderr).toContain('AADSTS53003')
  expect(refused.stderr).toContain('`authsock retry work`')
  const retried = await home.run(['retry', 'work'])
  expect([retried.code, retried.stderr]).toEqual([0, "authsock: session 'work' is active\n"])
  expect((await home.run(['status', '--json'])).stdout).toContain('"state":"active"')
})

test('finding L3 a retry that is refused again says why, and exits as a login that is needed', async () => {
  await loggedIn(3600)
  refuseOnce({ error: 'invalid_grant', error_description: 'the grant is gone' })
  const { code, stderr } = await home.run(['retry'])
  expect([code, stderr]).toEqual([3, expect.stringContaining('the grant is gone')])
  expect((await home.run(['retry', 'nothing'])).code).toBe(2)
})

test('finding L1 a resource that the login did not ask for: refused here, by request and share, and nobody is logged out', async () => {
  await loggedIn(3600)
  const before = server.requests.length
  const resource = 'https://api.example.com'
  const token = await home.run(['token', 'work', '--resource', resource])
  expect([token.code, token.stderr]).toEqual([6, expect.stringContaining("profile 'work' does not name the resource")])
  const share = await home.run(['share', 'create', 'box', '--profile', 'work', '--all-scopes', '--resource', resource])
  expect([share.code, share.stderr]).toEqual([6, expect.stringContaining('`resources`')])
  expect(server.requests.length).toBe(before)
})

test('finding L1 a resource that the profile names is asked for at login, and given', async () => {
  await loggedIn(3600, 'resources = ["https://api.example.com"]')
  const token = await home.run(['token', 'work', '--resource', 'https://api.example.com', '--json'])
  expect(JSON.parse(token.stdout)).toMatchObject({ resource: 'https://api.example.com' })
  expect((await home.run(['retry', 'work'])).code).toBe(0)
})

const refresh = async (token: string | undefined): Promise<number> => {
  const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: server.clientId, refresh_token: token ?? '' })
  return (await fetch(`${server.issuer}/token`, { method: 'POST', body })).status
}

test('finding L15 a new login: the refresh token before is revoked at the server, and the new one works', async () => {
  await loggedIn(3600)
  const [before] = server.refreshTokens
  expect((await logIn(home, server)).code).toBe(0)
  expect(await refresh(before)).toBe(400)
  expect((await home.run(['retry', 'work'])).code).toBe(0)
})

test('finding L15 a server that ends all logins with the one that is revoked: it is found out at once, and once', async () => {
  await loggedIn(3600)
  server.intercept = (_, response, body) => {
    if (!body.includes('grant_type=refresh_token')) return false
    server.intercept = undefined
    response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}')
    return true
  }
  const ended = await logIn(home, server)
  expect([ended.code, ended.stderr]).toEqual([8, expect.stringContaining('when the one before it was revoked')])
  const before = [...server.refreshTokens].at(-1)
  expect((await logIn(home, server)).code).toBe(0)
  expect(await refresh(before)).toBe(200)
})

test('finding L13 a server that binds the refresh token to fewer scopes: noticed, said, and never asked for fewer again', async () => {
  await loggedIn(3600)
  let bound = 'offline_access openid read write'
  let issued = 0
  /** As django-oauth-toolkit does. */
  server.intercept = (_, response, body) => {
    const parameters = new URLSearchParams(body)
    if (parameters.get('grant_type') !== 'refresh_token') return false
    bound = parameters.get('scope') ?? bound
    issued += 1
    const tokens = {
      access_token: `a-${issued}`,
      refresh_token: `r-${issued}`,
      token_type: 'Bearer',
      expires_in: 3600,
      scope: bound,
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(tokens))
    return true
  }
  const scopeOf = async (args: readonly string[]): Promise<unknown> =>
    (JSON.parse((await home.run(['token', 'work', '--json', ...args])).stdout) as { scope: unknown }).scope
  expect(await scopeOf(['--scope', 'read'])).toBe('read')
  expect((await home.run(['retry', 'work'])).code).toBe(0)
  const status = JSON.parse((await home.run(['status', '--json'])).stdout) as { sessions: { scope: string }[] }
  expect(status.sessions[0]?.scope).toBe('read')
  const write = await home.run(['token', 'work', '--scope', 'write'])
  expect([write.code, write.stderr]).toEqual([6, expect.stringContaining("has narrowed the session of 'work' to 'read'")])
  bound = 'offline_access openid read write'
  expect((await logIn(home, server)).code).toBe(0)
  // The token of the login has all scopes, and is what the server is asked for.
  expect(await scopeOf(['--scope', 'read'])).toBe('offline_access openid read write')
})
