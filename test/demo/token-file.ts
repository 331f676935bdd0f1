// A token file, and what tools do with it.

import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toProfile } from '../../src/config/profile-table.ts'
import type { TokenResponse } from '../../src/core/ports.ts'
import { connectBy } from '../../src/oauth/server.ts'
import { systemClock } from '../../src/platform/clock.ts'

interface TokenFile {
  readonly access_token: string
  readonly refresh_token: string
  /** ms since the epoch. */
  readonly expires_at: number
}

interface Client {
  readonly issuer: string
  readonly clientId: string
}

export const readTokenFile = (file: string): TokenFile => JSON.parse(readFileSync(file, 'utf8')) as TokenFile

function write(file: string, { accessToken, refreshToken, expiresIn = 0, receivedAt }: TokenResponse): void {
  const content: TokenFile = {
    access_token: accessToken.reveal(),
    refresh_token: refreshToken?.reveal() ?? '',
    expires_at: receivedAt + expiresIn * 1000,
  }
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(content), { mode: 0o600 })
  renameSync(`${file}.${process.pid}`, file)
}

/** The access token, or undefined where the server refuses. */
export async function refreshFile(file: string, { issuer, clientId }: Client): Promise<string | undefined> {
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: clientId,
    refresh_token: readTokenFile(file).refresh_token,
  })
  const response = await fetch(`${issuer}/token`, { method: 'POST', body })
  if (!response.ok) return undefined
  const { access_token, refresh_token, expires_in } = (await response.json()) as {
    access_token: string
    refresh_token: string
    expires_in: number
  }
  writeFileSync(
    `${file}.${process.pid}`,
    JSON.stringify({ access_token, refresh_token, expires_at: Date.now() + expires_in * 1000 }),
  )
  renameSync(`${file}.${process.pid}`, file)
  return access_token
}

/** Logs in once; `browse` goes to the address and gives the one that it ends on. */
export async function logInToFile(
  folder: string,
  { issuer, clientId }: Client,
  browse: (url: string) => Promise<string>,
): Promise<string> {
  const profile = toProfile('file', { issuer, client_id: clientId })
  const response = await connectBy(systemClock)(profile, async () => undefined).login({
    grant: 'authorization_code',
    signal: new AbortController().signal,
    onProgress: (progress) => {
      if (progress.type === 'open_browser') void browse(progress.url).then((redirect) => fetch(redirect))
    },
  })
  const file = join(folder, 'tokens.json')
  write(file, response)
  return file
}
