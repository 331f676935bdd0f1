// AWS's own SDKs and command line, with credentials of a role: by `exec`, by `serve` and by credential_process. Their security
// token service is a stub on loopback.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { keyOf, roleArn, secretOf, startSts, type Sts } from '../../support/aws-sts.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { describeWith } from '../../support/real-part.ts'
import { currentToken, nodePackage, run, runNode, runPython, sdkPath, sdks, serve } from '../../support/sdks.ts'

const timeout = 60_000

describeWith(sdks, 'AWS', () => {
  let server: AuthorizationServer
  let home: Home
  let sts: Sts
  let env: NodeJS.ProcessEnv
  let isIdToken = false

  beforeAll(async () => {
    server = await startAuthorizationServer()
    home = new Home()
    home.config(workProfile(server))
    await logIn(home, server)
  })

  beforeEach(async () => {
    isIdToken = false
    sts?.close()
    sts = await startSts(async (token) =>
      isIdToken ? audienceOf(token) === server.clientId : token === (await currentToken(home)),
    )
    env = { PATH: sdkPath(), AWS_ENDPOINT_URL_STS: sts.url, AWS_DEFAULT_REGION: 'eu-west-1', AWS_EC2_METADATA_DISABLED: 'true' }
  })

  afterAll(async () => {
    sts.close()
    await home.close()
    await server.close()
  })

  const identity = ['aws', 'sts', 'get-caller-identity', '--query', 'Arn', '--output', 'text']
  const assumed = 'arn:aws:sts::111122223333:assumed-role/deploy/authsock\n'

  test(
    'exec --aws: the aws command signs with the credentials of the role, and whatever was in the environment is out',
    async () => {
      const stale = {
        AWS_ACCESS_KEY_ID: 'AKIAOLD',
        AWS_SECRET_ACCESS_KEY: 'old',
        AWS_PROFILE: 'none',
        HTTP_PROXY: 'http://127.0.0.1:1',
      }
      const noProxy = { NO_PROXY: new URL(sts.url).host }
      const args = ['exec', 'work', '--aws', '--role-arn', roleArn, '--session-name', 'ada', '--', ...identity]
      expect(await home.run(args, { env: { ...env, ...stale, ...noProxy } })).toEqual({ code: 0, stdout: assumed, stderr: '' })
      expect(sts.signers).toEqual([keyOf(1)])
      expect(sts.exchanges[0]?.get('RoleSessionName')).toBe('ada')
    },
    timeout,
  )

  test(
    'exec --aws --id-token: it is the ID token that is exchanged',
    async () => {
      isIdToken = true
      const args = ['exec', 'work', '--aws', '--role-arn', roleArn, '--id-token', '--', ...identity]
      expect(await home.run(args, { env })).toMatchObject({ code: 0, stdout: assumed })
    },
    timeout,
  )

  test(
    'exec --aws: what the service refuses is said before the command starts',
    async () => {
      const args = ['exec', 'work', '--aws', '--role-arn', 'arn:aws:iam::1:role/other', '--', 'echo', 'ran']
      expect(await home.run(args, { env })).toMatchObject({
        code: 8,
        stdout: '',
        stderr: expect.stringContaining('AccessDenied (the stub says no)') as string,
      })
    },
    timeout,
  )

  test(
    'credential_process: the aws command with our program in its config',
    async () => {
      mkdirSync(join(home.path, '.aws'), { recursive: true })
      const config = `[profile role]\ncredential_process = authsock-client aws work --role-arn ${roleArn}\n`
      writeFileSync(join(home.path, '.aws', 'config'), config)
      expect(await run(home, [...identity, '--profile', 'role'], env)).toEqual({ code: 0, stdout: assumed, stderr: '' })
      expect(sts.signers).toEqual([keyOf(1)])
      const wrong = `[profile role]\ncredential_process = authsock-client aws nobody --role-arn ${roleArn}\n`
      writeFileSync(join(home.path, '.aws', 'config'), wrong)
      const failed = await run(home, [...identity, '--profile', 'role'], env)
      expect([failed.code === 0, failed.stderr]).toEqual([false, expect.stringContaining("there is no profile 'nobody'")])
    },
    timeout,
  )

  const boto = `
import json, boto3
credentials = boto3.Session().get_credentials()
seen = [credentials.get_frozen_credentials() for _ in range(3)]
print(json.dumps([[credentials.method], *[[each.access_key, each.secret_key, each.token] for each in seen]]))`

  test(
    'boto3: long credentials are asked for once; those that end soon, each time anew',
    async () => {
      const { child, variables } = await serve(home, ['aws', 'work', '--role-arn', roleArn], env)
      const credentials = (number: number): readonly string[] => [keyOf(number), secretOf(number), `session-${number}`]
      const long = await runPython<string[][]>(home, boto, { ...env, ...variables })
      expect(long).toEqual([['container-role'], credentials(1), credentials(1), credentials(1)])
      child.kill('SIGTERM')

      sts.life = 12 * 60
      const short = await serve(home, ['aws', 'work', '--role-arn', roleArn, '--region', 'eu-west-2'], env)
      const renewed = await runPython<string[][]>(home, boto, { ...env, ...short.variables })
      const keys = renewed.slice(1).map(([key]) => key)
      expect(new Set(keys).size).toBe(3)
      expect(keys.at(-1)).toBe(keyOf(sts.exchanges.length))
      short.child.kill('SIGTERM')
    },
    timeout,
  )

  const fromHttp = `
import { fromHttp } from '${nodePackage('@aws-sdk/credential-provider-http')}/dist-cjs/index.js'
try { console.log(JSON.stringify(await fromHttp({ maxRetries: 0 })())) }
catch ({ Code, Message }) { console.log(JSON.stringify({ Code, Message })) }`

  test(
    'the SDK for JavaScript has credentials with their end, and is told why there are none',
    async () => {
      const { child, variables } = await serve(home, ['aws', 'work', '--role-arn', roleArn], env)
      const before = Date.now()
      const found = await runNode<Record<string, string>>(home, fromHttp, { ...env, ...variables })
      expect(found).toMatchObject({ accessKeyId: keyOf(1), secretAccessKey: secretOf(1), sessionToken: 'session-1' })
      expect(Math.abs(Date.parse(found['expiration'] ?? '') - before - 3_600_000)).toBeLessThan(60_000)

      const wrong = { ...env, ...variables, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'A'.repeat(43) }
      expect(await runNode(home, fromHttp, wrong)).toMatchObject({ Code: 'peer_denied' })
      await home.run(['logout', 'work'])
      try {
        expect(await runNode(home, fromHttp, { ...env, ...variables })).toEqual({
          Code: 'login_required',
          Message: expect.stringContaining('`authsock login work`') as string,
        })
      } finally {
        await logIn(home, server)
        child.kill('SIGTERM')
      }
    },
    timeout,
  )
})

function audienceOf(token: string): unknown {
  const [, payload = ''] = token.split('.')
  return payload === '' ? undefined : (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { aud?: unknown }).aud
}
