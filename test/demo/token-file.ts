// A token file, and what tools do with it.

import { readFileSync, renameSync, writeFileSync } from 'node:fs'

export interface TokenFile {
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

export function writeTokenFile(file: string, content: TokenFile): void {
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(content), { mode: 0o600 })
  renameSync(`${file}.${process.pid}`, file)
}

/** The access token, or undefined if the server refuses. */
export async function refreshFile(file: string, { issuer, clientId }: Client): Promise<string | undefined> {
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: clientId,
    refresh_token: readTokenFile(file).refresh_token,
  })
  const response = await fetch(`${issuer}/token`, { method: 'POST', body })
  if (!response.ok) return undefined
  const answer = (await response.json()) as { access_token: string; refresh_token: string; expires_in: number }
  const { access_token, refresh_token, expires_in } = answer
  writeTokenFile(file, { access_token, refresh_token, expires_at: Date.now() + expires_in * 1000 })
  return access_token
}
