// django-oauth-toolkit: metadata in two documents, and refresh tokens that become as narrow as what was asked for.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toProfile } from '../../../src/config/profile-table.ts'
import type { AuthorizationServer, TokenOutcome, TokenResponse } from '../../../src/core/ports.ts'
import { redact, type Redacted } from '../../../src/core/redacted.ts'
import { connectBy } from '../../../src/oauth/server.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { clientPath, clients } from '../../support/clients.ts'
import { never } from '../../support/odd-server.ts'
import { describeWith, programs } from '../../support/real-part.ts'

const python = 'python-django/bin/python'
const script = fileURLToPath(new URL('../../support/django_toolkit.py', import.meta.url))

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

describeWith({ ...clients(python), ...programs('openssl') }, 'django-oauth-toolkit', () => {
  let folder: string
  let child: ChildProcess
  let server: AuthorizationServer

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'authsock-django-'))
    const port = await freePort()
    child = spawn(clientPath(python), [script, String(port), folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    if (child.stdout === null) throw new Error('no stdout')
    await once(child.stdout, 'data')
    const scopes = ['openid', 'read', 'write']
    const profile = toProfile('django', { issuer: `http://127.0.0.1:${port}/o`, client_id: 'cli', scopes })
    server = connectBy(systemClock)(profile, async () => undefined)
  })

  afterAll(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    rmSync(folder, { recursive: true, force: true })
  })

  const logIn = (): Promise<TokenResponse> =>
    server.login({
      grant: 'authorization_code',
      signal: never,
      onProgress: (progress) => {
        if (progress.type === 'open_browser') void fetch(progress.url)
      },
    })

  const refresh = (refreshToken: Redacted<string>, scope?: readonly string[]): Promise<TokenOutcome> =>
    server.refresh({ refreshToken, target: scope === undefined ? {} : { scope } }, never)

  const tokensOf = (outcome: TokenOutcome): TokenResponse => {
    if (outcome.kind === 'tokens') return outcome.response
    throw outcome.failure
  }
  const refreshTokenOf = ({ refreshToken }: TokenResponse): Redacted<string> => refreshToken ?? redact('')

  test('a login, a refresh, and a used refresh token that costs the chain', async () => {
    const first = await logIn()
    expect(first).toMatchObject({ identity: { subject: expect.any(String) as string }, scope: ['openid', 'read', 'write'] })
    const second = tokensOf(await refresh(refreshTokenOf(first)))
    expect(refreshTokenOf(second).reveal()).not.toBe(refreshTokenOf(first).reveal())
    expect(await refresh(refreshTokenOf(first))).toMatchObject({
      kind: 'invalid_grant',
      failure: { details: { oauthError: 'invalid_grant' } },
    })
    expect((await refresh(refreshTokenOf(second))).kind).toBe('invalid_grant')
  })

  test('N17 the revocation endpoint, which only the RFC 8414 document names', async () => {
    const { refreshToken = redact('') } = await logIn()
    expect(await server.revoke(refreshToken, 'refresh_token', never)).toBe('revoked')
    expect((await refresh(refreshToken)).kind).toBe('invalid_grant')
  })

  test('L13 fewer scopes once are fewer scopes for good', async () => {
    const narrow = tokensOf(await refresh(refreshTokenOf(await logIn()), ['read']))
    expect(narrow.scope).toEqual(['read'])
    expect(tokensOf(await refresh(refreshTokenOf(narrow))).scope).toEqual(['read'])
  })
})
