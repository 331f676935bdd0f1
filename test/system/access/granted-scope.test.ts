// R16: what the server granted, not what was asked, bounds what leaves. A server that answers each refresh with a wide token.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { answer, FaultProxy } from '../../support/fault-proxy.ts'
import { Home } from '../../support/home.ts'
import { logIn } from '../../support/login.ts'
import { describeWith, isPosix } from '../../support/real-part.ts'

const wide = 'openid offline_access read write'

describeWith({ 'Unix sockets': isPosix }, 'a server that grants more than was asked', () => {
  let server: AuthorizationServer
  let proxy: FaultProxy
  let home: Home

  beforeAll(async () => {
    server = await startAuthorizationServer()
    proxy = await FaultProxy.start(`${server.issuer}/token`)
  })

  afterAll(async () => {
    proxy.close()
    await server.close()
  })

  beforeEach(async () => {
    home = new Home()
    home.config(profile())
    proxy.fault = undefined
    expect((await logIn(home, server)).code).toBe(0)
    proxy.fault = async ({ response, forward }) => {
      const reply = await forward()
      const body: unknown = { ...(JSON.parse(reply.body) as object), scope: wide }
      answer(response, { ...reply, body: JSON.stringify(body) })
    }
  })

  afterEach(() => home.close())

  const profile = (rules = ''): string => `[profile.work]
issuer = "${server.issuer}"
client_id = "${server.clientId}"
scopes = ["openid", "offline_access", "read", "write"]
[profile.work.endpoints]
token = "${proxy.url}"
authorization = "${server.issuer}/auth"
jwks = "${server.issuer}/jwks"
${rules}`
  const byShare = (query = ''): ReturnType<Home['http']> =>
    home.http('GET', `/v1/token${query}`, { socket: join(home.socket, '..', 'shares', 's1', 'agent.sock') })
  const lastLine = (): Record<string, unknown> =>
    JSON.parse(readFileSync(join(home.path, 'state/authsock/audit.log'), 'utf8').trimEnd().split('\n').at(-1) ?? '') as Record<
      string,
      unknown
    >

  test('S3 a share: the wide token does not leave, the refusal says why and how to accept it, and it is audited', async () => {
    expect((await home.run(['share', 'create', 's1', '--profile', 'work', '--scope', 'read'])).code).toBe(0)
    for (const query of ['', '?scope=read']) {
      const refused = await byShare(query)
      expect(refused.json()).toMatchObject({
        code: 'share_limited',
        detail: expect.stringContaining(
          "does not issue the scope 'offline_access', 'openid', 'write', which the server grants all the same",
        ),
        hint: expect.stringContaining('--allow-wider-scope'),
      })
      expect(refused.text).not.toContain('access_token')
    }
    await expect
      .poll(lastLine)
      .toMatchObject({ event: 'refused', code: 'share_limited', share: 's1', credential: 'access_token' })
    const made = ['share', 'create', 's1', '--profile', 'work', '--scope', 'read', '--allow-wider-scope']
    expect((await home.run(made)).code).toBe(0)
    expect((await byShare()).json()).toMatchObject({ scope: expect.stringContaining('write') })
    expect((await byShare('?scope=write')).json()).toMatchObject({ code: 'share_limited' })
  })

  test.each([
    ['an allow rule with scopes', 'decision = "allow"\nscopes = ["read"]\n[[rule]]\ndecision = "deny"', 'denied'],
    ['a deny rule for a scope', 'decision = "deny"\nscopes = ["write"]', 'denied'],
  ])(
    'S3 %s',
    async (_, rule, code) => {
      home.config(profile(`[[rule]]\n${rule}\n`))
      await expect
        .poll(async () => (await home.http('GET', '/v1/token?profile=work&scope=read')).json<{ code: string }>().code)
        .toBe(code)
    },
    300_000,
  )

  test('S3 an ask rule: the user is asked again, with the scope that was granted', async () => {
    home.config(profile('[[rule]]\ndecision = "ask"\n'))
    // The new agent reads the new file.
    await home.run(['stop'])
    await home.run(['start'])
    const asked = home.http('GET', '/v1/token?profile=work&scope=read')
    const pending = async () =>
      (await home.http('GET', '/v1/approvals')).json<{ approvals: { id: string; scope?: string }[] }>().approvals
    for (const scope of ['read', 'offline_access openid read write']) {
      await expect.poll(async () => (await pending()).map((each) => each.scope)).toEqual([scope])
      const [approval] = await pending()
      await home.http('POST', `/v1/approvals/${approval?.id}`, { body: { decision: 'allow' } })
    }
    expect((await asked).status).toBe(200)
  })

  test('S4 a share without a resource: another target is refused before the server is asked', async () => {
    proxy.fault = undefined
    expect((await home.run(['share', 'create', 's1', '--profile', 'work', '--scope', 'read'])).code).toBe(0)
    const before = proxy.passed.length
    for (const query of ['?resource=urn:x:1', '?resource=urn:x:2', '?audience=x']) {
      expect((await byShare(query)).json()).toMatchObject({ code: 'share_limited' })
    }
    expect(proxy.passed.length).toBe(before)
    expect((await home.run(['status'])).stdout).toMatch(/work +active/)
  })
})
