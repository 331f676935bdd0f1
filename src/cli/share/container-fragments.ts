// What a container needs to be started with to use a share, for each tool: the folder, mounted read-only. Never the socket alone,
// which is replaced when the agent restarts. For TCP, the folder holds the secret.

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
  /** The folder of the thin client, if that is mounted too. */
  readonly programs?: string
  /** Used in place of the socket. */
  readonly address?: TcpAddress
}

const inside = '/run/authsock'
const client = '/usr/local/bin/authsock-client'

export function fragment(format: FragmentFormat, { name, folder, programs, address }: Shared): string {
  const mounts = [
    [folder, inside] as const,
    ...(programs === undefined ? [] : [[join(programs, 'authsock-client'), client] as const]),
  ]
  const value = address === undefined ? `${inside}/agent.sock` : `http://${address.host}:${address.port}`
  const { host, network } = hostOptions(address)
  switch (format) {
    case 'docker':
      return [
        ...mounts.map(([from, to]) => `--volume ${shellWord(`${from}:${to}:ro`)}`),
        `--env AUTHSOCK=${value}`,
        ...host.map((each) => `--add-host ${each}`),
        ...network.map((each) => `--network ${each}`),
      ].join(' ')
    case 'compose':
      return [
        'environment:',
        `  AUTHSOCK: ${value}`,
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
          containerEnv: { AUTHSOCK: value },
          ...(args.length === 0 ? {} : { runArgs: args }),
        },
        undefined,
        2,
      )
    }
    case 'kubernetes':
      return [
        '# For nodes on the machine of the agent (minikube, kind, k3s): pods on other machines do not have the folder.',
        ...(network.includes('host') ? ['hostNetwork: true'] : []),
        'containers:',
        '  - env:',
        `      - { name: AUTHSOCK, value: ${value} }`,
        '    volumeMounts:',
        ...mounts.map(([, to], index) => `      - { name: authsock-${name}-${index}, mountPath: ${to}, readOnly: true }`),
        'volumes:',
        ...mounts.map(([from], index) => `  - { name: authsock-${name}-${index}, hostPath: { path: ${JSON.stringify(from)} } }`),
      ].join('\n')
  }
}

/** What an engine needs so that the name, or loopback, reaches this machine. Docker Desktop and podman machine resolve their own. */
function hostOptions(address: TcpAddress | undefined): {
  readonly host: readonly string[]
  readonly network: readonly string[]
} {
  switch (address?.host) {
    case undefined:
      return { host: [], network: [] }
    case 'host.docker.internal':
      return { host: ['host.docker.internal:host-gateway'], network: [] }
    case 'host.containers.internal':
      // On Linux podman resolves this name to an address that is not loopback; slirp4netns maps 10.0.2.2 to loopback.
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
