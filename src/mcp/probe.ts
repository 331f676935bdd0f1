// What an MCP server says to a request without a token, before anybody uses it.

import { bearerChallenge, type Challenge } from '../core/util/www-authenticate.ts'
import { requestJson } from '../oauth/registration/json-document.ts'

const initialize = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'authsock', version: '1' } },
}

/** Undefined: it sent none, so its metadata are where RFC 9728 says. Throws server_*, insecure_url. */
export async function challengeOf(url: URL, signal: AbortSignal): Promise<Challenge | undefined> {
  const ports = { signal, trust: { ca: undefined, systemStore: true } }
  const { headers } = await requestJson(url.href, ports, { method: 'POST', body: initialize })
  return bearerChallenge(headers.get('www-authenticate') ?? undefined)
}
