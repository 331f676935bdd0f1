// The agent as a list of services, built from explicit dependencies: whatever is used was built above. main.ts starts the list in
// order and stops it in reverse.

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { AuditLog } from '../audit/writer.ts'
import { assumeRole } from '../cloud/aws-sts.ts'
import { ConfigFile } from '../config/config-file.ts'
import type { Clock } from '../core/ports.ts'
import { defined } from '../core/util/defined.ts'
import { postForm } from '../oauth/http/post-form.ts'
import { connectBy } from '../oauth/server.ts'
import { wakeAgentAt } from '../platform/autostart/wake-timer.ts'
import { watchScreenLock } from '../platform/desktop/screen-lock.ts'
import { hasLocalLock, tryLocalLock } from '../platform/fs/local-lock.ts'
import type { Paths } from '../platform/fs/paths.ts'
import { identifiesCallers } from '../platform/process/caller.ts'
import { faultPoint, withFaultPoints } from '../platform/process/fault-points.ts'
import { descriptorLimit } from '../platform/process/descriptors.ts'
import { IdleMemoryTrimmer } from '../platform/process/idle-memory.ts'
import { realDisk } from '../platform/fs/disk.ts'
import type { InheritedSocket } from '../platform/listen.ts'
import { version } from '../platform/version.ts'
import { sessionLocks } from '../store/files/locks.ts'
import { RollbackDetector } from '../store/files/rollback-detector.ts'
import type { VaultView } from '../store/state.ts'
import { Store } from '../store/store.ts'
import { eventText } from '../wire/event-text.ts'
import { AccessControl } from './access/access-control.ts'
import { Approvals } from './access/approvals.ts'
import { desktopPrompt } from './access/desktop-prompt.ts'
import { AuditTrail } from './access/audit-trail.ts'
import { Issuer } from './access/issuer.ts'
import { ruleWriter } from './access/rule-writer.ts'
import { Credentials } from './credentials/credentials.ts'
import { Secrets } from './credentials/static-secrets.ts'
import { EventHub } from './events.ts'
import { IdleExit } from './idle-exit.ts'
import type { Log } from './log.ts'
import { desktopNotice } from './notifications/desktop-notice.ts'
import { noticeFile } from './notifications/notice-file.ts'
import { Notifier } from './notifications/notifier.ts'
import { Operations } from './operations.ts'
import { mainConnections, shareBudget } from './server/budget.ts'
import { mainListener } from './server/main-listener.ts'
import type { Service, StopRequest } from './service.ts'
import { AutoLock } from './sessions/auto-lock.ts'
import { Logins } from './sessions/logins.ts'
import { Logout } from './sessions/logout.ts'
import { masterKeyChoice, type MasterKeyOptions } from './sessions/master-key-choice.ts'
import { Profiles } from './sessions/profiles.ts'
import { Revocations } from './sessions/revocations.ts'
import { openerService, sessionsService, storeService, waitingService } from './sessions/services.ts'
import { ServerTraits } from './sessions/server-traits.ts'
import { SessionStore } from './sessions/session-store.ts'
import { Sessions } from './sessions/sessions.ts'
import { UnattendedLogins } from './sessions/unattended-logins.ts'
import { shareListeners } from './shares/share-listeners.ts'
import { Shares } from './shares/shares.ts'

export type AgentOptions = MasterKeyOptions

interface Surroundings {
  readonly where: Paths
  readonly options: AgentOptions
  readonly log: Log
  readonly clock: Clock
  /** The socket that the service manager passed, if it did. */
  readonly inherited: InheritedSocket | undefined
  /** Those of shares that were taken from another agent, by path. */
  readonly shareSockets: Map<string, InheritedSocket>
  /** Ends the agent. */
  readonly shutDown: (how: StopRequest) => void
  /** Makes sure of the socket's folder and of the agent's lock (R19). Rejects if they cannot be had any more. */
  readonly secure: () => Promise<void>
}

/** An agent on another host that died while it wrote to the audit log: its lock goes stale within this. */
const auditLockTimeoutMs = 15_000
/** How long entries of the audit log that nobody waits for are collected before they are written. */
const auditDelayMs = 25
/** Of the disk: at each of them a test may have the process killed. */
const diskSteps = ['create', 'link', 'rename', 'remove', 'syncFolder'] as const

