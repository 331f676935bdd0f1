// The shares of this agent: kept in a file across restarts, each with a socket in a folder of its own and, if asked for, a port of
// 127.0.0.1. An expired share answers so for a day, and is then removed; its port is closed at once.

import type { Share } from '../../core/access/share.ts'
import { asFailure, Failure } from '../../core/failures.ts'
import type { Clock } from '../../core/ports.ts'
import { parseScope } from '../../core/session/scope.ts'
import { defined } from '../../core/util/defined.ts'
import type { ShareRequest, ShareStatus } from '../../wire/messages.ts'
import type { Service } from '../service.ts'
import { notOpened, OpenShare, type ShareListeners } from './open-share.ts'
import { ShareFile } from './share-file.ts'
import { ShareFolders } from './share-folder.ts'
import { keepSecret } from './share-secret.ts'

const hourMs = 3_600_000
/** For which an expired share still answers that it has. */
const expiredForMs = 24 * hourMs
/** Until a missed port is tried again. */
const portRetryMs = 10_000
const maxShares = 4096
/** Of a name: the path of a socket is short, and has the folder in it. */
const maxNameLength = 32

export interface SharesPorts {
  readonly clock: Clock
  /** Where they are kept. */
  readonly file: string
  /** Above their folders: 0700. */
  readonly folder: string
  readonly onWarning: (text: string) => void
}

const notResumed = (): never => {
  throw new Error('a share was asked for before the shares were resumed')
}

export class Shares {
  readonly #ports: SharesPorts
  readonly #file: ShareFile
  readonly #folders: ShareFolders
  readonly #open = new Map<string, OpenShare>()
  /** One change after the other: two at once would both listen at one path. */
  #turn: Promise<unknown> = Promise.resolve()
  #cancelTimer = (): void => {}
  #listeners: ShareListeners = { isReserved: () => false, listen: notResumed, listenOnTcp: notResumed }

  constructor(ports: SharesPorts) {
    this.#ports = ports
    this.#file = new ShareFile(ports.file, ports.onWarning)
    this.#folders = new ShareFolders(ports.folder)
  }

