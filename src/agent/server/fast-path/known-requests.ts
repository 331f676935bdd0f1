// Requests that node:http has read before. Whoever sends the same bytes again asks the same: nothing is read twice, and nothing is
// read here. What is kept is the one spelling that a header of these names and values has, so that no other reading of it exists.

import type { IncomingMessage } from 'node:http'
import { headerIn } from '../http-exchange.ts'

/** What is asked for again and again. */
const kept = /^(GET \/v1\/token(\?|$)|POST \/v1\/helper\/)/
/** Others may change how a request is read or what it may, and are left to node:http. */
const plainHeaders: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'connection',
  'content-length',
  'content-type',
  'host',
  'user-agent',
])
const plainValue = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/
/** Bytes of a header. */
const longest = 2048
const most = 256
const end = '\r\n\r\n'

export interface KnownRequest {
  readonly method: string
  readonly target: string
  readonly rawHeaders: readonly string[]
  /** Bytes of its body. */
  readonly length: number
  /** No other follows it on this connection. */
  readonly isLast: boolean
}

export class KnownRequests {
  readonly #known = new Map<string, KnownRequest>()

  /** What node:http has read. */
  learn(request: IncomingMessage): void {
    const { method = '', url: target = '', rawHeaders, httpVersion } = request
    if (!kept.test(`${method} ${target}`) || httpVersion !== '1.1') return
    const fields: string[] = []
    const names = new Set<string>()
    for (let at = 0; at < rawHeaders.length; at += 2) {
      const [name = '', value = ''] = rawHeaders.slice(at, at + 2)
      if (!plainHeaders.has(name.toLowerCase()) || !plainValue.test(value)) return
      fields.push(`${name}: ${value}`)
      names.add(name.toLowerCase())
    }
    // Of two of one name node:http may heed the other one.
    if (names.size < fields.length) return
    const connection = headerIn(rawHeaders, 'connection')?.toLowerCase() ?? 'keep-alive'
    if (connection !== 'keep-alive' && connection !== 'close') return
    const head = `${[`${method} ${target} HTTP/1.1`, ...fields].join('\r\n')}${end}`
    if (head.length > longest) return
    if (this.#known.size >= most) this.#known.clear()
    const length = Number(headerIn(rawHeaders, 'content-length') ?? 0)
    this.#known.set(head, { method, target, rawHeaders, length, isLast: connection === 'close' })
  }

  /** Undefined where these bytes are not exactly one request that is known. */
  find(bytes: Buffer): KnownRequest | undefined {
    const text = bytes.toString('latin1', 0, Math.min(bytes.length, longest))
    const known = this.#known.get(text)
    if (known !== undefined) return known.length === 0 && bytes.length === text.length ? known : undefined
    const size = text.indexOf(end) + end.length
    const longer = this.#known.get(text.slice(0, size))
    return longer?.length === bytes.length - size ? longer : undefined
  }
}
