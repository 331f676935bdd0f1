// A transport to the agent, and how one is started if none listens. For authsock-client.ts and the twin.

import { Failure } from '../core/failures.ts'
import { paths } from '../platform/fs/paths.ts'
import { tcpAddress } from './agent-address.ts'
import type { ConnectOptions } from './options.ts'
import { asOnlyStarter } from './start-lock.ts'
import { startAgent } from './start.ts'
import { isAgentNotRunning, Transport } from './transport.ts'

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

/** Does the work; if no agent listens, starts one and does it again. */
export async function orStart<T>(work: () => Promise<T>, start: Connection['start']): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (start === undefined || !isAgentNotRunning(error)) throw error
    await start()
    return work()
  }
}
