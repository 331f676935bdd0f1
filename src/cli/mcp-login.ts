// `authsock login URL` of an MCP server: what the server says about its authorization becomes a profile and a route.

import type { AuthsockClient } from '../client/index.ts'
import type { Grant } from '../core/grant.ts'
import { redact } from '../core/redacted.ts'
import type { ClientAuthentication } from '../core/profile.ts'
import { defined } from '../core/util/defined.ts'
import type { McpClient } from '../mcp/authorization.ts'
import { configureMcp } from '../mcp/configure.ts'
import { challengeOf } from '../mcp/probe.ts'
import type { Context } from './context.ts'
import { clientSecret, namesSecret, type SecretOptions } from './prompts.ts'

interface McpLoginOptions extends SecretOptions {
  readonly name?: string
  readonly clientId?: string
  readonly clientAuthentication?: ClientAuthentication
  readonly scope?: readonly string[]
  readonly grant?: Grant
}

/** The profile's name. Throws what the server's metadata, the registration and config.toml give rise to. */
export async function mcpServerLogin(
  context: Context,
  agent: AuthsockClient,
  url: URL,
  options: McpLoginOptions,
): Promise<string> {
  const { signal, paths, terminal } = context
  const challenge = await challengeOf(url, signal)
  const client = await clientOf(context, options)
  const { profile, what, issuer } = await configureMcp(url, {
    paths,
    agent,
    signal,
    challenge,
    ...defined({ name: options.name, scopes: options.scope, grant: options.grant, client }),
  })
  if (!context.asJson && what === 'added')
    terminal.note(`added profile '${profile}' and its route to ${paths.configFile}; issuer ${issuer}`)
  if (!context.asJson && what === 'changed') terminal.note(`profile '${profile}' has another issuer now: ${issuer}`)
  return profile
}

/** One that was registered with the issuer before. */
async function clientOf(context: Context, options: McpLoginOptions): Promise<McpClient | undefined> {
  const { clientId } = options
  if (clientId === undefined) return undefined
  const secret = namesSecret(options) ? await clientSecret(context, options, undefined) : undefined
  return {
    clientId,
    clientSecret: secret === undefined ? undefined : redact(secret),
    clientAuthentication: options.clientAuthentication ?? (secret === undefined ? 'none' : 'client_secret'),
  }
}
