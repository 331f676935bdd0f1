// The dispatch table: the protocol's paths (protocol/README.md), a row each, and who may call them.

import type { Permission } from '../../core/access/authorize.ts'
import { asFailure, Failure } from '../../core/failures.ts'
import { redact } from '../../core/redacted.ts'
import { thenSync } from '../../core/util/then-sync.ts'
import {
  checkName,
  decodeApprovalReply,
  decodeClientSecretRequest,
  decodeMasterKeyRequest,
  decodeSecretRequest,
  decodeShareRequest,
  decodeUnlockRequest,
  type NamedThing,
} from '../../wire/requests.ts'
import type { HelperOutcome } from '../credentials/helper-calls.ts'
import { shareStatus } from '../shares/share-status.ts'
import { accepted, type Answer, type Handler, json, noContent } from './handler.ts'
import { getToken } from './tokens.ts'

interface Route {
  readonly method: string
  /** `{...}` is a segment that names something. */
  readonly path: string
  /** `token`: any channel, within its bounds. `read` and `admin`: the main socket only. */
  readonly permission: Permission
  /** Undefined: a WebSocket (upgrade.ts). */
  readonly handler: Handler | undefined
  /** The handler takes the bytes of the body; otherwise it is JSON. */
  readonly takesBytes?: boolean
}

const row = (method: string, path: string, permission: Permission, handler?: Handler): Route => ({
  method,
  path,
  permission,
  handler,
})

export const routes: readonly Route[] = [
  row('GET', '/v1/token', 'token', getToken),
  { ...row('POST', '/v1/helper/{helper}', 'token', callHelper), takesBytes: true },
  row('GET', '/v1/share', 'token', getOwnShare),

  row('GET', '/v1/status', 'read', async (agent) => json(await agent.status())),
  row('GET', '/v1/sessions', 'read', async (agent) => json({ sessions: await agent.sessions() })),
  row('GET', '/v1/sessions/{profile}', 'read', async (agent, { name }) => json(await agent.session(name))),
  row('GET', '/v1/secrets', 'read', async (agent) => json({ secrets: await agent.secrets() })),
  row('GET', '/v1/shares', 'read', async (agent) => json({ shares: await agent.shares() })),
  row('GET', '/v1/shares/{share}', 'read', async (agent, { name }) => json(await agent.share(name))),
  row('GET', '/v1/approvals', 'read', async (agent) => json({ approvals: agent.approvals() })),
  row('GET', '/v1/events', 'read'),

  row('GET', '/v1/login', 'admin'),
  row('DELETE', '/v1/sessions/{profile}', 'admin', async (agent, { name }) => json(await agent.logOut(name))),
  row('POST', '/v1/sessions/{profile}/retry', 'admin', async (agent, { name }) => json(await agent.retry(name))),
  row('PUT', '/v1/secrets/{secret}', 'admin', async (agent, { name, body }) => {
    await agent.putSecret(name, decodeSecretRequest(body))
    return noContent
  }),
  row('DELETE', '/v1/secrets/{secret}', 'admin', async (agent, { name }) => {
    await agent.removeSecret(name)
    return noContent
  }),
  row('POST', '/v1/approvals/{approval}', 'admin', async (agent, { name, body }) => {
    const answer = await agent.answerApproval(name, decodeApprovalReply(body))
    return answer === undefined ? noContent : json(answer)
  }),
  row('PUT', '/v1/shares/{share}', 'admin', async (agent, { name, body }) =>
    json(await agent.makeShare(name, decodeShareRequest(body)), 201),
  ),
  row('DELETE', '/v1/shares/{share}', 'admin', async (agent, { name }) => {
    await agent.removeShare(name)
    return noContent
  }),
  row('PUT', '/v1/profiles/{profile}/client-secret', 'admin', async (agent, { name, body }) => {
    await agent.setClientSecret(name, redact(decodeClientSecretRequest(body).client_secret))
    return noContent
  }),
  row('DELETE', '/v1/profiles/{profile}/client-secret', 'admin', async (agent, { name }) => {
    await agent.removeClientSecret(name)
    return noContent
  }),
  row('POST', '/v1/lock', 'admin', async (agent) => json(await agent.lock())),
  row('POST', '/v1/unlock', 'admin', async (agent, { body }) => {
    const { passphrase } = decodeUnlockRequest(body)
    return json(await agent.unlock(passphrase === undefined ? undefined : redact(passphrase)))
  }),
  row('PUT', '/v1/vault/master-key', 'admin', async (agent, { body }) => {
    const request = decodeMasterKeyRequest(body)
    const choice = request.provider === 'passphrase' ? { ...request, passphrase: redact(request.passphrase) } : request
    return json(await agent.changeMasterKey(choice))
  }),
  row('DELETE', '/v1/vault/master-key', 'admin', async (agent) => {
    await agent.discardMasterKey()
    return noContent
  }),
  row('POST', '/v1/config/reload', 'admin', async (agent) => {
    await agent.reloadConfig()
    return noContent
  }),
  row('POST', '/v1/handover', 'admin', (agent) => json(agent.requestHandover(), 202)),
  row('POST', '/v1/shutdown', 'admin', (agent) => {
    agent.requestShutdown()
    return accepted
  }),
]

