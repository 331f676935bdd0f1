// A transport to the agent, and how one is started if none listens. For authsock-client.ts and the twin.

import { setTimeout as pause } from 'node:timers/promises'
import { Failure } from '../core/failures.ts'
import { paths } from '../platform/fs/paths.ts'
import { tcpAddress } from './agent-address.ts'
import type { ConnectOptions } from './options.ts'
import { asOnlyStarter } from './start-lock.ts'
import { startAgent } from './start.ts'
import { isAgentNotRunning, isConnectionLost, Transport } from './transport.ts'

export interface Connection {
  readonly transport: Transport
  /** Resolves when the agent answers. Undefined if this connection starts none. */
  readonly start: (() => Promise<void>) | undefined
}

/** Nothing is sent until the first call. Throws bad_request, insecure_url. */
export function connectTransport(options: ConnectOptions = {}): Connection {
  const env = options.env ?? process.env
  const tcp = tcpAddress(options.socket ?? env['AUTHSOCK'], env)
  if (tcp !== undefined) return { transport: new Transport(tcp), start: undefined }
  // The agent that is started must listen at the same path.
  const agentEnv = options.socket === undefined ? env : { ...env, AUTHSOCK: options.socket }
  const where = paths(agentEnv)
  const transport = new Transport(where.socket)
  if (options.start === false) return { transport, start: undefined }
  const isRunning = (): Promise<boolean> => answers(transport)
  const start = (): Promise<void> => asOnlyStarter(where, env, isRunning, () => startAgent(where, agentEnv, isRunning))
  return { transport, start }
}

/** An agent that answers with an error is there, unless it is shutting down. Throws agent_untrusted. */
async function answers(transport: Transport): Promise<boolean> {
  try {
    await transport.call({ method: 'GET', path: '/v1/sessions/-' })
    return true
  } catch (error) {
    if (isAgentNotRunning(error)) return false
    if (!(error instanceof Failure) || error.code === 'agent_untrusted') throw error
    return error.code !== 'shutting_down'
  }
}

/** For an answer, with all tries. */
const retryTimeoutMs = 120_000
/** Answers cut off in a row by a listener that is there again at once: it is no agent, or a broken one. */
const maxCut = 5

/**
 * Does the work; if no agent listens, starts one and does it again. `isRepeatable`: also if the agent ended before it had answered (H14), as
 * for a token, which can be asked for twice. As thin-client/agent.c.
 */
export async function orStart<T>(work: () => Promise<T>, start: Connection['start'], isRepeatable = false): Promise<T> {
  const deadline = performance.now() + retryTimeoutMs
  for (let cut = 0; ;) {
    try {
      return await work()
    } catch (error) {
      if (performance.now() >= deadline) throw error
      if (start !== undefined && isAgentNotRunning(error)) {
        await start()
        cut = 0
      } else if (isRepeatable && isConnectionLost(error) && cut < maxCut) {
        await pause(50 * 2 ** cut)
        cut += 1
      } else throw error
    }
  }
}
