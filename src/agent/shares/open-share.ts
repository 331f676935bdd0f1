// A share while the agent runs: its bounds as they are now, its socket, and its TCP port, each in one state. Shares owns it.

import { lstatSync, unlinkSync } from 'node:fs'
import type { Share } from '../../core/access/share.ts'
import { Failure } from '../../core/failures.ts'
import type { ShareStatus } from '../../wire/messages.ts'
import type { ShareFolders } from './share-folder.ts'
import { dropSecret, keepSecret } from './share-secret.ts'
import { shareStatus } from './share-status.ts'

/** How a share listens. Its bounds are read at each request. */
export interface ShareListeners {
  /** Whether the socket at the path is this agent's already. */
  readonly isReserved: (path: string) => boolean
  /** Listens at a path for any uid that the folder lets through; gives what ends it. */
  readonly listen: (path: string, share: () => Share) => Promise<SocketListener>
  /** Listens on 127.0.0.1 for clients that have the share's secret; 0: at any port. Rejects with bad_request if the port is taken. */
  readonly listenOnTcp: (port: number, share: () => Share) => Promise<PortListener>
}

interface SocketListener {
  /** Whether the socket is still the one at its path. */
  readonly isThere: () => boolean
  /** Accepts nothing new, and answers what was asked. */
  readonly finish: () => Promise<void>
  readonly close: () => Promise<void>
}

export interface PortListener {
  readonly port: number
  readonly finish: () => Promise<void>
  readonly close: () => Promise<void>
}

/**
 *     closed  -> listening
 *     listening -> listening  another one: its socket was removed or replaced (R19)
 *     closed  -> failed       after an agent's start: tried again at the next one
 *     any     -> closed       the share is removed, or the agent stops
 */
type SocketState =
  | { readonly kind: 'closed' }
  | { readonly kind: 'listening'; readonly listener: SocketListener }
  | { readonly kind: 'failed' }

/**
 *     none      -> listening    it was asked for
 *     missed    -> listening    tried again every few seconds
 *     missed    -> missed       another program has it
 *     listening -> none         it is not wanted any more
 *     listening, missed -> expired
 *     expired   -> listening    the share was given new bounds
 */
type PortState =
  | { readonly kind: 'none' }
  | { readonly kind: 'listening'; readonly listener: PortListener }
  /** `isReported`: the user was warned. */
  | { readonly kind: 'missed'; readonly port: number; readonly isReported: boolean }
  /** Its share has: closed at once, while the socket says so for a day. */
  | { readonly kind: 'expired' }

export class OpenShare {
  share: Share
  readonly #folders: ShareFolders
  readonly #listeners: ShareListeners
  #socket: SocketState = { kind: 'closed' }
  #port: PortState

  constructor(share: Share, folders: ShareFolders, listeners: ShareListeners) {
    this.share = share
    this.#folders = folders
    this.#listeners = listeners
    this.#port = share.tcp === undefined ? { kind: 'none' } : { kind: 'missed', port: share.tcp.port, isReported: false }
  }

  get port(): PortState {
    return this.#port
  }

  /** Somebody has removed or replaced it. */
  get hasLostSocket(): boolean {
    return this.#socket.kind === 'listening' && !this.#socket.listener.isThere()
  }