// ---- handlers

/** At once if the adapter has its answer at once. */
function callHelper(agent: Parameters<Handler>[0], { name, body, acceptsProblem, context }: Parameters<Handler>[1]) {
  const call = Buffer.isBuffer(body) ? body : Buffer.alloc(0)
  const answer = ({ headers, body, defect }: HelperOutcome): Answer => {
    const found = { status: 200, type: 'application/octet-stream', body, headers }
    return defect === undefined ? found : { ...found, defect }
  }
  return thenSync(agent.helper(context(name), call, acceptsProblem), answer)
}

function getOwnShare(_: unknown, { share }: Parameters<Handler>[1]): Answer {
  if (share === undefined) throw new Failure('not_found', 'this is not a share: /v1/share is only there')
  return json(shareStatus(share))
}

// ---- lookup

/** By path, then by method. */
type ByMethod = ReadonlyMap<string, Route>

interface NamedPath {
  readonly prefix: string
  readonly suffix: string
  readonly thing: NamedThing | 'helper'
  readonly byMethod: ByMethod
}

const exactPaths = new Map<string, ByMethod>()
const namedPaths: NamedPath[] = []
for (const [path, rows] of Map.groupBy(routes, ({ path }) => path)) {
  const byMethod = new Map(rows.map((each) => [each.method, each]))
  const [prefix = '', thing, suffix = ''] = path.split(/[{}]/)
  if (thing === undefined) exactPaths.set(path, byMethod)
  else namedPaths.push({ prefix, suffix, thing: thing as NamedPath['thing'], byMethod })
}

export interface FoundRoute {
  readonly route: Route
  /** Checked; '' if the path has none. */
  readonly name: string
}

/** Or why there is none: not_found, method_not_allowed, bad_request. */
export function findRoute(method: string, path: string): FoundRoute | Failure {
  const exact = exactPaths.get(path)
  if (exact !== undefined) return routeOf(exact, method, path, '')
  for (const { prefix, suffix, thing, byMethod } of namedPaths) {
    if (!path.startsWith(prefix) || !path.endsWith(suffix)) continue
    const segment = path.slice(prefix.length, path.length - suffix.length)
    if (segment === '' || (segment.includes('/') && thing !== 'helper')) continue
    // What a helper is called is told in the words of its tool.
    return thing === 'helper' ? routeOf(byMethod, method, path, segment) : namedRoute(byMethod, method, path, thing, segment)
  }
  return new Failure('not_found', `there is nothing at ${path.slice(0, 100)}`)
}

function namedRoute(byMethod: ByMethod, method: string, path: string, thing: NamedThing, segment: string): FoundRoute | Failure {
  try {
    return routeOf(byMethod, method, path, checkName(thing, decoded(segment)))
  } catch (error) {
    return asFailure(error)
  }
}

function routeOf(byMethod: ByMethod, method: string, path: string, name: string): FoundRoute | Failure {
  const route = byMethod.get(method)
  if (route !== undefined) return { route, name }
  const known = [...byMethod.keys()].join(', ')
  return new Failure('method_not_allowed', `${path.slice(0, 100)} takes ${known}, not ${method.slice(0, 20)}`)
}

function decoded(segment: string): string {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new Failure('bad_request', 'the path holds a malformed escape')
  }
}
