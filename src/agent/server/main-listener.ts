// The user's own socket: the one that systemd passed, or the one at the agent's path. If somebody removes it, or its folder or the
// agent's lock, it is made anew; if another agent or program has taken its place, this agent ends (R19).

import { lstatSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { asFailure, Failure } from '../../core/failures.ts'
import { watchFolder } from '../../platform/fs/watch-folder.ts'
import { type InheritedSocket, isAccepting, type ListeningSocket, listenOn, listenOnInherited } from '../../platform/listen.ts'
import { callerOf } from '../../platform/process/caller.ts'
import { isOwnPeer } from '../../platform/process/peer.ts'
import type { Log } from '../log.ts'
import type { Operations } from '../operations.ts'
import type { Service } from '../service.ts'
import type { ConnectionBudget } from './budget.ts'
import { createAgentServer } from './server.ts'

interface MainListenerPorts {
  readonly agent: Operations
  readonly socket: string
  readonly version: string
  /** The socket that the service manager passed, if it did. */
  readonly inherited: InheritedSocket | undefined
  readonly log: Log
  readonly onRequest: () => void
  readonly budget: ConnectionBudget
  /** Makes sure of the socket's folder and of the agent's lock. Rejects if they cannot be had any more. */
  readonly secure: () => Promise<void>
  /** The folder was made anew, or something in it has changed. */
  readonly onFolderChange: () => void
  /** Ends the agent. */
  readonly shutDown: () => void
}

/** Until what happened in the folder is looked at: whoever removes all of it is to be done by then. */
const settleMs = 100
/** For the agent that takes over to listen; it starts meanwhile. */
const successorTimeoutMs = 10_000
const successorPollMs = 10
/** For the connections that wait at the replaced socket to be accepted. */
const lastAcceptMs = 50

export function mainListener(ports: MainListenerPorts): Service & { readonly openConnections: () => number } {
  const { agent, socket, version, inherited, log, onRequest, budget, secure, onFolderChange, shutDown } = ports
  const server = createAgentServer({
    agent,
    isTrustedPeer: isOwnPeer,
    callerOf,
    log: (text) => log.error(text),
    onRequest,
    budget,
  })
  let bound: ListeningSocket | undefined
  let unwatch = (): void => {}
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  let isHandingOver = false
  let checked = Promise.resolve()

  const listen = async (): Promise<ListeningSocket> => {
    const isTaken = process.platform !== 'win32' && lstatSync(socket, { throwIfNoEntry: false })?.isSocket() === false
    if (isTaken) throw new Failure('agent_untrusted', `${socket} is not a socket`, { hint: 'move it away' })
    if (await isAccepting(socket)) throw new Failure('agent_untrusted', `another program listens at ${socket}`)
    return listenOn(server.listener, socket)
  }

  /** Windows: the pipe has no folder, and goes with this process. */
  const watch = (): void => {
    unwatch()
    if (process.platform === 'win32') return
    unwatch = watchFolder(dirname(socket), () => {
      timer ??= setTimeout(() => {
        timer = undefined
        checked = checked.then(check)
      }, settleMs)
    })
  }

  const check = async (): Promise<void> => {
    if (isStopped || isHandingOver) return
    try {
      await secure()
      // A folder that was made anew is another one.
      watch()
      if (bound?.isThere() === false) {
        log.error(`${socket} was removed or replaced: the agent listens there again`)
        bound = await listen()
      }
      onFolderChange()
    } catch (error) {
      if (isStopped || isHandingOver) return
      log.error(`the agent ends: ${asFailure(error).message}`)
      shutDown()
    }
  }

  /** By another agent, which listens at the path then. Who has connected before is accepted here. */
  const isReplaced = async (): Promise<boolean> => {
    const deadline = performance.now() + successorTimeoutMs
    while (bound?.isThere() !== false) {
      if (performance.now() > deadline || isStopped) return false
      await pause(successorPollMs)
    }
    await pause(lastAcceptMs)
    return true
  }

  return {
    name: 'main socket',
    openConnections: server.openConnections,
    start: async () => {
      bound = inherited === undefined ? await listen() : await listenOnInherited(server.listener, inherited, socket)
      watch()
      const isPassed = inherited !== undefined && !inherited.isOwn
      log.info(`version ${version} listens at ${isPassed ? 'the socket that the service manager passed' : socket}`)
    },
    handOver: async () => {
      isHandingOver = true
      if ((inherited === undefined || inherited.isOwn) && !(await isReplaced())) {
        isHandingOver = false
        // It may have taken those of shares already.
        onFolderChange()
        return false
      }
      await server.finish()
      return true
    },
    stop: async () => {
      isStopped = true
      unwatch()
      clearTimeout(timer)
      bound?.remove()
      await server.close()
    },
  }
}
