// The one budget over all shares and listeners (L15, S9): connections, unread bytes, refreshes, questions and log lines. The main
// socket has descriptors that no share can take, and nothing else of it is counted: it is the user's own.

import { Quota, RateBudget } from '../../core/access/budget.ts'
import type { Clock } from '../../core/ports.ts'
import { maxConnections, maxShareConnections } from './limits.ts'

/** Descriptors for files, servers, prompts and the listeners themselves. */
const reservedDescriptors = 96
/** Connections of all shares together, if there are descriptors for more. */
const maxAllShareConnections = 2048
/**
 * New connections to the sockets of shares. Beyond it they are refused as they come, which costs less than to read what they send. Not at a
 * TCP port: who connects there is unknown before it has sent the secret, and a client that has it is not kept out.
 */
const accepts = { total: { burst: 1000, perSecond: 250 }, each: { burst: 500, perSecond: 100 } }
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
  readonly #mayAccept: (listener: string) => boolean

  /** `mayAccept`: whether another connection to the listener may come just now. */
  constructor(limits: { readonly total: number; readonly each: number }, mayAccept: (listener: string) => boolean = () => true) {
    this.#quota = new Quota(limits)
    this.#mayAccept = mayAccept
  }

  /** A listener, until the result is called. */
  register(listener: string, evict: Evict): () => void {
    this.#evict.set(listener, evict)
    return () => {
      if (this.#evict.get(listener) === evict) this.#evict.delete(listener)
    }
  }

  /**
   * Counts a connection. Makes room if there is none, at the cost of the listener itself or of the one that has most; `full` if that is
   * not possible, and then it is not counted. `busy`: too many have come just now.
   */
  open(listener: string, isTcp = false): 'open' | 'busy' | 'full' {
    while (!this.#quota.take(listener)) {
      const candidates = this.#quota.exceeded(listener) === 'own' ? [listener] : this.#quota.holders()
      if (!candidates.some((each) => this.#evict.get(each)?.() === true)) return 'full'
    }
    return isTcp || this.#mayAccept(listener) ? 'open' : 'busy'
  }

  closed(listener: string): void {
    this.#quota.release(listener)
  }
}

export interface ShareBudget {
  readonly connections: ConnectionBudget
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
  const rate = new RateBudget({ ...accepts, now })
  const limits = { total: shares, each: Math.min(maxShareConnections, shares) }
  return {
    connections: new ConnectionBudget(limits, (listener) => rate.take(listener, clock.now())),
    bodyBytes: new Quota(bodyBytes),
    refreshes: new RateBudget({ ...refreshes, now }),
    questions: new RateBudget({ ...questions, now }),
    logLines: new RateBudget({ ...logLines, now }),
  }
}
