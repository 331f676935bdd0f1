// The user's own socket: the one that systemd passed, or the one at the agent's path.

import { inheritedSocket, listenOn, listenOnInherited } from '../../platform/listen.ts'
import { callerOf } from '../../platform/process/caller.ts'
import { isOwnPeer } from '../../platform/process/peer.ts'
import type { Log } from '../log.ts'
import type { Operations } from '../operations.ts'
import type { Service } from '../service.ts'
import { createAgentServer } from './server.ts'

interface MainListenerPorts {
  readonly agent: Operations
  readonly socket: string
  readonly version: string
  readonly log: Log
  readonly onRequest: () => void
}

export function mainListener({ agent, socket, version, log, onRequest }: MainListenerPorts): Service {
  const server = createAgentServer({
    agent,
    isTrustedPeer: isOwnPeer,
    callerOf,
    log: (text) => log.error(text),
    onRequest,
  })
  let remove: (() => void) | undefined
  return {
    name: 'main socket',
    start: async () => {
      const inherited = inheritedSocket(process.env)
      remove =
        inherited === undefined ? await listenOn(server.listener, socket) : await listenOnInherited(server.listener, inherited.fd)
      log.info(`version ${version} listens at ${inherited === undefined ? socket : 'the socket that systemd passed'}`)
    },
    stop: async () => {
      remove?.()
      await server.close()
    },
  }
}
