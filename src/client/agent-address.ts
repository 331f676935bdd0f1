// The TCP address of a share, for clients in a container or virtual machine that cannot reach its socket. The secret of such a
// share is sent in clear text: only to the machine that it runs on, never further. Same rules as src/thin-client/tcp.c.

import { lookup as resolve } from 'node:dns'
import { readFileSync } from 'node:fs'
import { BlockList, type LookupFunction } from 'node:net'
import { Failure } from '../core/failures.ts'
import { loopback, shareHosts } from '../platform/loopback-http.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** In the mounted folder of a share. */
const mountedSecretFile = '/run/authsock/secret'

export interface TcpAddress {
  /** As it was given. */
  readonly path: string
  readonly host: string
  readonly port: number
  /** For each request. Throws unauthorized. */
  headers(): Readonly<Record<string, string>>
}

/** Undefined if `address` is the path of a socket. Throws bad_request, insecure_url. */
export function tcpAddress(address: string | undefined, env: Environment): TcpAddress | undefined {
  if (address === undefined || !/^https?:/i.test(address)) return undefined
  const [, name = '', port = ''] = /^http:\/\/([^/@:[\]]+|\[[0-9a-f:]+\]):(\d{1,5})\/?$/i.exec(address) ?? []
  if (name === '' || Number(port) === 0 || Number(port) > 65_535) {
    throw new Failure('bad_request', `AUTHSOCK is '${address}', neither an absolute path nor http://HOST:PORT`, {
      hint: 'use the value that `authsock share run-args NAME --tcp` prints',
    })
  }
  const host = name.toLowerCase()
  if (!shareHosts.includes(host)) {
    throw new Failure(
      'insecure_url',
      `AUTHSOCK is '${address}', which is not this machine: the secret would be sent there in clear text`,
      {
        hint: `use one of ${shareHosts.join(', ')}; for another machine use \`authsock ssh --share NAME\``,
      },
    )
  }
  return {
    path: address,
    host: host === 'localhost' ? loopback : host.replace(/^\[|\]$/g, ''),
    port: Number(port),
    headers: () => ({ host: `${host}:${Number(port)}`, authorization: `Bearer ${secret(address, env)}` }),
  }
}

function secret(address: string, env: Environment): string {
  const file = env['AUTHSOCK_SECRET_FILE'] ?? ''
  const given = env['AUTHSOCK_SECRET'] ?? ''
  const text = (file !== '' ? read(file) : given !== '' ? given : read(mountedSecretFile))?.trim()
  if (text !== undefined && /^[A-Za-z0-9._~+/-]{1,512}=*$/.test(text)) return text
  const source = file !== '' ? file : given !== '' ? 'AUTHSOCK_SECRET' : mountedSecretFile
  throw new Failure(
    'unauthorized',
    `${address} needs the share's secret, and ${source} ${text === undefined ? 'cannot be read' : 'is none'}`,
  )
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** Addresses of this machine and of the networks that container engines create on it. */
const localNetworks = new BlockList()
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  localNetworks.addSubnet(net, bits, 'ipv4')
for (const [net, bits] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  localNetworks.addSubnet(net, bits, 'ipv6')

const hint = 'only a container engine resolves that name; without one, use 127.0.0.1'

/** For net.connect. Fails with agent_untrusted if the name resolves to an address outside of this machine's own networks. */
export const lookupLocal: LookupFunction = (name, options, callback) => {
  resolve(name, { ...options, all: true }, (error, addresses) => {
    const foreign = addresses?.find(({ address, family }) => !localNetworks.check(address, family === 6 ? 'ipv6' : 'ipv4'))
    const refusal =
      foreign &&
      new Failure('agent_untrusted', `${name} resolves to ${foreign.address}, which is far from this machine`, { hint })
    callback(refusal ?? error, addresses ?? [])
  })
}
