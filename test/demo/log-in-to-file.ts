// A login of its own, kept as a tool without an agent would keep it.

import { join } from 'node:path'
import { toProfile } from '../../src/config/profile-table.ts'
import { connectBy } from '../../src/oauth/server.ts'
import { systemClock } from '../../src/platform/clock.ts'
import type { AuthorizationServer } from '../support/authorization-server.ts'
import { writeTokenFile } from './token-file.ts'

/** Returns the path of the file. */
export async function logInToFile(folder: string, server: AuthorizationServer): Promise<string> {
  const profile = toProfile('file', { issuer: server.issuer, client_id: server.clientId })
  const { accessToken, refreshToken, expiresIn, receivedAt } = await connectBy(systemClock)(profile, async () => undefined).login(
    {
      grant: 'authorization_code',
      signal: new AbortController().signal,
      onProgress: (progress) => {
        if (progress.type === 'open_browser') void server.authorize(progress.url).then((redirect) => fetch(redirect))
      },
    },
  )
  const file = join(folder, 'tokens.json')
  writeTokenFile(file, {
    access_token: accessToken.reveal(),
    refresh_token: refreshToken?.reveal() ?? '',
    expires_at: receivedAt + (expiresIn ?? 0) * 1000,
  })
  return file
}
