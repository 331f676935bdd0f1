// How containers of each kind are told of a share: always the folder, read-only, never the socket alone, which goes stale when the
// agent is restarted.

import { join } from 'node:path'

export const formats = ['docker', 'compose', 'devcontainer', 'kubernetes'] as const
export type FragmentFormat = (typeof formats)[number]

interface Shared {
  readonly name: string
  readonly folder: string
  /** Our programs, where they are to be mounted too. */
  readonly programs?: string
}

const inside = '/run/authsock'
const socket = `${inside}/agent.sock`
const client = '/usr/local/bin/authsock-client'

export function fragment(format: FragmentFormat, { name, folder, programs }: Shared): string {
  const mounts = [
    [folder, inside] as const,
    ...(programs === undefined ? [] : [[join(programs, 'authsock-client'), client] as const]),
  ]
  switch (format) {
    case 'docker':
      return [...mounts.map(([from, to]) => `--volume ${shellWord(`${from}:${to}:ro`)}`), `--env AUTHSOCK=${socket}`].join(' ')
    case 'compose':
      return [
        'environment:',
        `  AUTHSOCK: ${socket}`,
        'volumes:',
        ...mounts.map(([from, to]) => `  - { type: bind, source: ${JSON.stringify(from)}, target: ${to}, read_only: true }`),
      ].join('\n')
    case 'devcontainer':
      return JSON.stringify(
        {
          mounts: mounts.map(([from, to]) => `type=bind,source=${from},target=${to},readonly`),
          containerEnv: { AUTHSOCK: socket },
        },
        undefined,
        2,
      )
    case 'kubernetes':
      return [
        '# A node that the agent runs on (minikube, kind, k3s on this machine): pods elsewhere do not see the socket.',
        'containers:',
        '  - env:',
        `      - { name: AUTHSOCK, value: ${socket} }`,
        '    volumeMounts:',
        ...mounts.map(([, to], index) => `      - { name: authsock-${name}-${index}, mountPath: ${to}, readOnly: true }`),
        'volumes:',
        ...mounts.map(([from], index) => `  - { name: authsock-${name}-${index}, hostPath: { path: ${JSON.stringify(from)} } }`),
      ].join('\n')
  }
}

const shellWord = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`)
