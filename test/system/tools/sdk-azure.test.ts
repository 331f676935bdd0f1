// Azure's own libraries as if on an App Service with a managed identity, and azd's protocol as its documentation has it.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { describeWith } from '../../support/real-part.ts'
import { currentToken, nodePackage, runNode, runPython, sdkPath, sdks, serve } from '../../support/sdks.ts'

const timeout = 60_000
const resource = 'https://management.example.com'

describeWith(sdks, 'Azure', () => {
  let server: AuthorizationServer
  let home: Home

  beforeAll(async () => {
    server = await startAuthorizationServer()
    home = new Home()
    home.config(workProfile(server, `resource = "${resource}"`))
    await logIn(home, server)
  })

  afterAll(async () => {
    await home.close()
    await server.close()
  })

  const expiry = async (): Promise<number> =>
    (await home.http('GET', '/v1/token?profile=work')).json<{ expires_at: number }>().expires_at

  const python = (credential: string): string => `
import json, logging, azure.identity
logging.disable(logging.CRITICAL)
try:
    token = azure.identity.${credential}().get_token("${resource}/.default")
    print(json.dumps([token.token, token.expires_on]))
except Exception as error:
    print(json.dumps(str(error)))`

  test(
    'exec --azure: the default credential is the managed identity, whatever was in the environment',
    async () => {
      const env = {
        PATH: sdkPath(),
        AZURE_TENANT_ID: 'tenant',
        AZURE_CLIENT_ID: '00000000-0000-0000-0000-000000000001',
        AZURE_CLIENT_SECRET: 'of another identity',
        HTTP_PROXY: 'http://127.0.0.1:1',
      }
      const args = ['exec', 'work', '--azure', '--', 'python', '-c', python('DefaultAzureCredential')]
      const { code, stdout, stderr } = await home.run(args, { env })
      expect([code, stderr]).toEqual([0, ''])
      expect(JSON.parse(stdout)).toEqual([await currentToken(home), await expiry()])
    },
    timeout,
  )

  test(
    'azure-identity: the token with its end; a failure with what to do',
    async () => {
      const { child, variables } = await serve(home, ['azure', 'work'])
      const [token, expires] = await runPython<[string, number]>(home, python('ManagedIdentityCredential'), variables)
      expect(token).toBe(await currentToken(home))
      expect(Math.abs(expires - (await expiry()))).toBeLessThanOrEqual(1)
      const wrong = { ...variables, IDENTITY_HEADER: 'A'.repeat(43) }
      expect(await runPython(home, python('ManagedIdentityCredential'), wrong)).toContain('403, wrong secret')
      await home.run(['logout', 'work'])
      try {
        expect(await runPython(home, python('ManagedIdentityCredential'), variables)).toContain('`authsock login work`')
      } finally {
        await logIn(home, server)
        child.kill('SIGTERM')
      }
    },
    timeout,
  )

  test(
    'the library for Node has it too',
    async () => {
      const { child, variables } = await serve(home, ['azure', 'work'])
      const script = `
import { ManagedIdentityCredential } from '${nodePackage('@azure/identity')}/dist/esm/index.js'
const { token } = await new ManagedIdentityCredential().getToken('${resource}/.default')
console.log(JSON.stringify(token))`
      expect(await runNode(home, script, variables)).toBe(await currentToken(home))
      child.kill('SIGTERM')
    },
    timeout,
  )

  test(
    'azd: a token for its scopes, and its own names for what fails',
    async () => {
      const { child, variables } = await serve(home, ['azd', 'work'])
      const ask = async (body: unknown, key = variables['AZD_AUTH_KEY'] ?? ''): Promise<[number, Record<string, unknown>]> => {
        const response = await fetch(`${variables['AZD_AUTH_ENDPOINT']}/token?api-version=2023-07-12-preview`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
          body: JSON.stringify(body),
        })
        return [response.status, (await response.json()) as Record<string, unknown>]
      }
      const [status, answer] = await ask({ scopes: [`${resource}/.default`], tenantId: 'any' })
      expect([status, answer['status'], answer['token']]).toEqual([200, 'success', await currentToken(home)])
      expect(answer['expiresOn']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
      expect(Date.parse(String(answer['expiresOn'])) / 1000).toBe(await expiry())
      expect(await ask({ scopes: [`${resource}/.default`] }, 'wrong')).toMatchObject([403, { status: 'error' }])
      expect(await ask({ scopes: ['https://one/.default', 'https://two/.default'] })).toMatchObject([
        200,
        { code: 'GetTokenError' },
      ])
      expect(await ask({})).toMatchObject([200, { message: expect.stringContaining('scopes are missing') as string }])
      await home.run(['logout', 'work'])
      try {
        expect(await ask({ scopes: [`${resource}/.default`] })).toMatchObject([
          200,
          { status: 'error', code: 'NotSignedInError', message: expect.stringContaining('authsock login work') as string },
        ])
      } finally {
        await logIn(home, server)
        child.kill('SIGTERM')
      }
    },
    timeout,
  )

  test(
    'a target of the command line counts in place of what is asked for',
    async () => {
      const { child, variables } = await serve(home, ['azure', 'work', '--resource', resource, '--scope', 'read'])
      const headers = { 'x-identity-header': variables['IDENTITY_HEADER'] ?? '' }
      const response = await fetch(`${variables['IDENTITY_ENDPOINT']}?resource=https://graph.example.com`, { headers })
      const { access_token: token } = (await response.json()) as { access_token: string }
      expect(token).toBe(await currentToken(home, `profile=work&scope=read&resource=${encodeURIComponent(resource)}`))
      child.kill('SIGTERM')
    },
    timeout,
  )
})
