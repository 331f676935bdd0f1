// The agent's start and end: the one place where its parts are put together. Only src/main.ts imports it.

import { randomBytes } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { unknownCaller } from '../core/access/caller.ts'
import { asFailure, exitCodes, Failure } from '../core/failures.ts'
import { ConfigFile } from '../config/config.ts'
import { addRule } from '../config/edit-rules.ts'
import { assumeRole } from '../cloud/aws-sts.ts'
import { connectBy } from '../oauth/server.ts'
import { callerOf, tellsCallers } from '../platform/process/caller.ts'
import { systemClock } from '../platform/clock.ts'
import { faultPoint, withFaultPoints } from '../platform/process/fault-points.ts'
import { harden, startClean } from '../platform/process/hardening.ts'
import { inheritedSocket, listenOn, listenOnInherited, listenOnLoopback } from '../platform/listen.ts'
import { hasLocalLock, tryLocalLock } from '../platform/fs/local-lock.ts'
import { type Paths, paths } from '../platform/fs/paths.ts'
import { notify } from '../platform/desktop/notify.ts'
import { askOnDesktop } from '../platform/desktop/prompt.ts'
import { isOwnPeer } from '../platform/process/peer.ts'
import { watchScreenLock } from '../platform/desktop/screen-lock.ts'
import { takeAgentLock } from '../platform/process/single-instance.ts'
import { IdleMemoryTrimmer } from '../platform/process/idle-memory.ts'
import { prepareSocketFolder } from '../platform/fs/socket-folder.ts'
import { realDisk } from '../store/files/disk.ts'
import { sessionLocks } from '../store/files/locks.ts'
import { RollbackDetector } from '../store/files/rollback-detector.ts'
import { type MasterKeyChoice, Store } from '../store/store.ts'
import { eventText } from '../wire/event-text.ts'
import { Operations } from './operations.ts'
import { approvalDetails, Approvals } from './access/approvals.ts'
import { AuditLog } from '../audit/writer.ts'
import { AutoLock } from './sessions/auto-lock.ts'
import { Credentials } from './credentials/credentials.ts'
import { EventHub } from './events.ts'
import { Gate } from './access/gate.ts'
import { Log, type LogLevel } from './log.ts'
import { Logins } from './sessions/logins.ts'
import { Logout } from './sessions/logout.ts'
import { noticeFile } from './notifications/notice-file.ts'
import { Notifier } from './notifications/notifier.ts'
import { Profiles } from './sessions/profiles.ts'
import { Secrets } from './credentials/static-secrets.ts'
import { Shares } from './shares/shares.ts'
import { createAgentServer } from './server/server.ts'
import { SessionStore } from './sessions/session-store.ts'
import { Sessions } from './sessions/sessions.ts'
import { TcpGuard } from './server/tcp-guard.ts'

export interface AgentOptions {
  readonly log: LogLevel
  /** A descriptor that holds the master key. */
  readonly masterKeyFd?: number
  /** A file that holds the master key. */
  readonly masterKeyFile?: string
}

/** ms: an agent on another host that died while it wrote is waited for as long as its lock takes to go stale. */
const auditPatience = 15_000

/** Runs until it is told to stop; the result is the exit code. */
export async function runAgent(options: AgentOptions): Promise<number> {
  startClean()
  harden(options.masterKeyFd)
  const log = new Log(options.log)
  try {
    const where = paths()
    prepareSocketFolder(where.runtimeDirectory)
    const release = await takeAgentLock(where.agentLock)
    if (release === undefined) {
      log.error(`an agent is already running at ${where.socket}`)
      return exitCodes.ok
    }
    const code = await serve(where, options, log)
    // Whatever was begun meanwhile keeps no agent that has stopped.
    setTimeout(() => process.exit(code), 1_000).unref()
    return code
  } catch (error) {
    const failure = asFailure(error)
    log.error(failure.message)
    if (failure.hint !== '') log.error(`hint: ${failure.hint}`)
    return failure.exitCode
  }
}

