// A JSON document of a server whose profile does not exist yet: metadata of a protected resource, the answer to a registration.

import { asFailure, Failure } from '../../core/failures.ts'
import { failureOf } from '../http/outcome.ts'
import { OAuthRequest } from '../http/request.ts'
import type { Trust } from '../http/trust.ts'

export interface DocumentPorts {
  readonly trust: Trust
  readonly signal: AbortSignal
}

const timeoutMs = 30_000

export const newRequest = ({ trust, signal }: DocumentPorts): OAuthRequest =>
  new OAuthRequest({ trust, signal, timeoutMs, now: Date.now, userAgent: 'authsock' })

export interface JsonAnswer {
  readonly status: number
  readonly headers: Headers
  /** Undefined if the body is no JSON object. */
  readonly json: Readonly<Record<string, unknown>> | undefined
}

/** Throws server_*, insecure_url. */
export async function requestJson(
  url: string,
  ports: DocumentPorts,
  { method = 'GET', body }: { readonly method?: string; readonly body?: unknown } = {},
): Promise<JsonAnswer> {
  const request = newRequest(ports)
  try {
    const response = await request.fetch(url, {
      method,
      headers: {
        accept: method === 'GET' ? 'application/json' : 'application/json, text/event-stream',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, headers: response.headers, json: objectIn(await response.text()) }
  } catch (error) {
    throw error instanceof Failure ? error : asFailure(failureOf(error, request.trace))
  }
}

function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** The strings of an array; undefined if it is none. */
export const stringsOf = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : undefined
