// A request to an MCP server with the token added: a refused token is replaced once, a login is made once, scopes are added once.

import type { IncomingMessage } from 'node:http'
import { bearerChallenge } from '../core/util/www-authenticate.ts'
import type { McpCredential } from './credential.ts'
import type { Upstream, UpstreamRequest } from './upstream.ts'

/** `body`: as it may have to be sent again. */
export type AuthorizedRequest = Omit<UpstreamRequest, 'body'> & { readonly body?: Buffer }

/** What the server answers in the end, whatever that is. Throws server_*, login_* and what else the agent says. */
export async function sendAuthorized(
  upstream: Pick<Upstream, 'send'>,
  credential: McpCredential,
  request: AuthorizedRequest,
): Promise<IncomingMessage> {
  const may = { replace: true, logIn: true, stepUp: true }
  for (;;) {
    const token = await credential.token()
    const { value } = token
    const headers = value === undefined ? request.headers : { ...request.headers, authorization: `Bearer ${value}` }
    const response = await upstream.send({ ...request, headers })
    const challenge = bearerChallenge(response.headers['www-authenticate'])
    if (response.statusCode === 401) {
      if (value !== undefined && may.replace) {
        may.replace = false
        await credential.refused(value)
        const next = await credential.token()
        if (next.value !== undefined && next.value !== value) {
          response.resume()
          continue
        }
      }
      if (!may.logIn) return response
      may.logIn = false
      response.resume()
      await credential.logIn(challenge, token)
      continue
    }
    if (response.statusCode === 403 && may.stepUp && challenge?.parameters.get('error') === 'insufficient_scope') {
      may.stepUp = false
      const scopes = (challenge.parameters.get('scope') ?? '').split(' ').filter((each) => each !== '')
      if (await credential.stepUp(scopes, challenge, token)) {
        response.resume()
        continue
      }
    }
    return response
  }
}
