// JSON-RPC as far as a bridge reads it: which message is which, and the errors that the bridge itself answers with.

import type { Failure } from '../core/failures.ts'
import { LoginAtUrl } from './login-at-url.ts'

export type Id = string | number

export interface Message {
  readonly id?: Id
  readonly method?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly result?: Readonly<Record<string, unknown>>
  readonly error?: unknown
}

/** One message, or the several of a batch (2025-03-26). Undefined: not JSON. */
export function parseMessages(text: string): readonly Message[] | undefined {
  try {
    const json: unknown = JSON.parse(text)
    return (Array.isArray(json) ? json : [json]).filter((each): each is Message => typeof each === 'object' && each !== null)
  } catch {
    return undefined
  }
}

const isRequest = (message: Message): message is Message & { readonly id: Id; readonly method: string } =>
  message.method !== undefined && message.id !== undefined

export const isResponse = (message: Message): message is Message & { readonly id: Id } =>
  message.method === undefined && message.id !== undefined

/** The requests whose answers are waited for. */
export const idsOf = (messages: readonly Message[]): readonly Id[] =>
  messages.flatMap((each) => (isRequest(each) ? [each.id] : []))

/** URLElicitationRequiredError of the specification of 2025-11-25. */
const urlElicitationRequired = -32_042
const serverError = -32_000

/** `takesUrls`: whether the client can be asked to open a URL. */
export function errorAnswer(id: Id, failure: Failure, takesUrls: boolean): string {
  const url = failure instanceof LoginAtUrl ? failure.url : undefined
  const { code, message, hint } = failure
  const text = `authsock: ${message}${hint === '' ? '' : ` (${hint})`}`
  const data = { code, hint, ...(url === undefined ? {} : { url }) }
  const error =
    url !== undefined && takesUrls
      ? {
          code: urlElicitationRequired,
          message: text,
          data: { elicitations: [{ mode: 'url', elicitationId: `authsock-${id}`, url, message: text }] },
        }
      : { code: serverError, message: text, data }
  return JSON.stringify({ jsonrpc: '2.0', id, error })
}
