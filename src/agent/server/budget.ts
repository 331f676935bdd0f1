// The one budget over all shares and listeners (L15, S9): connections, unread bytes, refreshes, questions and log lines. The main
// socket has descriptors that no share can take, and nothing else of it is counted: it is the user's own.

import { FairRate, Quota, RateBudget } from '../../core/access/budget.ts'
import type { Clock } from '../../core/ports.ts'
import { maxConnections, maxShareConnections } from './limits.ts'

/** Descriptors for files, servers, prompts and the listeners themselves. */
const reservedDescriptors = 96
/** Connections of all shares together, if there are descriptors for more. */
const maxAllShareConnections = 2048
/**
 * New connections to the sockets of shares: a burst for each, a rate for all. Beyond it they wait in the kernel's queue. Not at a TCP port:
 * who connects there is unknown before it has sent the secret, and a client that has it is not kept waiting by those who have not.
 */
const accepts = { burst: 200, perSecond: 200 }
/** Bytes of bodies that were received and not answered yet. */
const bodyBytes = { total: 16 * 2 ** 20, each: 4 * 2 ** 20 }
/** Refreshes that a share's clients cause beyond those that are due anyway: a target of its own, or a longer lifetime. */
const refreshes = { total: { burst: 60, perSecond: 0.2 }, each: { burst: 12, perSecond: 1 / 30 } }
/** Approvals that the user is asked for. */
const questions = { total: { burst: 12, perSecond: 1 / 20 }, each: { burst: 5, perSecond: 1 / 60 } }
/** Lines of the agent's log that requests by shares cause. */
const logLines = { total: { burst: 100, perSecond: 0.2 }, each: { burst: 20, perSecond: 1 / 60 } }

/** Closes the connection of a listener that has been silent for longest; false if each is being answered. */
type Evict = () => boolean

export class ConnectionBudget {
  readonly #quota: Quota
  readonly #evict = new Map<string, Evict>()

  constructor(limits: { readonly total: number; readonly each: number }) {
    this.#quota = new Quota(limits)
  }

  /** A listener, until the result is called. */
  register(listener: string, evict: Evict): () => void {
    this.#evict.set(listener, evict)
    return () => {
      if (this.#evict.get(listener) === evict) this.#evict.delete(listener)
    }
  }

  /**
   * Counts a connection. Makes room if there is none, at the cost of the listener itself or of the one that has most; false if that is
   * not possible, and then it is not counted.
   */
  open(listener: string): boolean {
    while (!this.#quota.take(listener)) {
      const candidates = this.#quota.exceeded(listener) === 'own' ? [listener] : this.#quota.holders()
      if (!candidates.some((each) => this.#evict.get(each)?.() === true)) return false
    }
    return true
  }

  closed(listener: string): void {
    this.#quota.release(listener)
  }
}

export interface ShareBudget {
  readonly connections: ConnectionBudget
  /** Whether another connection to a share's socket is accepted now. */
  readonly mayAccept: (share: string) => boolean
  readonly bodyBytes: Quota
  readonly refreshes: RateBudget
  readonly questions: RateBudget
  readonly logLines: RateBudget
}

/** What shares may have of `descriptors`, and the rest. */
export function connectionLimits(descriptors: number): { readonly shares: number; readonly main: number } {
  const shares = Math.max(8, Math.min(maxAllShareConnections, Math.floor(descriptors / 3)))
  const reserved = Math.min(reservedDescriptors, Math.floor(descriptors / 3))
  return { shares, main: Math.max(16, Math.min(maxConnections, descriptors - shares - reserved)) }
}

export function mainConnections(descriptors: number): ConnectionBudget {
  const { main } = connectionLimits(descriptors)
  return new ConnectionBudget({ total: main, each: main })
}

export function shareBudget(clock: Clock, descriptors: number): ShareBudget {
  const now = clock.now()
  const { shares } = connectionLimits(descriptors)
  const accepting = new FairRate(accepts)
  return {
    connections: new ConnectionBudget({ total: shares, each: Math.min(maxShareConnections, shares) }),
    mayAccept: (share) => accepting.take(share, clock.now()),
    bodyBytes: new Quota(bodyBytes),
    refreshes: new RateBudget({ ...refreshes, now }),
    questions: new RateBudget({ ...questions, now }),
    logLines: new RateBudget({ ...logLines, now }),
  }
}
