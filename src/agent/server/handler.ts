// What a row of the dispatch table (routes.ts) calls: a decoded request in, what to send out.

import type { Failure } from '../../core/failures.ts'
import type { Share } from '../../core/access/share.ts'
import type { RequestContext } from '../access/request-context.ts'
import type { Operations } from '../operations.ts'

export interface RouteRequest {
  /** Without the question mark. */
  readonly query: string
  /** The name in the path, if its row has one. */
  readonly name: string
  /** Parsed JSON, or the bytes if the row says so; undefined for an empty body. */
  readonly body: unknown
  readonly acceptsText: boolean
  /** A failure is to be sent as a problem document, not in a tool's words. */
  readonly acceptsProblem: boolean
  /** The share that the request came by. */
  readonly share: Share | undefined
  /** Looks up who asks, which only some requests need. `request`: what the audit log calls it. */
  readonly context: (request: string) => RequestContext
}

export interface Answer {
  readonly status: number
  /** Undefined: it has no body. */
  readonly type: string | undefined
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
  /** For the log: a defect that the answer itself does not tell. */
  readonly defect?: Failure
}

export type Handler = (agent: Operations, request: RouteRequest) => Answer | Promise<Answer>

export const json = (value: unknown, status = 200): Answer => ({ status, type: 'application/json', body: JSON.stringify(value) })
export const accepted: Answer = { status: 202, type: undefined, body: '' }
export const noContent: Answer = { status: 204, type: undefined, body: '' }
