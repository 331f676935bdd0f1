// How a share listens: a server of its own on a Unix socket that any uid may connect to, or on a port of 127.0.0.1.

import { lstatSync } from 'node:fs'
import type { Share } from '../../core/access/share.ts'
import { unknownCaller } from '../../core/access/caller.ts'
import type { Clock } from '../../core/ports.ts'
import type { Paths } from '../../platform/fs/paths.ts'
import { type InheritedSocket, listenOn, listenOnInherited, listenOnLoopback, reserveSocket } from '../../platform/listen.ts'
import { callerOf } from '../../platform/process/caller.ts'
import type { Log } from '../log.ts'
import type { Operations } from '../operations.ts'
import type { ShareBudget } from '../server/budget.ts'
import { shareBacklog } from '../server/limits.ts'
import { createAgentServer } from '../server/server.ts'
import { TcpGuard } from '../server/tcp-guard.ts'
import type { ShareListeners } from './open-share.ts'
import { ShareFile } from './share-file.ts'
import { ShareFolders } from './share-folder.ts'

interface ShareListenersPorts {
  readonly agent: Operations
  readonly clock: Clock
  readonly log: Log
  readonly onRequest: () => void
  readonly budget: ShareBudget
  /** Sockets that listen already, by path. */
  readonly reserved: Map<string, InheritedSocket>
}

/** The folder above keeps other users out; in a container the caller may have any uid. */
const shareMode = 0o666

/** Takes the sockets of the shares from the agent that runs: who connects waits until this one serves them. */
export async function reserveShareSockets({ sharesFile, sharesDirectory }: Paths): Promise<Map<string, InheritedSocket>> {
  const reserved = new Map<string, InheritedSocket>()
  const folders = new ShareFolders(sharesDirectory)
  for (const { name } of new ShareFile(sharesFile, () => {}).read()) {
    const path = folders.socket(name)
    if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) continue
    const socket = await reserveSocket(path, shareMode, shareBacklog)
    if (socket !== undefined) reserved.set(path, socket)
  }
  return reserved
}

export function shareListeners({ agent, clock, log, onRequest, budget, reserved }: ShareListenersPorts): ShareListeners {
  const { connections, mayAccept, bodyBytes, logLines } = budget
  const common = { agent, onRequest, isTrustedPeer: () => true, budget: connections, bodyBytes }
  const logFor = (share: () => Share) => (text: string) => {
    const { name } = share()
    if (logLines.take(name, clock.now())) log.error(`share '${name}': ${text}`)
  }
  return {
    isReserved: (path) => reserved.has(path),
    listen: async (path, share) => {
      const server = createAgentServer({
        ...common,
        callerOf,
        share,
        log: logFor(share),
        mayAccept: () => mayAccept(share().name),
      })
      const taken = reserved.get(path)
      reserved.delete(path)
      const bound =
        taken === undefined
          ? await listenOn(server.listener, path, shareMode, shareBacklog)
          : await listenOnInherited(server.listener, taken, path, shareBacklog)
      return {
        isThere: () => bound.isThere(),
        finish: () => server.finish(),
        close: async () => {
          bound.remove()
          await server.close()
        },
      }
    },
    listenOnTcp: async (port, share) => {
      const guard = new TcpGuard({ now: () => clock.now(), tcp: () => share().tcp })
      const server = createAgentServer({ ...common, callerOf: () => unknownCaller, share, guard, log: logFor(share) })
      return { port: await listenOnLoopback(server.listener, port), finish: () => server.finish(), close: () => server.close() }
    },
  }
}
