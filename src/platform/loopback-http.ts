// Plain HTTP on 127.0.0.1, for programs of this machine and for no page of a browser: what a listener refuses before a request is
// read. What comes from another host, under another name (DNS rebinding) or through a browser or a proxy is not for it.

import type { IncomingMessage } from 'node:http'
import { Failure } from '../core/failures.ts'

export const loopback = '127.0.0.1'

/** By which a share is asked: this machine, and what containers and virtual machines call the one that they run on. */
export const shareHosts: readonly string[] = [
  loopback,
  'localhost',
  '[::1]',
  'host.docker.internal',
  'gateway.docker.internal',
  'host.containers.internal',
]

/** Node's fetch sends Sec-Fetch-Mode and no other of its kind; browsers send Sec-Fetch-Site with it. */
const fromElsewhere = /^(origin|referer|forwarded|via|x-forwarded-.*|sec-(?!fetch-mode$).*)$/

/** `hosts`: the names that the listener goes by. Throws peer_denied. */
export function checkOrigin({ socket, headers, headersDistinct, url }: IncomingMessage, hosts: readonly string[]): void {
  const denied = (whom: string): Failure =>
    new Failure('peer_denied', `what comes from ${whom} is not answered`, { hint: `ask ${hosts.join(' or ')} itself` })
  if (socket.remoteAddress !== loopback) throw denied('another machine')
  const port = socket.localPort
  const given = headersDistinct['host'] ?? []
  const [host = ''] = given
  const isOurs = hosts.some((name) => host.toLowerCase() === (port === 80 ? name : `${name}:${port}`))
  if (given.length !== 1 || !isOurs || url?.startsWith('/') !== true) throw denied('another name')
  const foreign = Object.keys(headers).find((name) => fromElsewhere.test(name))
  if (foreign !== undefined) throw denied(`a browser or a proxy (${foreign.slice(0, 40)})`)
}
