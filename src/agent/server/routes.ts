// The protocol's paths, a row each (protocol/README.md). A handler takes a decoded request and gives what to send.

import { thenSync } from '../../core/util/then-sync.ts'
import { checkedToken } from '../../core/credentials/header-value.ts'
import { Failure } from '../../core/failures.ts'
import { isProfileName } from '../../core/profile.ts'
import { redact } from '../../core/redacted.ts'
import type { AccessToken } from '../../core/session/session.ts'
import type { TokenAnswer } from '../../wire/messages.ts'
import {
  checkProfileName,
  decodeApprovalReply,
  decodeClientSecretRequest,
  decodeMasterKeyRequest,
  decodeSecretRequest,
  decodeShareRequest,
  decodeTokenRequest,
  decodeUnlockRequest,
} from '../../wire/requests.ts'
import type { Operations } from '../operations.ts'
import type { RequestContext } from '../access/request-context.ts'
import type { Issued } from '../sessions/sessions.ts'

export interface RouteRequest {
  /** Without the question mark. */
  readonly query: string
  /** The name in the path, where the path has one. */
  readonly profile: string
  /** Parsed JSON; undefined for an empty body. */
  readonly body: unknown
  readonly acceptsText: boolean
  /** Who asks is looked at only when it matters. */
  readonly context: (request: string) => RequestContext
}

export interface Answer {
  readonly status: number
  readonly type: 'application/json' | 'text/plain; charset=utf-8' | undefined
  readonly body: string
}

export type Handler = (agent: Operations, request: RouteRequest) => Answer | Promise<Answer>

interface Route {
  readonly methods: Readonly<Record<string, Handler>>
}

export const json = (value: unknown, status = 200): Answer => ({ status, type: 'application/json', body: JSON.stringify(value) })
const nothing: Answer = { status: 204, type: undefined, body: '' }

const fixed: Readonly<Record<string, Route>> = {
  '/v1/token': { methods: { GET: getToken } },
  '/v1/status': { methods: { GET: async (agent) => json(await agent.status()) } },
  '/v1/sessions': { methods: { GET: async (agent) => json({ sessions: await agent.sessions() }) } },
  '/v1/secrets': { methods: { GET: async (agent) => json({ secrets: await agent.secrets() }) } },
  '/v1/shares': { methods: { GET: async (agent) => json({ shares: await agent.shares() }) } },
  '/v1/approvals': { methods: { GET: async (agent) => json({ approvals: agent.approvals() }) } },
  '/v1/lock': { methods: { POST: async (agent) => json(await agent.lock()) } },
  '/v1/unlock': {
    methods: {
      POST: async (agent, { body }) => {
        const { passphrase } = decodeUnlockRequest(body)
        return json(await agent.unlock(passphrase === undefined ? undefined : redact(passphrase)))
      },
    },
  },
  '/v1/vault/master-key': {
    methods: {
      PUT: async (agent, { body }) => {
        const request = decodeMasterKeyRequest(body)
        return json(
          await agent.changeMasterKey(
            request.provider === 'passphrase' ? { provider: 'passphrase', passphrase: redact(request.passphrase) } : request,
          ),
        )
      },
    },
  },
  '/v1/shutdown': {
    methods: {
      POST: (agent) => {
        agent.requestShutdown()
        return { status: 202, type: undefined, body: '' }
      },
    },
  },
}

