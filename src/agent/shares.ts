// Shared sockets: kept in a file over restarts of the agent, each listening in a folder of its own. The folder stays the same
// one as long as the share lives, since it is what a container has mounted. What has ended says so for a day, and then goes.

import { randomBytes } from 'node:crypto'
import { chmodSync, lstatSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Failure } from '../core/failures.ts'
import type { Clock } from '../core/ports.ts'
import { parseScope } from '../core/scope.ts'
import type { Share } from '../core/share.ts'
import type { ShareRequest, ShareStatus } from '../wire/messages.ts'
import { shareStatus } from './share-routes.ts'

const day = 86_400_000
const hour = 3_600_000
const mostShares = 4096
/** With the folder above it a path has little room. */
const longestName = 32

export interface SharesPorts {
  readonly clock: Clock
  /** Where they are written down. */
  readonly file: string
  /** The folder above theirs: 0700. */
  readonly folder: string
  /** Listens at a path for whoever the folder lets through; gives what ends it. */
  readonly listen: (path: string, share: () => Share) => Promise<() => Promise<void>>
  readonly onWarning: (text: string) => void
}

interface Open {
  share: Share
  /** Undefined where it could not be opened: it is kept, and tried again with the next start. */
  readonly close: (() => Promise<void>) | undefined
}

export class Shares {
  readonly #ports: SharesPorts
  readonly #open = new Map<string, Open>()
  /** One change after the other: two at once would both listen at one place. */
  #turn: Promise<unknown> = Promise.resolve()
  #cancel: (() => void) | undefined

  constructor(ports: SharesPorts) {
    this.#ports = ports
  }

  /** Listens again for those that were there. One that cannot be had harms no other. */
  resume(): Promise<void> {
    return this.#inTurn(async () => {
      for (const share of this.#read()) {
        if (this.#isOver(share)) continue
        await this.#start(share).catch((error: unknown) => {
          this.#open.set(share.name, { share, close: undefined })
          this.#ports.onWarning(`the share '${share.name}' cannot be opened: ${(error as Error).message}`)
        })
      }
      this.#watch()
    })
  }

  list(): readonly ShareStatus[] {
    return [...this.#open.values()].map(({ share }) => this.#status(share)).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Throws not_found. */
  get(name: string): ShareStatus {
    return this.#status(this.#find(name).share)
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

  async close(): Promise<void> {
    this.#cancel?.()
    await this.#turn
    await Promise.all([...this.#open.values()].map(async ({ close }) => close?.()))
    this.#open.clear()
  }

  async #make(name: string, request: ShareRequest): Promise<ShareStatus> {
    const { profiles, secrets = [], scope, resource, audience, ttl } = request
    const now = this.#ports.clock.now()
    const share: Share = {
      name,
      profiles,
      secrets,
      createdAt: now,
      expiresAt: now + ttl * 1000,
      ...(scope === undefined ? {} : { scope: parseScope(scope) }),
      ...(resource === undefined ? {} : { resource }),
      ...(audience === undefined ? {} : { audience }),
    }
    const known = this.#open.get(name)
    if (known === undefined && this.#open.size >= mostShares) {
      throw new Failure('bad_request', `there are ${mostShares} shares already`)
    }
    // Written down first: one that listens and is not would be gone with the agent.
    this.#save([...this.#others(name), share])
    if (known?.close === undefined) {
      await this.#start(share).catch((error: unknown) => {
        this.#save([...this.#others(name), ...(known === undefined ? [] : [known.share])])
        throw notOpened(share, error)
      })
    } else known.share = share
    this.#watch()
    return this.#status(share)
  }

  async #remove(name: string): Promise<void> {
    const open = this.#find(name)
    this.#save(this.#others(name))
    this.#open.delete(name)
    // Who is connected gets nothing from now on; to be closed takes a while.
    open.share = { ...open.share, expiresAt: 0 }
    await open.close?.()
    this.#clear(name)
  }

  #others(name: string): readonly Share[] {
    return [...this.#open.values()].map(({ share }) => share).filter((each) => each.name !== name)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }

  async #start(share: Share): Promise<void> {
    const folder = this.#folderOf(share.name)
    mkdirSync(this.#ports.folder, { recursive: true, mode: 0o700 })
    // Whoever it is mounted for may be any uid; the folder above keeps everybody else of this machine out.
    if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) {
      mkdirSync(folder)
      chmodSync(folder, 0o755)
    }
    const path = join(folder, 'agent.sock')
    // Where it was mounted writable, anything may lie there by now, and it is not to be followed.
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === false) unlinkSync(path)
    const open: Open = { share, close: await this.#ports.listen(path, () => open.share) }
    this.#open.set(share.name, open)
  }

  /** What is not ours stays: it came from a container that has the folder mounted writable, and nothing in it is looked at. */
  #clear(name: string): void {
    const folder = this.#folderOf(name)
    try {
      rmSync(join(folder, 'agent.sock'), { force: true })
      rmdirSync(folder)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT') this.#ports.onWarning(`the share '${name}' is removed, and ${folder} is left behind: ${code}`)
    }
  }

  /** The end of each is looked at when it is asked; this only takes away what ended long ago. */
  #watch(): void {
    this.#cancel?.()
    this.#cancel =
      this.#open.size === 0
        ? undefined
        : this.#ports.clock.after(hour, () => {
            for (const { share } of this.#open.values()) if (this.#isOver(share)) this.remove(share.name).catch(() => {})
            this.#watch()
          })
  }

  #isOver({ expiresAt }: Share): boolean {
    return this.#ports.clock.now() > expiresAt + day
  }

  #find(name: string): Open {
    const found = this.#open.get(name)
    if (found !== undefined) return found
    throw new Failure('not_found', `there is no share '${name}'`, { hint: '`authsock share list` shows those there are' })
  }

  #folderOf(name: string): string {
    return join(this.#ports.folder, name)
  }

  #status(share: Share): ShareStatus {
    const folder = this.#folderOf(share.name)
    return { ...shareStatus(share), folder, socket: join(folder, 'agent.sock') }
  }

  #read(): readonly Share[] {
    try {
      return (JSON.parse(readFileSync(this.#ports.file, 'utf8')) as { readonly shares: readonly Share[] }).shares
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.#ports.onWarning(`${this.#ports.file} cannot be read: the shares are gone until it is mended`)
      return []
    }
  }

  #save(shares: readonly Share[]): void {
    const { file } = this.#ports
    const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`
    try {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
      writeFileSync(temporary, `${JSON.stringify({ version: 1, shares }, undefined, 2)}\n`, { mode: 0o600, flush: true })
      renameSync(temporary, file)
    } catch (error) {
      rmSync(temporary, { force: true })
      throw new Failure('storage_failed', `${file} cannot be written: ${(error as NodeJS.ErrnoException).code}`, { cause: error })
    }
  }
}

/** Throws bad_request. The name is a folder's: Windows takes a dot at its end for none. */
function checkName(name: string): void {
  if (name.length > longestName) throw new Failure('bad_request', `a share's name has at most ${longestName} characters`)
  if (name.endsWith('.')) throw new Failure('bad_request', "a share's name does not end with a dot")
}

const notOpened = ({ name }: Share, error: unknown): Failure =>
  error instanceof Failure
    ? error
    : new Failure('storage_failed', `the share '${name}' cannot be opened: ${(error as Error).message}`, {
        hint: 'see whether its path is too long, or the agent has no descriptors left',
        cause: error,
      })