  /** Unless it listens already. Rejects with the system's error. */
  async openSocket(): Promise<void> {
    const before = this.#socket
    if (before.kind === 'listening' && !this.hasLostSocket) return
    const { name } = this.share
    this.#folders.prepare(name)
    const path = this.#folders.socket(name)
    try {
      // If the folder was mounted writable, anything may lie there by now, and it is not followed.
      const isTaken = lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === false
      if (isTaken && !this.#listeners.isReserved(path)) unlinkSync(path)
      this.#socket = { kind: 'listening', listener: await this.#listeners.listen(path, () => this.share) }
    } catch (error) {
      this.#socket = { kind: 'failed' }
      throw error
    } finally {
      if (before.kind === 'listening') await before.listener.close()
    }
  }

  /** The listener of the port that is wanted: the one it has, or another. `wanted` undefined: as before. Rejects with bad_request. */
  async listenerFor(wanted: boolean | number | undefined): Promise<PortListener | undefined> {
    const had = this.share.tcp?.port
    const port = wanted === true ? (had ?? 0) : (wanted ?? had ?? false)
    if (port === false) return undefined
    if (this.#port.kind === 'listening' && this.#port.listener.port === port) return this.#port.listener
    try {
      return await this.#listeners.listenOnTcp(port, () => this.share)
    } catch (error) {
      // New bounds do not fail because of a port that was missed before.
      if (wanted === undefined) return undefined
      throw error
    }
  }

  isListener(listener: PortListener | undefined): boolean {
    return this.#port.kind === 'listening' && this.#port.listener === listener
  }

  /** From now on this is its port, or it has none; the one before is closed. */
  async usePort(listener: PortListener | undefined): Promise<void> {
    const before = this.#port
    if (listener !== undefined) this.#port = { kind: 'listening', listener }
    else if (this.share.tcp === undefined) this.#port = { kind: 'none' }
    else this.#port = { kind: 'missed', port: this.share.tcp.port, isReported: before.kind === 'missed' && before.isReported }
    if (listener === undefined) dropSecret(this.#folders.of(this.share.name))
    if (before.kind === 'listening' && before.listener !== listener) await before.listener.close()
  }

  /**
   * Tries a missed port again. Its secret is gone until then: a client does not hand it to the program that has the port now. Gives the
   * hash of a new secret, which has to be saved. Rejects with bad_request, storage_failed.
   */
  async retryPort(save: (share: Share) => void): Promise<void> {
    if (this.#port.kind !== 'missed') return
    const { port } = this.#port
    const folder = this.#folders.of(this.share.name)
    let listener: PortListener | undefined
    try {
      listener = await this.#listeners.listenOnTcp(port, () => this.share)
      const secretHash = keepSecret(folder, this.share.tcp?.secretHash)
      if (secretHash !== this.share.tcp?.secretHash) {
        const share = { ...this.share, tcp: { port, secretHash } }
        save(share)
        this.share = share
      }
      this.#port = { kind: 'listening', listener }
    } catch (error) {
      await listener?.close()
      dropSecret(folder)
      throw error
    }
  }

  /** The user was warned of the missed port. */
  portReported(): void {
    if (this.#port.kind === 'missed') this.#port = { ...this.#port, isReported: true }
  }

  async expirePort(): Promise<void> {
    const before = this.#port
    if (before.kind === 'none' || before.kind === 'expired') return
    this.#port = { kind: 'expired' }
    dropSecret(this.#folders.of(this.share.name))
    if (before.kind === 'listening') await before.listener.close()
  }

  /** Connected clients get nothing from now on; the connections take a while to close. */
  async revoke(): Promise<void> {
    this.share = { ...this.share, expiresAt: 0 }
    await this.close()
  }

  /** The agent is about to end: accepts nothing new, and answers what was asked. */
  async finish(): Promise<void> {
    for (const state of [this.#socket, this.#port]) if (state.kind === 'listening') await state.listener.finish()
  }

  async close(): Promise<void> {
    const [socket, port] = [this.#socket, this.#port]
    this.#socket = { kind: 'closed' }
    this.#port = { kind: 'none' }
    await Promise.all([
      socket.kind === 'listening' ? socket.listener.close() : undefined,
      port.kind === 'listening' ? port.listener.close() : undefined,
    ])
  }

  status(): ShareStatus {
    const { name, tcp } = this.share
    const status = { ...shareStatus(this.share), folder: this.#folders.of(name), socket: this.#folders.socket(name) }
    if (tcp === undefined) return status
    const listening = this.#port.kind === 'listening'
    return { ...status, tcp: { port: tcp.port, listening, secret_file: this.#folders.secretFile(name) } }
  }
}

export const notOpened = ({ name }: Share, error: unknown): Failure =>
  error instanceof Failure
    ? error
    : new Failure('storage_failed', `the share '${name}' cannot be opened: ${(error as Error).message}`, {
        hint: 'check whether its path is too long, or the agent has no descriptors left',
        cause: error,
      })
