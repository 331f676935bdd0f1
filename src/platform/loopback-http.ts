// Plain HTTP on 127.0.0.1, for programs of this machine: which requests a listener refuses before it reads them. These are
// requests from another host, under another host name (DNS rebinding), from a browser, or through a proxy.

import type { IncomingMessage } from 'node:http'
import { Failure } from '../core/failures.ts'

export const loopback = '127.0.0.1'

/** Host names of a share's TCP port: this machine, and the names by which containers and virtual machines call their host. */
export const shareHosts: readonly string[] = [
  loopback,
  'localhost',
  '[::1]',
  'host.docker.internal',
  'gateway.docker.internal',
  'host.containers.internal',
]

/** Node's fetch sends Sec-Fetch-Mode and no other of its kind; browsers send Sec-Fetch-Site with it. */
const browserOrProxy = /^(origin|referer|forwarded|via|x-forwarded-.*|sec-(?!fetch-mode$).*)$/

/** `hosts`: the host names of the listener. Throws peer_denied. */
export function checkOrigin({ socket, headers, headersDistinct, url }: IncomingMessage, hosts: readonly string[]): void {
  const denied = (reason: string): Failure =>
    new Failure('peer_denied', `request refused: ${reason}`, { hint: `send it to ${hosts.join(' or ')} directly` })
  if (socket.remoteAddress !== loopback) throw denied('it comes from another machine')
  const port = socket.localPort
  const given = headersDistinct['host'] ?? []
  const [host = ''] = given
  const isOurs = hosts.some((name) => host.toLowerCase() === (port === 80 ? name : `${name}:${port}`))
  if (given.length !== 1 || !isOurs || url?.startsWith('/') !== true)
    throw denied('its Host header or path is not of this listener')
  const header = Object.keys(headers).find((name) => browserOrProxy.test(name))
  if (header !== undefined) throw denied(`it comes from a browser or through a proxy (header ${header.slice(0, 40)})`)
}
