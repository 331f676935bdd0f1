// Google's own libraries: executable-sourced credentials against a stub of the security token service, and our metadata server.

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { describeWith } from '../../support/real-part.ts'
import { currentToken, nodePackage, run, runNode, runPython, sdkPath, sdks, serve } from '../../support/sdks.ts'

const timeout = 60_000
const seconds = (): number => Math.floor(Date.now() / 1000)

describeWith(sdks, 'Google', () => {
  let server: AuthorizationServer
  let home: Home
  /** To be reached past it: a library that asks a proxy has no answer. */
  const proxy = { HTTP_PROXY: 'http://127.0.0.1:1', http_proxy: 'http://127.0.0.1:1', GOOGLE_CLOUD_PROJECT: 'project-1' }

  beforeAll(async () => {
    server = await startAuthorizationServer()
    home = new Home()
    home.config(workProfile(server))
    await logIn(home, server)
  })

  afterAll(async () => {
    await home.close()
    await server.close()
  })

  const exec = (...command: readonly string[]) =>
    home.run(['exec', 'work', '--google', '--', ...command], { env: { PATH: sdkPath(), ...proxy } })

  test(
    'exec --google: google-auth finds a token, an account and a project by itself',
    async () => {
      const script = `
import json, google.auth, google.auth.transport.requests
credentials, project = google.auth.default(scopes=["https://www.googleapis.com/auth/devstorage.read_only"])
credentials.refresh(google.auth.transport.requests.Request())
print(json.dumps([type(credentials).__module__, credentials.token, project, credentials.service_account_email,
  credentials.expiry.timestamp() if credentials.expiry.tzinfo else credentials.expiry.isoformat()]))`
      const { code, stdout, stderr } = await exec('python', '-c', script)
      expect([code, stderr]).toEqual([0, ''])
      const [module, token, project, email, expiry] = JSON.parse(stdout) as string[]
      expect([module, token, project, email]).toEqual([
        'google.auth.compute_engine.credentials',
        await currentToken(home),
        'project-1',
        'work@authsock.invalid',
      ])
      const { expires_at } = (await home.http('GET', '/v1/token?profile=work')).json<{ expires_at: number }>()
      expect(Math.abs(Date.parse(`${expiry}Z`) / 1000 - expires_at)).toBeLessThanOrEqual(2)
    },
    timeout,
  )

  test(
    'an ID token is given for the audience that it has, and for no other',
    async () => {
      const { child, variables } = await serve(home, ['google', 'work'])
      const script = `
import json, sys, google.auth.compute_engine, google.auth.transport.requests
request = google.auth.transport.requests.Request()
said = []
for audience in ["${server.clientId}", "https://other.example.com"]:
    credentials = google.auth.compute_engine.IDTokenCredentials(request, audience, use_metadata_identity_endpoint=True)
    try:
        credentials.refresh(request)
        said.append(credentials.token)
    except Exception as error:
        said.append(str(error))
print(json.dumps(said))`
      const [token = '', refused] = await runPython<string[]>(home, script, variables)
      const [, payload = ''] = token.split('.')
      expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({ aud: server.clientId, iss: server.issuer })
      expect(refused).toContain('the ID token is for authsock-test, not for https://other.example.com')
      child.kill('SIGTERM')
    },
    timeout,
  )

  test(
    'the library for Node finds it too',
    async () => {
      const { child, variables } = await serve(home, ['google', 'work'], { GOOGLE_CLOUD_PROJECT: 'project-2' })
      const script = `
import { GoogleAuth } from '${nodePackage('google-auth-library')}/build/src/index.js'
const auth = new GoogleAuth()
const client = await auth.getClient()
console.log(JSON.stringify([client.constructor.name, (await client.getAccessToken()).token, await auth.getProjectId()]))`
      expect(await runNode(home, script, variables)).toEqual(['Compute', await currentToken(home), 'project-2'])
      child.kill('SIGTERM')
    },
    timeout,
  )

  test('gcloud finds what it asks for (requests as version 528 makes them)', async () => {
    const { child, variables } = await serve(home, ['google', 'work'])
    const ask = async (path: string): Promise<[number, string]> => {
      const url = `http://${variables['GCE_METADATA_ROOT']}/computeMetadata/v1${path}`
      const response = await fetch(url, { headers: { 'metadata-flavor': 'Google' } })
      return [response.status, await response.text()]
    }
    // Whether there is a server at all, the account, what it is, its token; an ID token for gcloud itself there need not be.
    expect(await ask('/project/numeric-project-id')).toEqual([200, expect.stringMatching(/^\d+$/)])
    expect(await ask('/instance/service-accounts/')).toEqual([200, 'default/\nwork@authsock.invalid/\n'])
    expect(await ask('/instance/service-accounts/default/email')).toEqual([200, 'work@authsock.invalid'])
    const account = '/instance/service-accounts/work@authsock.invalid'
    const [, described] = await ask(`${account}/?recursive=true`)
    expect(JSON.parse(described)).toMatchObject({
      email: 'work@authsock.invalid',
      scopes: expect.arrayContaining(['read']) as string[],
    })
    const [, token] = await ask(`${account}/token`)
    expect(JSON.parse(token)).toMatchObject({ access_token: await currentToken(home), token_type: 'Bearer' })
    const identity = '/instance/service-accounts/default/identity?format=standard&licenses=FALSE&audience='
    expect(await ask(`${identity}32555940559.apps.googleusercontent.com`)).toEqual([404, expect.stringContaining('not for')])
    expect((await ask('/project/project-id'))[0]).toBe(404)
    expect((await ask('/instance/service-accounts/other@example.com/token'))[0]).toBe(404)
    child.kill('SIGTERM')
  })

  test(
    'without a login the library says what to do',
    async () => {
      const { child, variables } = await serve(home, ['google', 'work'])
      await home.run(['logout', 'work'])
      const script = `
import json, google.auth.compute_engine, google.auth.transport.requests
try:
    google.auth.compute_engine.Credentials().refresh(google.auth.transport.requests.Request())
except Exception as error:
    print(json.dumps(str(error)))`
      try {
        expect(await runPython<string>(home, script, variables)).toContain('`authsock login work`')
      } finally {
        await logIn(home, server)
        child.kill('SIGTERM')
      }
    },
    timeout,
  )

  describeWith(sdks, 'executable-sourced credentials', () => {
    let sts: Server
    const asked: URLSearchParams[] = []

    beforeAll(async () => {
      sts = createServer((request, response) => {
        let body = ''
        request.on('data', (chunk: Buffer) => void (body += chunk.toString()))
        request.on('end', () => {
          asked.push(new URLSearchParams(body))
          const answer = { access_token: `google-${asked.length}`, token_type: 'Bearer', expires_in: 3600 }
          const issued_token_type = 'urn:ietf:params:oauth:token-type:access_token'
          response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ...answer, issued_token_type }))
        })
      })
      sts.listen(0, '127.0.0.1')
      await once(sts, 'listening')
    })

    afterAll(() => void sts.close())

    const file = (profile: string): string => {
      const path = join(home.path, `${profile}.json`)
      const audience = '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/authsock'
      const command = `authsock-client google ${profile}`
      const account = {
        type: 'external_account',
        audience,
        subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
        token_url: `http://127.0.0.1:${(sts.address() as AddressInfo).port}/v1/token`,
        credential_source: { executable: { command, timeout_millis: 30_000 } },
      }
      writeFileSync(path, JSON.stringify(account))
      return path
    }

    const env = (profile: string): NodeJS.ProcessEnv => ({
      GOOGLE_APPLICATION_CREDENTIALS: file(profile),
      GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES: '1',
      GOOGLE_CLOUD_PROJECT: 'project-1',
    })

    const python = `
import json, google.auth, google.auth.transport.requests
credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
try:
    credentials.refresh(google.auth.transport.requests.Request())
    print(json.dumps(credentials.token))
except Exception as error:
    print(json.dumps(str(error)))`

    test(
      'google-auth exchanges the ID token of the session',
      async () => {
        expect(await runPython(home, python, env('work'))).toBe(`google-${asked.length}`)
        const [, payload = ''] = (asked.at(-1)?.get('subject_token') ?? '').split('.')
        const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { aud: string; exp: number }
        expect([claims.aud, claims.exp > seconds()]).toEqual([server.clientId, true])
        expect(await runPython(home, python, env('nobody'))).toContain("there is no profile 'nobody'")
      },
      timeout,
    )

    test(
      'so does the library for Node',
      async () => {
        const script = `
import { GoogleAuth } from '${nodePackage('google-auth-library')}/build/src/index.js'
const client = await new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/cloud-platform' }).getClient()
console.log(JSON.stringify((await client.getAccessToken()).token))`
        expect(await runNode(home, script, env('work'))).toBe(`google-${asked.length}`)
        const helper = await run(home, ['authsock-client', 'google', 'work'])
        expect(asked.at(-1)?.get('subject_token')).toBe((JSON.parse(helper.stdout) as { id_token: string }).id_token)
      },
      timeout,
    )
  })
})
