// Where an agent is: at its socket, or (of a share) at a TCP port of the machine that this container or virtual machine runs on.
// The secret of such a share goes in clear text: it is sent to this machine and to no other. As src/thin-client/tcp.c.

import { lookup as resolve } from 'node:dns'
import { readFileSync } from 'node:fs'
import { BlockList, type LookupFunction } from 'node:net'
import { Failure } from '../core/failures.ts'
import { loopback, shareHosts } from '../platform/loopback-http.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Where a share's folder is mounted. */
const mounted = '/run/authsock/secret'

export interface TcpAddress {
  /** As it was named. */
  readonly path: string
  readonly host: string
  readonly port: number
  /** Of each request. Throws unauthorized. */
  headers(): Readonly<Record<string, string>>
}

/** Undefined where it is the path of a socket. Throws bad_request, insecure_url. */
export function tcpAddress(named: string | undefined, env: Environment): TcpAddress | undefined {
  if (named === undefined || !/^https?:/i.test(named)) return undefined
  const [, name = '', port = ''] = /^http:\/\/([^/@:[\]]+|\[[0-9a-f:]+\]):(\d{1,5})\/?$/i.exec(named) ?? []
  if (name === '' || Number(port) === 0 || Number(port) > 65_535) {
    throw new Failure('bad_request', `AUTHSOCK is '${named}', neither an absolute path nor http://HOST:PORT`, {
      hint: 'take it as `authsock share run-args NAME --tcp` prints it',
    })
  }
  const host = name.toLowerCase()
  if (!shareHosts.includes(host)) {
    throw new Failure(
      'insecure_url',
      `AUTHSOCK is '${named}', which is not this machine: the secret would go there in clear text`,
      {
        hint: `it is one of ${shareHosts.join(', ')}; to another machine: \`authsock ssh --share NAME\``,
      },
    )
  }
  return {
    path: named,
    host: host === 'localhost' ? loopback : host.replace(/^\[|\]$/g, ''),
    port: Number(port),
    headers: () => ({ host: `${host}:${Number(port)}`, authorization: `Bearer ${secret(named, env)}` }),
  }
}

function secret(path: string, env: Environment): string {
  const file = env['AUTHSOCK_SECRET_FILE'] ?? ''
  const given = env['AUTHSOCK_SECRET'] ?? ''
  const text = (file !== '' ? read(file) : given !== '' ? given : read(mounted))?.trim()
  if (text !== undefined && /^[A-Za-z0-9._~+/-]{1,512}=*$/.test(text)) return text
  const place = file !== '' ? file : given !== '' ? 'AUTHSOCK_SECRET' : mounted
  throw new Failure(
    'unauthorized',
    `${path} wants the share's secret, and ${place} ${text === undefined ? 'cannot be read' : 'is none'}`,
  )
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** Of this machine and of networks that are made on it; the names of container engines mean nothing elsewhere. */
const near = new BlockList()
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  near.addSubnet(net, bits, 'ipv4')
for (const [net, bits] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  near.addSubnet(net, bits, 'ipv6')

const hint = 'a container engine answers for that name; without one, use 127.0.0.1'

/** For net.connect: whoever answers for a name on the internet is not who is meant. */
export const lookupNear: LookupFunction = (name, options, callback) => {
  resolve(name, { ...options, all: true }, (error, addresses) => {
    const far = addresses?.find(({ address, family }) => !near.check(address, family === 6 ? 'ipv6' : 'ipv4'))
    const refusal =
      far && new Failure('agent_untrusted', `${name} is ${far.address} here, which is far from this machine`, { hint })
    callback(refusal ?? error, addresses ?? [])
  })
}
