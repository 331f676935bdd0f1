// The life of the agent's process: hardening, the lock, signals, the exit code. What runs in it is composed in compose.ts. Only
// command.ts imports this.

import { asFailure, exitCodes } from '../core/failures.ts'
import { systemClock } from '../platform/clock.ts'
import { paths } from '../platform/fs/paths.ts'
import { checkPrivateFolder } from '../platform/fs/private-folder.ts'
import { prepareSocketFolder } from '../platform/fs/socket-folder.ts'
import { harden, startClean } from '../platform/process/hardening.ts'
import { takeAgentLock } from '../platform/process/single-instance.ts'
import { type AgentOptions, compose } from './compose.ts'
import { Log, type LogLevel } from './log.ts'
import { ServiceList } from './service.ts'

export interface ProcessOptions extends AgentOptions {
  readonly log: LogLevel
}

/** For a refresh under way; after it, the request is aborted, and its outcome is ambiguous (R4). */
const stopTimeoutMs = 5_000
/** For all services together, also those that ignore their deadline: a stop never waits for ever (S8). */
const hardStopTimeoutMs = 20_000
/** After the services have stopped: for whatever else still holds the process. */
const exitTimeoutMs = 1_000

/** Runs until it is told to stop; the result is the exit code. */
export async function runAgent(options: ProcessOptions): Promise<number> {
  startClean()
  harden(options.masterKeyFd)
  const log = new Log(options.log)
  try {
    const where = paths()
    prepareSocketFolder(where.runtimeDirectory)
    checkPrivateFolder(where.stateDirectory)
    const release = await takeAgentLock(where.agentLock)
    if (release === undefined) {
      log.error(`an agent is already running at ${where.socket}`)
      return exitCodes.ok
    }
    const { promise: stopped, resolve: shutDown } = Promise.withResolvers<void>()
    watchProcess(shutDown, log)
    const services = new ServiceList(compose({ where, options, log, clock: systemClock, shutDown }), (text) => log.error(text))
    await services.start()
    await stopped
    log.info('stopping')
    const forced = setTimeout(() => process.exit(exitCodes.ok), hardStopTimeoutMs)
    await services.stop(stopTimeoutMs)
    clearTimeout(forced)
    setTimeout(() => process.exit(exitCodes.ok), exitTimeoutMs).unref()
    return exitCodes.ok
  } catch (error) {
    const failure = asFailure(error)
    log.error(failure.message)
    if (failure.hint !== '') log.error(`hint: ${failure.hint}`)
    return failure.exitCode
  }
}

function watchProcess(shutDown: () => void, log: Log): void {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, shutDown)
  // A defect ends no session: it is logged (without its stack, which may hold values), and the agent goes on.
  process.on('unhandledRejection', (reason) => log.error(`unexpected: ${asFailure(reason).message}`))
  process.on('uncaughtException', (error) => log.error(`unexpected: ${asFailure(error).message}`))
}
