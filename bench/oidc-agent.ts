// oidc-agent with a real login at the same authorization server: a peer of the first part.

import { execFile, execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import type { AuthorizationServer } from '../test/support/authorization-server.ts'
import { findProgram } from '../test/support/real-part.ts'
import type { Tools } from './tools.ts'

interface OidcAgent {
  readonly line: readonly string[]
  readonly env: NodeJS.ProcessEnv
  stop(): void
}

const account = 'bench'
const scope = 'openid offline_access read'

/** Undefined where it is not installed. */
export async function startOidcAgent(tools: Tools, server: AuthorizationServer): Promise<OidcAgent | undefined> {
  const [agent, generate, token] = ['oidc-agent', 'oidc-gen', 'oidc-token'].map(findProgram)
  if (agent === undefined || generate === undefined || token === undefined) return undefined
  const home = tools.home('oidc-agent')
  const env: NodeJS.ProcessEnv = { PATH: process.env['PATH'], HOME: home, TMPDIR: home }
  // It prints `NAME=VALUE; export NAME;` and goes into the background.
  const printed = execFileSync(agent, { env, encoding: 'utf8' })
  for (const [, name = '', value] of printed.matchAll(/(OIDC\w+)=([^;]+);/g)) env[name] = value
  const stop = (): void => void process.kill(Number(env['OIDCD_PID']))
  try {
    const { clientId, clientSecret } = server.basicClient
    const client = ['--issuer', server.issuer, '--client-id', clientId, '--client-secret', clientSecret, '--scope', scope]
    const login = ['--redirect-uri', 'http://localhost:4242', '--flow=refresh', '--rt', await refreshToken(server)]
    const options = ['--manual', '--prompt=none', '--confirm-default', '--pw-cmd', 'echo password']
    await promisify(execFile)(generate, [...options, ...client, ...login, account], { env, timeout: 30_000 })
    return { line: [token, account], env, stop }
  } catch (error) {
    stop()
    throw error
  }
}

/** Of a login as the client that has a secret: oidc-agent does not refresh as one that has none. */
async function refreshToken(server: AuthorizationServer): Promise<string> {
  const verifier = randomBytes(32).toString('base64url')
  const { clientId, clientSecret } = server.basicClient
  const redirect = 'http://127.0.0.1:4242/callback'
  const asked = new URLSearchParams({
    client_id: clientId,
    response_type: 'code',
    redirect_uri: redirect,
    scope,
    prompt: 'consent',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  })
  const back = new URL(await server.authorize(`${server.issuer}/auth?${asked.toString()}`))
  const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString('base64')
  const response = await fetch(`${server.issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: back.searchParams.get('code') ?? '',
      redirect_uri: redirect,
      code_verifier: verifier,
    }),
  })
  const { refresh_token: token } = (await response.json()) as { refresh_token?: string }
  if (token === undefined) throw new Error(`no refresh token: ${response.status}`)
  return token
}