async function serve(where: Paths, options: AgentOptions, log: Log): Promise<number> {
  const clock = systemClock
  const events = new EventHub(() => clock.now())
  const warnings = new Set<string>()
  const warn = (text: string): void => {
    warnings.add(text)
    events.publish({ type: 'warning', text })
  }
  const rest = new IdleMemoryTrimmer()
  rest.touch()
  events.subscribe(() => rest.touch())
  events.subscribe((event) => (event.type === 'warning' ? log.error(eventText(event)) : log.info(eventText(event))))

  const lock = sessionLocks({
    directory: join(where.vaultDirectory, 'locks'),
    onWarning: warn,
    ...(hasLocalLock() ? { tryLocalLock } : {}),
  })
  const named = namedMasterKey(options)
  const atFault = faultPoint(process.env)
  const steps = ['create', 'link', 'rename', 'remove', 'syncFolder'] as const
  const vault = new Store({
    directory: where.vaultDirectory,
    clock,
    lock,
    onWarning: warn,
    ...(named === undefined ? {} : { named }),
    ...(atFault === undefined ? {} : { disk: withFaultPoints(realDisk, steps, atFault) }),
  })
  const connect = connectBy(clock)
  const seen = new RollbackDetector(where.seenFolder)
  const profiles = new Profiles(new ConfigFile(where.configFile), vault, connect, () => clock.now())
  const logins = new Logins({ clock, profiles, sessions: () => sessions, events, prepareVault: () => vault.prepare() })
  const sessions: Sessions = new Sessions({
    clock,
    store: new SessionStore(vault, warn, seen),
    lock,
    profiles,
    events,
    ...(atFault === undefined ? {} : { atFault }),
    end: (profile, runner, loggedInAt, reason) => logout.end(profile, runner, loggedInAt, reason),
    logInUnattended: async (profile) => {
      await logins.logIn(profile, 'client_credentials', { onProgress: () => {}, signal: new AbortController().signal })
    },
  })
  const logout: Logout = new Logout({
    clock,
    records: vault,
    connect,
    clientSecret: (name) => profiles.clientSecret(name),
    events,
  })
  const audit = new AuditLog({
    path: where.auditFile,
    lull: 25,
    lock: async () => {
      const held = await lock.acquire('audit', auditPatience, new AbortController().signal)
      return () => held.release()
    },
  })
  const approvals = new Approvals({
    clock,
    newId: () => randomBytes(4).toString('hex'),
    requested: (approval) => events.publish({ type: 'approval_requested', approval }),
    settled: ({ id }, decision) => events.publish({ type: 'approval_settled', id, decision }),
    prompt: async (approval, signal) => {
      const { prompt } = await profiles.configNow()
      return askOnDesktop(prompt, { text: approval.text, details: approvalDetails(approval) }, signal)
    },
    cannotPrompt: (approval) => notifier.waits(approval),
    write: async ({ decision, ...rest }, before) => {
      const day = new Date(clock.now()).toISOString().slice(0, 10)
      const { index, line, text } = await addRule(
        where.configFile,
        { decision: decision, ...rest },
        { before },
        `said for always on ${day}`,
      )
      profiles.expire()
      return { config: where.configFile, rule: index + 1, line, text }
    },
    lasting: ({ id }, answer, by) => {
      events.publish({ type: 'approval_remembered', id, ...answer })
      if (by === 'prompt') notifier.remembered(answer)
    },
  })
  const gate = new Gate({
    clock,
    events,
    config: () => profiles.configNow(),
    append: (entry, isUrgent) => audit.append(entry, isUrgent),
    approve: (question, match) => approvals.approve(question, match),
  })
  const secrets = new Secrets({ clock, records: vault, events })
  const credentials: Credentials = new Credentials({
    clock,
    profiles,
    secrets,
    events,
    prepareVault: () => vault.prepare(),
    gate,
    token: (context, name, target, minTtl) => agent.token(context, name, target, minTtl),
    refusedToken: (value) => sessions.refused(value),
    isToken: (value) => sessions.holds(value),
    assumeRole: (role, token) => assumeRole(role, token, { now: () => clock.now(), signal: new AbortController().signal }),
  })
  events.subscribe((event) => {
    if (event.type === 'logged_in' || event.type === 'logged_out') gate.happened(event.type, event.profile)
    if (event.type === 'logged_in' || event.type === 'unlocked') autoLock.opened()
  })
  const shares = new Shares({
    clock,
    file: where.sharesFile,
    folder: where.sharesDirectory,
    onWarning: warn,
    listen: async (path, share) => {
      const server = createAgentServer({
        agent,
        callerOf,
        share,
        isTrustedPeer: () => true,
        log: (text) => log.error(text),
        onRequest: () => rest.touch(),
      })
      const remove = await listenOn(server.listener, path, 0o666)
      return async () => {
        remove()
        await server.close()
      }
    },
    listenOnTcp: async (port, share) => {
      const server = createAgentServer({
        agent,
        callerOf: () => unknownCaller,
        share,
        guard: new TcpGuard({ now: () => clock.now(), tcp: () => share().tcp }),
        isTrustedPeer: () => true,
        log: (text) => log.error(text),
        onRequest: () => rest.touch(),
      })
      return { port: await listenOnLoopback(server.listener, port), close: () => server.close() }
    },
  })
  const autoLock = new AutoLock({
    clock,
    config: () => profiles.configNow(),
    isOpen: () => vault.status().state === 'open',
    lock: async (why) => {
      log.info(`locking: ${why}`)
      await agent.lock()
    },
    watchScreen: watchScreenLock,
    onWarning: warn,
  })
  const notifier: Notifier = new Notifier({
    clock,
    ends: () => sessions.loginEnds(),
    tell: (title, text) => {
      void Promise.resolve(profiles.configNow()).then(
        ({ notify: command }) => notify(command, title, text),
        () => notify(undefined, title, text),
      )
    },
    ...noticeFile(join(where.stateDirectory, 'notices.json')),
  })
  events.subscribe((event) => notifier.hear(event))
  const { promise: stopped, resolve: shutDown } = Promise.withResolvers<void>()
  const agent: Operations = new Operations({
    clock,
    vault,
    profiles,
    sessions,
    logins,
    logout,
    secrets,
    credentials,
    gate,
    shares,
    approvals,
    events,
    warnings,
    about: { version: version(), socket: where.socket },
    shutDown,
  })
  const server = createAgentServer({
    agent,
    isTrustedPeer: isOwnPeer,
    callerOf,
    log: (text) => log.error(text),
    onRequest: () => {
      rest.touch()
      autoLock.touch()
    },
  })
  if (!tellsCallers()) {
    warn('nothing here tells who calls: every caller is unknown, and a rule that names an executable matches none')
  }
  const inherited = inheritedSocket(process.env)
  const removeSocket =
    inherited === undefined
      ? await listenOn(server.listener, where.socket)
      : await listenOnInherited(server.listener, inherited.fd)
  log.info(`version ${version()} listens at ${inherited === undefined ? where.socket : 'the socket it was given'}`)
  await shares.resume()
  watchSignals(shutDown, log)
  void wakeUp(vault, sessions, logout, secrets, log).then(() => {
    autoLock.start()
    notifier.watch()
  })

  await stopped
  log.info('stopping')
  removeSocket()
  logins.cancelAll()
  approvals.forget('the agent is stopping')
  logout.stop()
  secrets.stop()
  autoLock.stop()
  notifier.stop()
  const closing = Promise.all([server.close(), shares.close()])
  const impatient = clock.after(5_000, () => sessions.interrupt())
  await sessions.close(new Failure('shutting_down', 'the agent is stopping'))
  impatient()
  await closing
  await seen.settled()
  gate.close()
  await audit.close()
  vault.close()
  return exitCodes.ok
}

