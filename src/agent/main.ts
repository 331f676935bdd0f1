// The life of the agent's process: hardening, the lock, signals, the exit code. What runs in it is composed in compose.ts. Only
// command.ts imports this.

import { existsSync, lstatSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { asFailure, exitCodes, Failure } from '../core/failures.ts'
import { systemClock } from '../platform/clock.ts'
import { type Paths, paths } from '../platform/fs/paths.ts'
import { checkPrivateFolder } from '../platform/fs/private-folder.ts'
import { prepareSocketFolder } from '../platform/fs/socket-folder.ts'
import { launchdSocket } from '../platform/launchd-socket.ts'
import { type InheritedSocket, inheritedSocket, reserveSocket } from '../platform/listen.ts'
import { harden, startClean } from '../platform/process/hardening.ts'
import { type AgentLock, type AgentLockOutcome, pidText, takeAgentLock } from '../platform/process/single-instance.ts'
import { checkVaultFormat } from '../store/manifest/format.ts'
import { reserveShareSockets } from './shares/share-listeners.ts'
import { type AgentOptions, compose } from './compose.ts'
import { Log, type LogLevel } from './log.ts'
import { ServiceList, type StopRequest } from './service.ts'

export interface ProcessOptions extends AgentOptions {
  readonly log: LogLevel
  /** The log is JSON. */
  readonly json?: boolean
  /** Takes the place of the agent that runs. */
  readonly takeOver?: boolean
}

/** For another agent to end, which may have a refresh under way. */
const lockTimeoutMs = 45_000
const lockPollMs = 20
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
  const log = new Log(options.log, { asJson: options.json === true })
  try {
    const where = paths()
    log.rotate(where.logFile)
    prepareSocketFolder(where.runtimeDirectory)
    checkPrivateFolder(where.stateDirectory)
    const { found, socket, shareSockets = new Map() } = await takePlace(where, options.takeOver === true, log)
    if (found.kind === 'taken') {
      log.error(`an agent is already running at ${where.socket}${pidText(found.pid)}`)
      return exitCodes.ok
    }
    let asked = Promise.withResolvers<StopRequest>()
    const shutDown = (how: StopRequest): void => asked.resolve(how)
    // Callers wait at a socket that the service manager keeps: those who have asked already are answered first.
    watchProcess(() => shutDown(socket === undefined || socket.isOwn ? 'stop' : 'hand over'), log)
    const services = new ServiceList(
      compose({
        where,
        options,
        log,
        clock: systemClock,
        inherited: socket,
        shareSockets,
        shutDown,
        secure: keepPlace(where, found.lock),
      }),
      (text) => log.error(text),
    )
    await services.start()
    while ((await asked.promise) === 'hand over') {
      asked = Promise.withResolvers<StopRequest>()
      log.info('answering what was asked, for another agent to take over')
      if (await Promise.race([services.handOver(), asked.promise.then(() => true)])) break
      log.error('no other agent has come to take over: this one goes on')
    }
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

interface Place {
  readonly found: AgentLockOutcome
  readonly socket: InheritedSocket | undefined
  readonly shareSockets?: Map<string, InheritedSocket>
}

/**
 * The lock of the one agent (R9), and the socket if it is there already: passed by the service manager, or taken from the agent that runs,
 * which then answers those who have asked it and ends. Rejects with vault_changed if this version cannot open the vault.
 */
async function takePlace(where: Paths, takeOver: boolean, log: Log): Promise<Place> {
  const { agentLock, socket, vaultDirectory } = where
  const passed = inheritedSocket(process.env) ?? launchdSocket()
  if (passed !== undefined) return { found: await waitForLock(agentLock, log), socket: passed }
  const found = await takeAgentLock(agentLock)
  if (found.kind === 'held' || !takeOver) return { found, socket: undefined }
  await checkVaultFormat(vaultDirectory)
  // Those of shares first: when its own is replaced, the agent that runs stops accepting at all of them.
  const shareSockets = await reserveShareSockets(where)
  const reserved = await reserveSocket(socket)
  if (reserved === undefined) return { found, socket: undefined }
  return { found: await waitForLock(agentLock, log), socket: reserved, shareSockets }
}

/**
 * The socket is this agent's already: whoever has the lock was started before, finds that its socket was replaced, and ends. Callers wait
 * meanwhile; if this agent ended instead, it would be started again and again for them.
 */
async function waitForLock(path: string, log: Log): Promise<AgentLockOutcome> {
  const deadline = performance.now() + lockTimeoutMs
  for (let said = false; ; said = true) {
    const found = await takeAgentLock(path)
    if (found.kind === 'held' || performance.now() > deadline) return found
    if (!said) log.info(`waiting for the agent that still runs${pidText(found.pid)}`)
    await pause(lockPollMs)
  }
}

/** R19: the folder of the socket and the lock are this agent's, or are made so anew. Rejects if another agent has the lock now. */
function keepPlace({ socket, runtimeDirectory, agentLock }: Paths, first: AgentLock): () => Promise<void> {
  let lock = first
  return async () => {
    const above = dirname(runtimeDirectory)
    if (!existsSync(above)) throw new Failure('storage_failed', `${above} was removed`)
    // One that was only opened to others is still ours: the agent looks at who connects.
    if (lstatSync(runtimeDirectory, { throwIfNoEntry: false })?.uid !== process.getuid?.()) prepareSocketFolder(runtimeDirectory)
    if (lock.isHeld()) return
    const found = await takeAgentLock(agentLock)
    if (found.kind === 'taken') {
      throw new Failure('agent_untrusted', `another agent${pidText(found.pid)} has taken the place of this one at ${socket}`)
    }
    lock.release()
    lock = found.lock
  }
}

function watchProcess(shutDown: () => void, log: Log): void {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, shutDown)
  // A defect ends no session: it is logged (without its stack, which may hold values), and the agent goes on.
  process.on('unhandledRejection', (reason) => log.error(`unexpected: ${asFailure(reason).message}`))
  process.on('uncaughtException', (error) => log.error(`unexpected: ${asFailure(error).message}`))
}
