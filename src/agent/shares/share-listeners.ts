// How a share listens: a server of its own on a Unix socket that any uid may connect to, or on a port of 127.0.0.1.

import type { Share } from '../../core/access/share.ts'
import { unknownCaller } from '../../core/access/caller.ts'
import type { Clock } from '../../core/ports.ts'
import { listenOn, listenOnLoopback } from '../../platform/listen.ts'
import { callerOf } from '../../platform/process/caller.ts'
import type { Log } from '../log.ts'
import type { Operations } from '../operations.ts'
import type { ShareBudget } from '../server/budget.ts'
import { shareBacklog } from '../server/limits.ts'
import { createAgentServer } from '../server/server.ts'
import { TcpGuard } from '../server/tcp-guard.ts'
import type { ShareListeners } from './open-share.ts'

interface ShareListenersPorts {
  readonly agent: Operations
  readonly clock: Clock
  readonly log: Log
  readonly onRequest: () => void
  readonly budget: ShareBudget
}

export function shareListeners({ agent, clock, log, onRequest, budget }: ShareListenersPorts): ShareListeners {
  const { connections, mayAccept, bodyBytes, logLines } = budget
  const common = { agent, onRequest, isTrustedPeer: () => true, budget: connections, bodyBytes }
  const logFor = (share: () => Share) => (text: string) => {
    const { name } = share()
    if (logLines.take(name, clock.now())) log.error(`share '${name}': ${text}`)
  }
  return {
    listen: async (path, share) => {
      const server = createAgentServer({
        ...common,
        callerOf,
        share,
        log: logFor(share),
        mayAccept: () => mayAccept(share().name),
      })
      const bound = await listenOn(server.listener, path, 0o666, shareBacklog)
      return {
        isThere: () => bound.isThere(),
        close: async () => {
          bound.remove()
          await server.close()
        },
      }
    },
    listenOnTcp: async (port, share) => {
      const guard = new TcpGuard({ now: () => clock.now(), tcp: () => share().tcp })
      const server = createAgentServer({ ...common, callerOf: () => unknownCaller, share, guard, log: logFor(share) })
      return { port: await listenOnLoopback(server.listener, port), close: () => server.close() }
    },
  }
}
