// Shared sockets: kept in a file over restarts of the agent, each listening in a folder of its own, and some at a TCP port of
// 127.0.0.1 too. The folder stays the same one as long as the share lives, since it is what a container has mounted. What has ended
// says so for a day, and then goes; its port is closed at once.

import { chmodSync, lstatSync, mkdirSync, rmdirSync, rmSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { asFailure, Failure } from '../../core/failures.ts'
import type { Clock } from '../../core/ports.ts'
import { parseScope } from '../../core/session/scope.ts'
import type { Share } from '../../core/access/share.ts'
import type { ShareRequest, ShareStatus } from '../../wire/messages.ts'
import type { Service } from '../service.ts'
import { ShareFile } from './share-file.ts'
import { shareStatus } from './share-status.ts'
import { dropSecret, keepSecret, secretFile } from './share-secret.ts'

const day = 86_400_000
const hour = 3_600_000
/** ms until a port that another program has is tried again. */
const patience = 10_000
const maxShares = 4096
/** With the folder above it a path has little room. */
const maxName = 32

interface Listener {
  readonly port: number
  readonly close: () => Promise<void>
}

export interface ShareListeners {
  /** Listens at a path for whoever the folder lets through; gives what ends it. */
  readonly listen: (path: string, share: () => Share) => Promise<() => Promise<void>>
  /** Listens on 127.0.0.1 for whoever has the share's secret; 0: at any port. Rejects where the port is taken. */
  readonly listenOnTcp: (port: number, share: () => Share) => Promise<Listener>
}

export interface SharesPorts {
  readonly clock: Clock
  /** Where they are written down. */
  readonly file: string
  /** The folder above theirs: 0700. */
  readonly folder: string
  readonly onWarning: (text: string) => void
}

/** Its listeners are told of its bounds as they are when they are asked. */
interface Open {
  share: Share
  /** Undefined where its socket could not be opened: it is kept, and tried again with the next start. */
  close: (() => Promise<void>) | undefined
  tcp: Listener | undefined
  /** Of a port that cannot be had: said once. */
  isMissed: boolean
}

export class Shares {
  readonly #ports: SharesPorts
  readonly #file: ShareFile
  readonly #open = new Map<string, Open>()
  /** One change after the other: two at once would both listen at one place. */
  #turn: Promise<unknown> = Promise.resolve()
  #cancel: (() => void) | undefined
  #listeners: ShareListeners = notResumed

  constructor(ports: SharesPorts) {
    this.#ports = ports
    this.#file = new ShareFile(ports.file, ports.onWarning)
  }

  service(listeners: ShareListeners): Service {
    return { name: 'shares', start: () => this.resume(listeners), stop: () => this.close() }
  }

  /** Listens again for those that were there; each is asked about before. One that cannot be had harms no other. */
  resume(listeners: ShareListeners): Promise<void> {
    this.#listeners = listeners
    return this.#inTurn(async () => {
      for (const share of this.#file.read().filter((each) => !this.#isOver(each))) {
        const open = opened(share)
        await this.#start(open).catch((error: unknown) => {
          this.#open.set(share.name, open)
          this.#ports.onWarning(`the share '${share.name}' cannot be opened: ${(error as Error).message}`)
        })
      }
      await this.#tend()
    })
  }

  list(): readonly ShareStatus[] {
    return [...this.#open.values()].map((open) => this.#status(open)).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Throws not_found. */
  get(name: string): ShareStatus {
    return this.#status(this.#find(name))
  }

  /** One of that name gets new bounds, and stays where it is. Fails with bad_request, storage_failed. */
  make(name: string, request: ShareRequest): Promise<ShareStatus> {
    checkName(name)
    return this.#inTurn(() => this.#make(name, request))
  }

  /** Fails with not_found. */
  remove(name: string): Promise<void> {
    return this.#inTurn(() => this.#remove(name))
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      this.#cancel?.()
      await Promise.all([...this.#open.values()].map(({ close, tcp }) => Promise.all([close?.(), tcp?.close()])))
      this.#open.clear()
    })
  }

  async #make(name: string, request: ShareRequest): Promise<ShareStatus> {
    const known = this.#open.get(name)
    if (known === undefined && this.#open.size >= maxShares) {
      throw new Failure('bad_request', `there are ${maxShares} shares already`)
    }
    const bounds = shareOf(name, request, this.#ports.clock.now())
    const open = known ?? opened(bounds)
    const before = open.tcp
    const tcp = await this.#listener(open, request.tcp)
    try {
      const kept = request.tcp === undefined ? known?.share.tcp : undefined
      const hash = tcp === undefined ? undefined : keepSecret(this.#prepareFolder(name), known?.share.tcp?.secretHash)
      const reached = tcp === undefined || hash === undefined ? kept : { port: tcp.port, secretHash: hash }
      const share = reached === undefined ? bounds : { ...bounds, tcp: reached }
      // Written down first: one that listens and is not would be gone with the agent.
      this.#file.save([...this.#others(name), share])
      await this.#startOrForget(open, share, known?.share)
    } catch (error) {
      if (tcp !== before) await tcp?.close()
      throw error
    }
    open.tcp = tcp
    open.isMissed &&= tcp === undefined
    if (tcp === undefined) dropSecret(this.#folderOf(name))
    if (tcp !== before) await before?.close()
    this.#watch()
    return this.#status(open)
  }

  async #startOrForget(open: Open, share: Share, known: Share | undefined): Promise<void> {
    open.share = share
    if (open.close !== undefined) return
    try {
      await this.#start(open)
    } catch (error) {
      if (known !== undefined) open.share = known
      this.#file.save([...this.#others(share.name), ...(known === undefined ? [] : [known])])
      throw notOpened(share, error)
    }
  }

  async #remove(name: string): Promise<void> {
    const open = this.#find(name)
    this.#file.save(this.#others(name))
    this.#open.delete(name)
    // Who is connected gets nothing from now on; to be closed takes a while.
    open.share = { ...open.share, expiresAt: 0 }
    await Promise.all([open.close?.(), open.tcp?.close()])
    this.#clear(name)
  }

  #others(name: string): readonly Share[] {
    return this.#all().filter((each) => each.name !== name)
  }

  async #start(open: Open): Promise<void> {
    const { name } = open.share
    const path = join(this.#prepareFolder(name), 'agent.sock')
    // Where it was mounted writable, anything may lie there by now, and it is not to be followed.
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === false) unlinkSync(path)
    open.close = await this.#listeners.listen(path, () => open.share)
    this.#open.set(name, open)
  }

  /** What is not ours stays: it came from a container that has the folder mounted writable, and nothing in it is looked at. */
  #clear(name: string): void {
    const folder = this.#folderOf(name)
    try {
      dropSecret(folder)
      rmSync(join(folder, 'agent.sock'), { force: true })
      rmdirSync(folder)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT') this.#ports.onWarning(`the share '${name}' is removed, and ${folder} is left behind: ${code}`)
    }
  }

  /** As it is wanted: the one that is there, or another. Rejects with bad_request where a port that was asked for is taken. */
  async #listener(open: Open, wanted: boolean | number | undefined): Promise<Listener | undefined> {
    const had = open.share.tcp?.port
    const port = wanted === true ? (had ?? 0) : (wanted ?? had ?? false)
    if (port === false) return undefined
    if (open.tcp?.port === port) return open.tcp
    try {
      return await this.#listeners.listenOnTcp(port, () => open.share)
    } catch (error) {
      // New bounds are not to fail for a port that was missing before.
      if (wanted === undefined) return undefined
      throw error
    }
  }

  /**
   * A port that another program has is waited for. Its secret is gone then: whoever asks there meanwhile is not to hand it over,
   * and what was handed over before is of no use.
   */
  async #listenAgain(open: Open, port: number): Promise<void> {
    const folder = this.#folderOf(open.share.name)
    let tcp: Listener | undefined
    try {
      tcp = await this.#listeners.listenOnTcp(port, () => open.share)
      const secretHash = keepSecret(folder, open.share.tcp?.secretHash)
      if (secretHash !== open.share.tcp?.secretHash) {
        open.share = { ...open.share, tcp: { port, secretHash } }
        this.#file.save(this.#all())
      }
      open.tcp = tcp
      open.isMissed = false
    } catch (error) {
      await tcp?.close()
      dropSecret(folder)
      if (!open.isMissed) {
        const { message } = asFailure(error)
        this.#ports.onWarning(`the share '${open.share.name}' does not listen on TCP, and is tried again: ${message}`)
      }
      open.isMissed = true
    }
  }

  async #tend(): Promise<void> {
    for (const open of this.#open.values()) {
      const { name, tcp } = open.share
      if (this.#isOver(open.share)) await this.#remove(name)
      else if (this.#hasEnded(open.share)) {
        dropSecret(this.#folderOf(name))
        await open.tcp?.close()
        open.tcp = undefined
      } else if (tcp !== undefined && open.tcp === undefined) await this.#listenAgain(open, tcp.port)
    }
    this.#watch()
  }

  /** The end of each is looked at when it is asked; this takes away its port, and later itself. */
  #watch(): void {
    this.#cancel?.()
    const now = this.#ports.clock.now()
    const waits = [...this.#open.values()].map(({ share, tcp }) => {
      if (share.tcp === undefined || this.#hasEnded(share)) return hour
      return tcp === undefined ? patience : share.expiresAt - now
    })
    this.#cancel =
      waits.length === 0
        ? undefined
        : this.#ports.clock.after(Math.min(hour, ...waits), () => {
            this.#inTurn(() => this.#tend()).catch((error: unknown) => {
              this.#ports.onWarning(asFailure(error).message)
              this.#watch()
            })
          })
  }

  /** What changes them waits for what does already. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }

  #hasEnded({ expiresAt }: Share): boolean {
    return this.#ports.clock.now() >= expiresAt
  }

  #isOver({ expiresAt }: Share): boolean {
    return this.#ports.clock.now() > expiresAt + day
  }

  #find(name: string): Open {
    const found = this.#open.get(name)
    if (found !== undefined) return found
    throw new Failure('not_found', `there is no share '${name}'`, { hint: '`authsock share list` shows those there are' })
  }

  #all(): readonly Share[] {
    return [...this.#open.values()].map(({ share }) => share)
  }

  #folderOf(name: string): string {
    return join(this.#ports.folder, name)
  }

  #prepareFolder(name: string): string {
    const folder = this.#folderOf(name)
    mkdirSync(this.#ports.folder, { recursive: true, mode: 0o700 })
    // Whoever it is mounted for may be any uid; the folder above keeps everybody else of this machine out.
    if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) {
      mkdirSync(folder)
      chmodSync(folder, 0o755)
    }
    return folder
  }

  #status({ share, tcp }: Open): ShareStatus {
    const folder = this.#folderOf(share.name)
    const reached = share.tcp && {
      tcp: { port: share.tcp.port, listening: tcp !== undefined, secret_file: secretFile(folder) },
    }
    return { ...shareStatus(share), folder, socket: join(folder, 'agent.sock'), ...reached }
  }
}

const tooEarly = (): never => {
  throw new Error('a share was asked for before the shares were resumed')
}
const notResumed: ShareListeners = { listen: tooEarly, listenOnTcp: tooEarly }

const opened = (share: Share): Open => ({ share, close: undefined, tcp: undefined, isMissed: false })

function shareOf(name: string, request: ShareRequest, now: number): Share {
  const {
    profiles,
    secrets = [],
    scope,
    resource,
    audience,
    any_target: anyTarget,
    allow_wider_scope: allowWiderScope,
    ttl,
  } = request
  return {
    name,
    profiles,
    secrets,
    createdAt: now,
    expiresAt: now + ttl * 1000,
    ...(scope === undefined ? {} : { scope: parseScope(scope) }),
    ...(resource === undefined ? {} : { resource }),
    ...(audience === undefined ? {} : { audience }),
    ...(anyTarget === true ? { anyTarget } : {}),
    ...(allowWiderScope === true ? { allowWiderScope } : {}),
  }
}

/** Throws bad_request. The name is a folder's: Windows takes a dot at its end for none. */
function checkName(name: string): void {
  if (name.length > maxName) throw new Failure('bad_request', `a share's name has at most ${maxName} characters`)
  if (name.endsWith('.')) throw new Failure('bad_request', "a share's name does not end with a dot")
}

const notOpened = ({ name }: Share, error: unknown): Failure =>
  error instanceof Failure
    ? error
    : new Failure('storage_failed', `the share '${name}' cannot be opened: ${(error as Error).message}`, {
        hint: 'see whether its path is too long, or the agent has no descriptors left',
        cause: error,
      })
