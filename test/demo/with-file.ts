// A tool as many are written: it reads the token file, refreshes if the token has expired, and writes the file back.

import { askRepeatedly } from './report.ts'
import { readTokenFile, refreshFile } from './token-file.ts'

const { DEMO_FILE: file = '', DEMO_SERVER: issuer = '', DEMO_CLIENT: clientId = '' } = process.env

await askRepeatedly(async () => {
  const tokens = readTokenFile(file)
  if (tokens.expires_at > Date.now()) return tokens.access_token
  return refreshFile(file, { issuer, clientId })
})
