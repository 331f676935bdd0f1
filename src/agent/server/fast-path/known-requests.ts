// Requests that node:http has read before, by their bytes. The same bytes are the same request, so nothing is parsed here. Kept is
// only the canonical spelling of a request with harmless headers: no other reading of it exists.

import type { IncomingMessage } from 'node:http'
import { headerIn } from '../http-exchange.ts'

/** What is requested again and again. */
const kept = /^(GET \/v1\/token(\?|$)|POST \/v1\/helper\/)/
/** Other headers may change how a request is read or what it may do. */
const harmless: ReadonlySet<string> = new Set(
  'accept accept-encoding accept-language connection content-length content-type host user-agent'.split(' '),
)
const plainValue = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/
const maxHeadBytes = 2048
const maxKnown = 256
const endOfHead = '\r\n\r\n'

export interface KnownRequest {
  readonly method: string
  readonly target: string
  readonly rawHeaders: readonly string[]
  readonly bodyBytes: number
  /** No other follows it on its connection. */
  readonly isLast: boolean
}

export class KnownRequests {
  readonly #byHead = new Map<string, KnownRequest>()

  learn({ method = '', url: target = '', rawHeaders, httpVersion }: IncomingMessage): void {
    if (!kept.test(`${method} ${target}`) || httpVersion !== '1.1') return
    const lines = [`${method} ${target} HTTP/1.1`]
    const names = new Set<string>()
    for (let at = 0; at < rawHeaders.length; at += 2) {
      const [name = '', value = ''] = rawHeaders.slice(at, at + 2)
      if (!harmless.has(name.toLowerCase()) || !plainValue.test(value)) return
      lines.push(`${name}: ${value}`)
      names.add(name.toLowerCase())
    }
    // Of two headers of one name node:http may use the other one.
    if (names.size < lines.length - 1) return
    const connection = headerIn(rawHeaders, 'connection')?.toLowerCase() ?? 'keep-alive'
    if (connection !== 'keep-alive' && connection !== 'close') return
    const head = `${lines.join('\r\n')}${endOfHead}`
    if (head.length > maxHeadBytes) return
    if (this.#byHead.size >= maxKnown) this.#byHead.clear()
    const bodyBytes = Number(headerIn(rawHeaders, 'content-length') ?? 0)
    this.#byHead.set(head, { method, target, rawHeaders, bodyBytes, isLast: connection === 'close' })
  }

  /** Undefined unless these bytes are exactly one known request. */
  find(bytes: Buffer): KnownRequest | undefined {
    const text = bytes.toString('latin1', 0, Math.min(bytes.length, maxHeadBytes))
    const withoutBody = this.#byHead.get(text)
    if (withoutBody !== undefined) {
      return withoutBody.bodyBytes === 0 && bytes.length === text.length ? withoutBody : undefined
    }
    const headBytes = text.indexOf(endOfHead) + endOfHead.length
    const known = this.#byHead.get(text.slice(0, headBytes))
    return known?.bodyBytes === bytes.length - headBytes ? known : undefined
  }
}