/** What the vault holds is taken up without being asked, where that needs no user. */
async function wakeUp(vault: Store, sessions: Sessions, logout: Logout, secrets: Secrets, log: Log): Promise<void> {
  try {
    await vault.open()
    if (vault.status().state !== 'open') return
    await sessions.loadAll()
    await secrets.watch()
    await logout.resume()
  } catch (error) {
    log.info(`not opened yet: ${asFailure(error).message}`)
  }
}

function namedMasterKey({ masterKeyFd, masterKeyFile }: AgentOptions): MasterKeyChoice | undefined {
  if (masterKeyFd !== undefined) return { provider: 'descriptor', fd: masterKeyFd }
  const path = masterKeyFile ?? process.env['AUTHSOCK_MASTER_KEY_FILE']
  if (path !== undefined && path !== '') return { provider: 'key-file', path }
  const credentials = process.env['CREDENTIALS_DIRECTORY']
  if (credentials === undefined) return undefined
  const credential = join(credentials, 'authsock-master-key')
  return isThere(credential) ? { provider: 'systemd-credential', path: credential } : undefined
}

function isThere(path: string): boolean {
  try {
    closeSync(openSync(path, 'r'))
    return true
  } catch {
    return false
  }
}

function watchSignals(shutDown: () => void, log: Log): void {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, shutDown)
  // What nobody expected ends no session: it is said (without what it held), and the agent goes on.
  process.on('unhandledRejection', (reason) => log.error(`unexpected: ${asFailure(reason).message}`))
  process.on('uncaughtException', (error) => log.error(`unexpected: ${asFailure(error).message}`))
}

function version(): string {
  return (createRequire(import.meta.url)('../../package.json') as { version: string }).version
}
