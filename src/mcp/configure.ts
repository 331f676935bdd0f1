// The profile and the route of an MCP server in config.toml, made once however many programs want the server at the same time.

import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { AuthsockClient } from '../client/index.ts'
import { changeProfile } from '../config/change-profile.ts'
import { type Config } from '../config/config.ts'
import { ConfigFile } from '../config/config-file.ts'
import { addProfile } from '../config/edit-profiles.ts'
import { addRoute } from '../config/edit-routes.ts'
import { longestMatch, parseUrlPattern } from '../core/credentials/url-pattern.ts'
import { type Grant, isInteractive } from '../core/grant.ts'
import { Failure } from '../core/failures.ts'
import { isProfileName } from '../core/profile.ts'
import { normalScope } from '../core/session/scope.ts'
import type { Challenge } from '../core/util/www-authenticate.ts'
import type { DocumentPorts } from '../oauth/registration/json-document.ts'
import { acquireFileLock } from '../platform/fs/file-lock.ts'
import { preparePrivateFolder } from '../platform/fs/private-folder.ts'
import type { Paths } from '../platform/fs/paths.ts'
import { isSameIssuer, mcpAuthorization, type McpClient, mcpClient, mcpProfile } from './authorization.ts'

export interface ConfigureOptions {
  readonly paths: Paths
  readonly agent: AuthsockClient
  readonly signal: AbortSignal
  /** What the server answered to a request without a token. */
  readonly challenge: Challenge | undefined
  /** Of a new profile; default: from the server's host name. */
  readonly name?: string
  /** Registered with the issuer before. */
  readonly client?: McpClient
  readonly scopes?: readonly string[]
  /** Of a new profile. */
  readonly grant?: Grant
}

export interface Configured {
  readonly profile: string
  /** `added`: with a route. `changed`: the server has another issuer now. */
  readonly what: 'found' | 'added' | 'changed'
  readonly issuer: string
}

/** A registration is one request; many programs may wait for each other. */
const lockTimeoutMs = 120_000

/** The profile that a URL's route names. */
export function profileFor(config: Config, url: URL): string | undefined {
  const wanted = parseUrlPattern(url.href)
  const route = wanted === undefined ? undefined : longestMatch(wanted, config.routes, ({ pattern }) => pattern)
  return route?.to.kind === 'profile' ? route.to.profile : undefined
}

/** Throws what the discovery, the registration and the edit of config.toml throw. */
export async function configureMcp(url: URL, options: ConfigureOptions): Promise<Configured> {
  const { paths, signal } = options
  preparePrivateFolder(paths.stateDirectory)
  const lock = await acquireFileLock({ path: join(paths.stateDirectory, 'mcp.lock'), timeoutMs: lockTimeoutMs, signal })
  try {
    return await configure(url, options)
  } finally {
    await lock.release()
  }
}

async function configure(url: URL, options: ConfigureOptions): Promise<Configured> {
  const { paths, agent, signal, challenge, scopes, grant } = options
  const config = await new ConfigFile(paths.configFile).read()
  const known = profileFor(config, url)
  const before = known === undefined ? undefined : config.profiles.get(known)
  const ports: DocumentPorts = { signal, trust: { ca: undefined, systemStore: true } }
  const found = await mcpAuthorization(url, challenge, ports, grant === undefined || isInteractive(grant))
  const authorization = scopes === undefined ? found : { ...found, scopes: normalScope(scopes) }
  if (before !== undefined && isSameIssuer(before, authorization))
    return { profile: before.name, what: 'found', issuer: before.issuer }
  const redirect = options.client === undefined ? `http://127.0.0.1:${await freePort()}/callback` : undefined
  const { clientMetadataUrl: metadataDocument } = config
  const client = options.client ?? (await mcpClient(authorization, { redirectUri: redirect ?? '', metadataDocument }, ports))
  // The document's own redirect URI is one for any port.
  const table = mcpProfile(authorization, client, client.clientId === metadataDocument ? undefined : redirect, grant)
  const name = before?.name ?? options.name ?? freeName(url, config)
  if (before === undefined) await addProfile(paths.configFile, name, table)
  else {
    // A client ID is its issuer's: another issuer gets another one.
    const { endpoints: _, ...fields } = table
    await changeProfile(paths.configFile, name, { client_authentication: null, redirect: null, resource: null, ...fields })
  }
  if (known === undefined) await addRoute(paths.configFile, { url: routeUrl(url), profile: name })
  await agent.reloadConfig(signal)
  if (client.clientSecret !== undefined) await agent.setClientSecret(name, client.clientSecret.reveal())
  return { profile: name, what: before === undefined ? 'added' : 'changed', issuer: authorization.issuer }
}

/** A route has no query. */
const routeUrl = (url: URL): string => `${url.origin}${url.pathname.replace(/\/$/, '')}`

/** For a redirect URI that the issuer compares to the letter. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}

/** `https://mcp.example.com/v1/mcp` -> `mcp.example.com`, or `mcp.example.com-2` if there is one already. */
function freeName(url: URL, config: Config): string {
  const host = `${url.hostname}${url.port === '' ? '' : `-${url.port}`}`.toLowerCase().replaceAll(/[^a-z0-9.-]/g, '')
  for (let count = 1; count < 1000; count++) {
    const name = `${host.slice(0, 60)}${count === 1 ? '' : `-${count}`}`
    if (!isProfileName(name)) break
    if (!config.profiles.has(name) && !config.invalidProfiles.has(name)) return name
  }
  throw new Failure('bad_request', `cannot derive a profile name from ${url.href}`, { hint: 'give one with --name' })
}
