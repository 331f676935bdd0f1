// The OS keychain: one 32-byte master key under the vault's id. What it says is told apart as L9 wants: the key is there,
// the keychain is locked, it answers and has no such key, or it cannot be asked.

import { randomBytes } from 'node:crypto'
import type * as keyring from '@napi-rs/keyring'
import { Failure } from '../../core/failures.ts'

const service = 'authsock'
/** ms. A prompt on a desktop can stay open for ever, and a provider can hang. */
const deadline = 10_000

export class Keychain {
  readonly #account: string

  constructor(vaultId: string) {
    this.#account = `vault:${vaultId}`
  }

  /** Undefined where the keychain is open and has no such key: proved, since some answer the same when they are locked. */
  async get(): Promise<Buffer | undefined> {
    const found = await this.#ask(this.#account, (entry, signal) => entry.getSecret(signal))
    if (found !== null) return Buffer.from(found)
    await this.prove()
    const again = await this.#ask(this.#account, (entry, signal) => entry.getSecret(signal))
    return again === null ? undefined : Buffer.from(again)
  }

  /** Stores, and believes it only when it has been read back. */
  async set(key: Uint8Array): Promise<void> {
    await this.#ask(this.#account, (entry, signal) => entry.setSecret(key, signal))
    await this.#expect(this.#account, key)
  }

  async remove(): Promise<void> {
    await this.#ask(this.#account, (entry, signal) => entry.deleteCredential(signal))
  }

  /** That it can be written and read now (R11): a canary goes in and comes back. */
  async prove(): Promise<void> {
    const canary = randomBytes(16)
    const account = `${this.#account}:canary:${canary.toString('hex')}`
    await this.#ask(account, (entry, signal) => entry.setSecret(canary, signal))
    try {
      await this.#expect(account, canary)
    } finally {
      await this.#ask(account, (entry, signal) => entry.deleteCredential(signal)).catch(() => {})
    }
  }

  async #expect(account: string, value: Uint8Array): Promise<void> {
    const stored = await this.#ask(account, (entry, signal) => entry.getSecret(signal))
    if (stored === null || !Buffer.from(stored).equals(value)) {
      throw new Failure('keychain_unreachable', 'the keychain does not give back what was stored in it')
    }
  }

  /** A new entry each time: an old one does not survive a restart of its provider. */
  async #ask<T>(account: string, question: (entry: keyring.AsyncEntry, signal: AbortSignal) => Promise<T>): Promise<T> {
    const { AsyncEntry } = await load()
    const timeout = new AbortController()
    let timer: NodeJS.Timeout | undefined
    try {
      const entry = new AsyncEntry(service, account, { linux: { store: 'secret-service' } })
      return await Promise.race([
        question(entry, timeout.signal),
        new Promise<never>((_, reject) => {
          timer = setTimeout(() => reject(new Error('it does not answer')), deadline)
        }),
      ])
    } catch (error) {
      timeout.abort()
      throw keychainFailure(error)
    } finally {
      clearTimeout(timer)
    }
  }
}

async function load(): Promise<typeof keyring> {
  try {
    return await import('@napi-rs/keyring')
  } catch (error) {
    throw new Failure('keychain_unreachable', 'there is no keychain support for this platform', { cause: error })
  }
}

/** By what providers say: gnome-keyring, KWallet and KeePassXC (prompt dismissed), macOS (interaction not allowed, cancelled). */
const lockedWords = /dismissed|\blocked\b|interaction is not allowed|user (has )?cancell?ed|not unlocked/i
const unreachableWords: readonly (readonly [RegExp, string])[] = [
  [/did not receive a reply|does not answer/i, 'the keychain does not answer'],
  [/was not provided by any/i, 'no keychain is running on the session bus'],
  [/DBUS_SESSION_BUS_ADDRESS|autolaunch|D-?Bus/i, 'there is no session bus to reach a keychain by'],
  [/no result found/i, 'the keychain has no default collection to store in'],
]

function keychainFailure(error: unknown): Failure {
  if (error instanceof Failure) return error
  const message = error instanceof Error ? error.message : String(error)
  if (lockedWords.test(message)) return new Failure('keychain_locked', 'the keychain is locked', { cause: error })
  const known = unreachableWords.find(([words]) => words.test(message))?.[1]
  return new Failure('keychain_unreachable', known ?? `the keychain cannot be used: ${message}`, { cause: error })
}