  service(listeners: ShareListeners): Service {
    const handOver = async (): Promise<boolean> => {
      await Promise.all([...this.#open.values()].map((open) => open.finish()))
      return true
    }
    return { name: 'shares', start: () => this.resume(listeners), handOver, stop: () => this.close() }
  }

  /** Listens for the shares that are kept; no other operation works before. One that cannot be opened affects no other. */
  resume(listeners: ShareListeners): Promise<void> {
    this.#listeners = listeners
    return this.#inTurn(async () => {
      for (const share of this.#file.read().filter((each) => !this.#isOver(each))) {
        const open = new OpenShare(share, this.#folders, listeners)
        this.#open.set(share.name, open)
        await this.#openOrWarn(open)
      }
      await this.#tend()
    })
  }

  list(): readonly ShareStatus[] {
    return [...this.#open.values()].map((open) => open.status()).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Throws not_found. */
  get(name: string): ShareStatus {
    return this.#find(name).status()
  }

  /** A share of that name gets the new bounds, and keeps its folder. Rejects with bad_request, storage_failed. */
  make(name: string, request: ShareRequest): Promise<ShareStatus> {
    checkFolderName(name)
    return this.#inTurn(() => this.#make(name, request))
  }

  /** Rejects with not_found. */
  remove(name: string): Promise<void> {
    return this.#inTurn(() => this.#remove(name))
  }

  /** Listens anew where a socket was removed or replaced (R19). Never rejects. */
  reopen(): Promise<void> {
    return this.#inTurn(async () => {
      for (const open of this.#open.values()) if (open.hasLostSocket) await this.#openOrWarn(open)
    })
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      this.#cancelTimer()
      await Promise.all([...this.#open.values()].map((open) => open.close()))
      this.#open.clear()
    })
  }

  async #openOrWarn(open: OpenShare): Promise<void> {
    await open.openSocket().catch((error: unknown) => {
      this.#ports.onWarning(`the share '${open.share.name}' cannot be opened: ${(error as Error).message}`)
    })
  }

  async #make(name: string, request: ShareRequest): Promise<ShareStatus> {
    const known = this.#open.get(name)
    if (known === undefined && this.#open.size >= maxShares) {
      throw new Failure('bad_request', `there are ${maxShares} shares already`)
    }
    const bounds = shareOf(name, request, this.#ports.clock.now())
    const open = known ?? new OpenShare(bounds, this.#folders, this.#listeners)
    const listener = await open.listenerFor(request.tcp)
    try {
      const secretHash = listener && keepSecret(this.#folders.prepare(name), known?.share.tcp?.secretHash)
      const kept = request.tcp === undefined ? known?.share.tcp : undefined
      const tcp = listener === undefined || secretHash === undefined ? kept : { port: listener.port, secretHash }
      const share = { ...bounds, ...defined({ tcp }) }
      // Before it listens: a share that is not kept would be gone with the agent.
      this.#file.save([...this.#others(name), share])
      await this.#openOrForget(open, share, known?.share)
    } catch (error) {
      if (!open.isListener(listener)) await listener?.close()
      throw error
    }
    await open.usePort(listener)
    this.#setTimer()
    return open.status()
  }

  async #openOrForget(open: OpenShare, share: Share, before: Share | undefined): Promise<void> {
    open.share = share
    try {
      await open.openSocket()
      this.#open.set(share.name, open)
    } catch (error) {
      if (before !== undefined) open.share = before
      this.#file.save([...this.#others(share.name), ...(before === undefined ? [] : [before])])
      throw notOpened(share, error)
    }
  }

  async #remove(name: string): Promise<void> {
    const open = this.#find(name)
    this.#file.save(this.#others(name))
    this.#open.delete(name)
    await open.revoke()
    try {
      this.#folders.clear(name)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      this.#ports.onWarning(`the share '${name}' is removed, and ${this.#folders.of(name)} is left behind: ${code}`)
    }
  }

  /** Removes what is over, closes the ports of what has expired, and tries missed ports again. */
  async #tend(): Promise<void> {
    for (const open of this.#open.values()) {
      const { share } = open
      if (this.#isOver(share)) await this.#remove(share.name)
      else if (this.#hasExpired(share)) await open.expirePort()
      else await this.#retryPort(open)
    }
    this.#setTimer()
  }

  async #retryPort(open: OpenShare): Promise<void> {
    const { name } = open.share
    try {
      await open.retryPort((share) => this.#file.save([...this.#others(name), share]))
    } catch (error) {
      const isReported = open.port.kind === 'missed' && open.port.isReported
      if (!isReported)
        this.#ports.onWarning(`the share '${name}' does not listen on TCP; it is tried again: ${asFailure(error).message}`)
      open.portReported()
    }
  }

  /** Bounds are checked at each request; the timer closes ports and removes what is over. */
  #setTimer(): void {
    this.#cancelTimer()
    if (this.#open.size === 0) return
    const now = this.#ports.clock.now()
    const delays = [...this.#open.values()].map(({ share, port }) => {
      if (port.kind === 'missed') return portRetryMs
      return port.kind === 'listening' ? share.expiresAt - now : hourMs
    })
    this.#cancelTimer = this.#ports.clock.after(Math.min(hourMs, ...delays), () => {
      this.#inTurn(() => this.#tend()).catch((error: unknown) => {
        this.#ports.onWarning(asFailure(error).message)
        this.#setTimer()
      })
    })
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }

  #hasExpired({ expiresAt }: Share): boolean {
    return this.#ports.clock.now() >= expiresAt
  }

  #isOver({ expiresAt }: Share): boolean {
    return this.#ports.clock.now() > expiresAt + expiredForMs
  }

  #find(name: string): OpenShare {
    const found = this.#open.get(name)
    if (found !== undefined) return found
    throw new Failure('not_found', `there is no share '${name}'`, { hint: '`authsock share list` shows those there are' })
  }

  #others(name: string): readonly Share[] {
    return [...this.#open.values()].map(({ share }) => share).filter((each) => each.name !== name)
  }
}

function shareOf(name: string, request: ShareRequest, now: number): Share {
  const { profiles, secrets = [], scope, resource, audience, any_target: anyTarget, allow_wider_scope: wider, ttl } = request
  return {
    name,
    profiles,
    secrets,
    createdAt: now,
    expiresAt: now + ttl * 1000,
    ...defined({
      scope: scope === undefined ? undefined : parseScope(scope),
      resource,
      audience,
      anyTarget: anyTarget === true ? anyTarget : undefined,
      allowWiderScope: wider === true ? wider : undefined,
    }),
  }
}

/** Throws bad_request. The name is a folder's, and Windows ignores a dot at its end. */
function checkFolderName(name: string): void {
  if (name.length > maxNameLength) throw new Failure('bad_request', `the name of a share has at most ${maxNameLength} characters`)
  if (name.endsWith('.')) throw new Failure('bad_request', 'the name of a share does not end with a dot')
}
