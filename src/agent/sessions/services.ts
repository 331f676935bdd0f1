// The services of the sessions: the store is opened without being asked, if that needs no user; at a stop, a refresh in flight is
// finished and made durable.

import { asFailure, Failure } from '../../core/failures.ts'
import type { RollbackDetector } from '../../store/files/rollback-detector.ts'
import type { Store } from '../../store/store.ts'
import type { Approvals } from '../access/approvals.ts'
import type { Secrets } from '../credentials/static-secrets.ts'
import type { Log } from '../log.ts'
import type { Service } from '../service.ts'
import type { Logins } from './logins.ts'
import type { Revocations } from './revocations.ts'
import type { Sessions } from './sessions.ts'

const stopping = (): Failure => new Failure('shutting_down', 'the agent is stopping')

export const storeService = (store: Store, seen: RollbackDetector): Service => ({
  name: 'store',
  start: async () => {},
  stop: async () => {
    await seen.settled()
    store.close()
  },
})

/** A refresh under way is finished and saved; after the deadline its request is aborted. */
export const sessionsService = (sessions: Sessions): Service => ({
  name: 'sessions',
  start: async () => {},
  stop: async (deadline) => {
    const interrupt = (): void => sessions.interrupt()
    deadline.addEventListener('abort', interrupt)
    if (deadline.aborted) interrupt()
    await sessions.close(stopping())
    deadline.removeEventListener('abort', interrupt)
  },
})

interface WaitingParts {
  readonly sessions: Sessions
  readonly logins: Logins
  readonly approvals: Approvals
}

/** What callers wait for. It is stopped before the listeners are: those who wait have their answer, and no connection is held up. */
export const waitingService = ({ sessions, logins, approvals }: WaitingParts): Service => ({
  name: 'waiting callers',
  start: async () => {},
  stop: async () => {
    logins.cancelAll()
    approvals.forget('the agent is stopping')
    sessions.refuse(stopping())
  },
})

interface OpenerParts {
  readonly store: Store
  readonly sessions: Sessions
  readonly secrets: Secrets
  readonly revocations: Revocations
  readonly log: Log
  /** Called when the store was tried, whether it is open or not. */
  readonly tried: () => void
}

/** Opens the store in the background and takes up what it holds: refreshes that are due, revocations that are pending. */
export const openerService = ({ store, sessions, secrets, revocations, log, tried }: OpenerParts): Service => ({
  name: 'opener',
  start: async () => {
    const open = async (): Promise<void> => {
      await store.open()
      if (store.status().state !== 'open') return
      await sessions.loadAll()
      await secrets.watch()
      await revocations.resume()
    }
    void open()
      .catch((error: unknown) => log.info(`not opened yet: ${asFailure(error).message}`))
      .then(tried)
  },
  stop: async () => {
    revocations.stop()
    secrets.stop()
  },
})
