// How containers of each kind are told of a share: always the folder, read-only, never the socket alone, which goes stale when the
// agent is restarted. Where it is asked by TCP, the folder has its secret.

import { join } from 'node:path'

export const formats = ['docker', 'compose', 'devcontainer', 'kubernetes'] as const
export type FragmentFormat = (typeof formats)[number]

export interface TcpAddress {
  readonly host: string
  readonly port: number
}

interface Shared {
  readonly name: string
  readonly folder: string
  /** Our programs, where they are to be mounted too. */
  readonly programs?: string
  /** In place of the socket. */
  readonly address?: TcpAddress
}

const inside = '/run/authsock'
const client = '/usr/local/bin/authsock-client'

export function fragment(format: FragmentFormat, { name, folder, programs, address }: Shared): string {
  const mounts = [
    [folder, inside] as const,
    ...(programs === undefined ? [] : [[join(programs, 'authsock-client'), client] as const]),
  ]
  const place = address === undefined ? `${inside}/agent.sock` : `http://${address.host}:${address.port}`
  const { host, network } = surroundings(address)
  switch (format) {
    case 'docker':
      return [
        ...mounts.map(([from, to]) => `--volume ${shellWord(`${from}:${to}:ro`)}`),
        `--env AUTHSOCK=${place}`,
        ...host.map((each) => `--add-host ${each}`),
        ...network.map((each) => `--network ${each}`),
      ].join(' ')
    case 'compose':
      return [
        'environment:',
        `  AUTHSOCK: ${place}`,
        'volumes:',
        ...mounts.map(([from, to]) => `  - { type: bind, source: ${JSON.stringify(from)}, target: ${to}, read_only: true }`),
        ...host.map((each) => `extra_hosts:\n  - ${each}`),
        ...network.map((each) => `network_mode: ${each}`),
      ].join('\n')
    case 'devcontainer': {
      const args = [...host.map((each) => `--add-host=${each}`), ...network.map((each) => `--network=${each}`)]
      return JSON.stringify(
        {
          mounts: mounts.map(([from, to]) => `type=bind,source=${from},target=${to},readonly`),
          containerEnv: { AUTHSOCK: place },
          ...(args.length === 0 ? {} : { runArgs: args }),
        },
        undefined,
        2,
      )
    }
    case 'kubernetes':
      return [
        '# A node that the agent runs on (minikube, kind, k3s on this machine): pods elsewhere do not see the folder.',
        ...(network.includes('host') ? ['hostNetwork: true'] : []),
        'containers:',
        '  - env:',
        `      - { name: AUTHSOCK, value: ${place} }`,
        '    volumeMounts:',
        ...mounts.map(([, to], index) => `      - { name: authsock-${name}-${index}, mountPath: ${to}, readOnly: true }`),
        'volumes:',
        ...mounts.map(([from], index) => `  - { name: authsock-${name}-${index}, hostPath: { path: ${JSON.stringify(from)} } }`),
      ].join('\n')
  }
}

/** What an engine needs to lead that name, or loopback, to this machine. Docker Desktop and podman's machines know theirs. */
function surroundings(address: TcpAddress | undefined): {
  readonly host: readonly string[]
  readonly network: readonly string[]
} {
  switch (address?.host) {
    case undefined:
      return { host: [], network: [] }
    case 'host.docker.internal':
      return { host: ['host.docker.internal:host-gateway'], network: [] }
    case 'host.containers.internal':
      // On Linux podman gives this name to an address of the machine that is not loopback: 10.0.2.2 is slirp4netns' name for that.
      return process.platform === 'linux'
        ? { host: ['host.containers.internal:10.0.2.2'], network: ['slirp4netns:allow_host_loopback=true'] }
        : { host: [], network: [] }
    case 'gateway.docker.internal':
      return { host: [], network: [] }
    default:
      return { host: [], network: ['host'] }
  }
}

const shellWord = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`)