export function compose({
  where,
  options,
  log,
  clock,
  inherited,
  shareSockets,
  shutDown,
  secure,
}: Surroundings): readonly Service[] {
  const now = (): number => clock.now()
  const events = new EventHub(now)
  const warnings = new Set<string>()
  const warn = (text: string): void => {
    warnings.add(text)
    events.publish({ type: 'warning', text })
  }
  const trimmer = new IdleMemoryTrimmer()
  trimmer.touch()
  events.subscribe(() => trimmer.touch())
  events.subscribe((event) => (event.type === 'warning' ? log.error(eventText(event)) : log.info(eventText(event))))
  const about = { version, socket: where.socket }

  // ---- the store
  const lock = sessionLocks({
    directory: join(where.vaultDirectory, 'locks'),
    onWarning: warn,
    ...(hasLocalLock() ? { tryLocalLock } : {}),
  })
  const atFault = faultPoint(process.env)
  const store = new Store({
    directory: where.vaultDirectory,
    clock,
    lock,
    onWarning: warn,
    noteFile: where.vaultNoteFile,
    ...defined({
      named: masterKeyChoice(options, process.env),
      disk: atFault && withFaultPoints(realDisk, diskSteps, atFault),
    }),
  })
  const prepareVault = (): Promise<void> => store.prepare()
  const seen = new RollbackDetector(where.seenFolder)

  // ---- the sessions
  const userAgent = `authsock/${about.version}`
  const connect = connectBy(clock, { userAgent })
  const sendForm = postForm(now, userAgent)
  const configFile = new ConfigFile(where.configFile, {
    onProblem: (text) => events.publish({ type: 'warning', text }),
  })
  const profiles = new Profiles(configFile, store, connect, now)
  const clientSecret = profiles.clientSecret.bind(profiles)
  const revocations = new Revocations({ clock, records: store, connect, clientSecret, events })
  const logout = new Logout({ revocations, events })
  const traits = new ServerTraits({ clock, records: store, events })
  const unattended = new UnattendedLogins()
  const sessions = new Sessions({
    clock,
    store: new SessionStore(store, warn, seen),
    lock,
    profiles,
    events,
    traits,
    end: logout.end.bind(logout),
    logInUnattended: unattended.logIn.bind(unattended),
    ...defined({ atFault }),
  })
  const logins = new Logins({ clock, profiles, sessions, events, revocations, traits, prepareVault })
  unattended.connect(logins)

  // ---- what the user is told and asked
  const notifier = new Notifier({
    clock,
    ends: () => sessions.loginEnds(),
    tell: desktopNotice(profiles),
    ...noticeFile(join(where.stateDirectory, 'notices.json')),
  })
  const descriptors = descriptorLimit()
  const budget = shareBudget(clock, descriptors)
  const approvals = new Approvals({
    clock,
    mayAsk: (share) => budget.questions.take(share, now()),
    newId: () => randomBytes(4).toString('hex'),
    requested: (approval) => events.publish({ type: 'approval_requested', approval }),
    settled: ({ id }, decision) => events.publish({ type: 'approval_settled', id, decision }),
    prompt: desktopPrompt(profiles),
    cannotPrompt: (approval) => notifier.waits(approval),
    write: ruleWriter({ clock, configFile: where.configFile, profiles }),
    lasting: ({ id }, answer, by) => {
      events.publish({ type: 'approval_remembered', id, ...answer })
      if (by === 'prompt') notifier.remembered(answer)
    },
  })

  // ---- who may have what
  const auditLog = new AuditLog({
    path: where.auditFile,
    delayMs: auditDelayMs,
    lock: async () => {
      const held = await lock.acquire('audit', auditLockTimeoutMs, new AbortController().signal)
      return () => held.release()
    },
  })
  const config = profiles.configNow.bind(profiles)
  const audit = new AuditTrail({ clock, events, config, append: auditLog.append.bind(auditLog) })
  const control = new AccessControl({
    clock,
    config,
    // A question that a locked vault would make pointless is not asked (U5).
    approve: async (request, match) => {
      await store.open()
      await approvals.approve(request, match)
    },
  })
  const issuer = new Issuer({
    profiles,
    sessions,
    control,
    audit,
    mayRefresh: (share) => budget.refreshes.take(share, now()),
    isLoginPending: logins.isPending.bind(logins),
  })
  const secrets = new Secrets({ clock, records: store, events })
  const credentials = new Credentials({
    clock,
    profiles,
    secrets,
    events,
    prepareVault,
    issuer,
    refusedToken: (value) => sessions.refused(value),
    isToken: (value) => sessions.holds(value),
    assumeRole: (role, token) => assumeRole(role, token, sendForm),
  })

  // ---- the protocol
  const shares = new Shares({ clock, file: where.sharesFile, folder: where.sharesDirectory, onWarning: warn })
  const agent = new Operations({
    clock,
    vault: store,
    profiles,
    sessions,
    logins,
    logout,
    secrets,
    credentials,
    audit,
    issuer,
    shares,
    approvals,
    events,
    warnings,
    about,
    socketOf: inherited === undefined || inherited.isOwn ? 'agent' : 'service_manager',
    shutDown,
  })
  const autoLock = new AutoLock({
    clock,
    config: () => profiles.config(),
    isOpen: () => store.status().state === 'open',
    lock: async (why) => {
      log.info(`locking: ${why}`)
      await agent.lock()
    },
    watchScreen: watchScreenLock,
    onWarning: warn,
  })
  const touched = (): void => {
    trimmer.touch()
    autoLock.touch()
    idleExit?.touch()
  }
  const listener = mainListener({
    agent,
    ...about,
    inherited,
    log,
    onRequest: touched,
    budget: mainConnections(descriptors),
    secure,
    onFolderChange: () => void shares.reopen(),
    shutDown: () => shutDown('stop'),
  })
  // The service manager keeps the socket, so that the next caller starts the next agent.
  const idleExit =
    inherited === undefined || inherited.isOwn
      ? undefined
      : new IdleExit({
          clock,
          config: () => profiles.config(),
          isNeeded: () =>
            listener.openConnections() > 0 ||
            shares.list().length > 0 ||
            logins.isAnyPending ||
            approvals.isInUse ||
            revocations.isPending ||
            !opensByItself(store.status()),
          nextWake: () => sessions.nextWake(),
          wakeAt: (at) => wakeAgentAt(at),
          exit: (why) => {
            log.info(why)
            shutDown('hand over')
          },
          onWarning: warn,
        })
  events.subscribe((event) => {
    if (event.type === 'logged_in' || event.type === 'logged_out') audit.happened(event.type, event.profile)
    if (event.type === 'logged_in' || event.type === 'unlocked') autoLock.opened()
    notifier.hear(event)
  })
  if (!identifiesCallers()) {
    warn('this system does not tell who calls: every caller is unknown, and a rule that names an executable matches none')
  }

  return [
    storeService(store, seen),
    auditService(auditLog, audit),
    sessionsService(sessions),
    shares.service(shareListeners({ agent, clock, log, budget, onRequest: () => trimmer.touch(), reserved: shareSockets })),
    listener,
    notifier.service(),
    autoLock.service(),
    openerService({
      store,
      sessions,
      secrets,
      revocations,
      log,
      tried: () => {
        autoLock.start()
        notifier.watch()
      },
    }),
    ...(idleExit === undefined ? [] : [idleExit.service()]),
    waitingService({ sessions, logins, approvals }),
  ]
}

/** Whether the next agent has the vault as this one has it: a passphrase that was entered would be lost, and a lock undone. */
const opensByItself = ({ state, masterKey }: VaultView): boolean =>
  state === 'new' ||
  (state === 'open' && masterKey !== 'passphrase' && masterKey !== 'descriptor') ||
  (state === 'locked' && masterKey === 'passphrase')

/** What flood control has counted is written before the log is closed. */
const auditService = (log: AuditLog, trail: AuditTrail): Service => ({
  name: 'audit log',
  start: async () => {},
  stop: async () => {
    trail.close()
    await log.close()
  },
})