const withName: readonly { readonly pattern: RegExp; readonly route: Route }[] = [
  {
    pattern: /^\/v1\/sessions\/([^/]+)$/,
    route: {
      methods: {
        GET: async (agent, { profile }) => json(await agent.session(profile)),
        DELETE: async (agent, { profile }) => json(await agent.logOut(profile)),
      },
    },
  },
  {
    pattern: /^\/v1\/secrets\/([^/]+)$/,
    route: {
      methods: {
        PUT: async (agent, { profile: name, body }) => {
          await agent.putSecret(name, decodeSecretRequest(body))
          return nothing
        },
        DELETE: async (agent, { profile: name }) => {
          await agent.removeSecret(name)
          return nothing
        },
      },
    },
  },
  {
    pattern: /^\/v1\/approvals\/([^/]+)$/,
    route: {
      methods: {
        POST: async (agent, { profile: id, body }) => {
          const answer = await agent.answerApproval(id, decodeApprovalReply(body))
          return answer === undefined ? nothing : json(answer)
        },
      },
    },
  },
  {
    pattern: /^\/v1\/shares\/([^/]+)$/,
    route: {
      methods: {
        GET: async (agent, { profile: name }) => json(await agent.share(name)),
        PUT: async (agent, { profile: name, body }) => json(await agent.makeShare(name, decodeShareRequest(body)), 201),
        DELETE: async (agent, { profile: name }) => {
          await agent.removeShare(name)
          return nothing
        },
      },
    },
  },
  {
    pattern: /^\/v1\/profiles\/([^/]+)\/client-secret$/,
    route: {
      methods: {
        PUT: async (agent, { profile, body }) => {
          await agent.setClientSecret(profile, redact(decodeClientSecretRequest(body).client_secret))
          return nothing
        },
        DELETE: async (agent, { profile }) => {
          await agent.removeClientSecret(profile)
          return nothing
        },
      },
    },
  },
]

/** Paths that a WebSocket upgrade leads to. */
const upgradePaths: ReadonlySet<string> = new Set(['/v1/login', '/v1/events'])

/** The handler of a request. Throws not_found, method_not_allowed, bad_request. */
export function findHandler(method: string, path: string): { readonly handler: Handler; readonly profile: string } {
  const route = fixed[path]
  if (route !== undefined) return { handler: handlerOf(route, method, path), profile: '' }
  for (const { pattern, route } of withName) {
    const name = pattern.exec(path)?.[1]
    if (name !== undefined) return { handler: handlerOf(route, method, path), profile: profileIn(name) }
  }
  if (upgradePaths.has(path)) throw new Failure('bad_request', `${path} is a WebSocket: ask for an upgrade`)
  throw new Failure('not_found', `there is nothing at ${path.slice(0, 100)}`)
}

function handlerOf({ methods }: Route, method: string, path: string): Handler {
  const handler = methods[method]
  if (handler !== undefined) return handler
  throw new Failure('method_not_allowed', `${path} takes ${Object.keys(methods).join(', ')}, not ${method}`)
}

const profileIn = (segment: string): string => (isProfileName(segment) ? segment : checkProfileName(decode(segment)))

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new Failure('bad_request', 'the path holds a malformed escape')
  }
}

// ---- tokens

export function getToken(agent: Operations, { query, acceptsText, context }: RouteRequest): Answer | Promise<Answer> {
  const { profile, target, minTtl } = decodeTokenRequest(query)
  const answer = ({ profile, token }: Issued): Answer =>
    acceptsText
      ? { status: 200, type: 'text/plain; charset=utf-8', body: checkedToken(token.value.reveal()) }
      : { status: 200, type: 'application/json', body: tokenJson(profile, token, agent.now()) }
  return thenSync(agent.token(context('token'), profile, target, minTtl), answer)
}

/** It is another only when a second has passed. */
const tokenJsons = new WeakMap<AccessToken, { readonly second: number; readonly body: string }>()

function tokenJson(profile: string, token: AccessToken, now: number): string {
  const second = Math.floor(((token.expiresAt ?? now) - now) / 1000)
  const known = tokenJsons.get(token)
  if (known?.second === second) return known.body
  const body = JSON.stringify(tokenAnswer(profile, token, now))
  tokenJsons.set(token, { second, body })
  return body
}

function tokenAnswer(profile: string, token: AccessToken, now: number): TokenAnswer {
  const { resource, audience } = token.target
  return {
    profile,
    access_token: token.value.reveal(),
    token_type: token.tokenType,
    ...(token.expiresAt === undefined
      ? {}
      : { expires_at: Math.floor(token.expiresAt / 1000), expires_in: Math.max(0, Math.floor((token.expiresAt - now) / 1000)) }),
    scope: token.scope.join(' '),
    ...(resource === undefined ? {} : { resource }),
    ...(audience === undefined ? {} : { audience }),
  }
}
