// The OS keychain: one 32-byte master key for each account. Four states are kept apart (L9): the key is present, the keychain is
// locked, the keychain has no such key, the keychain cannot be reached.

import { randomBytes } from 'node:crypto'
import type * as keyring from '@napi-rs/keyring'
import { Failure } from '../../core/failures.ts'
import { nativeModule } from '../../platform/native-module.ts'

const service = 'authsock'
/** A prompt on a desktop can stay open for ever, and a provider can hang. */
const timeoutMs = 10_000

export class Keychain {
  readonly #account: string

  constructor(vaultId: string) {
    this.#account = `vault:${vaultId}`
  }

  /** Undefined if the keychain is open and has no such key. This is proved, since some keychains answer the same when locked. */
  async get(): Promise<Buffer | undefined> {
    const found = await this.#ask(this.#account, (entry, signal) => entry.getSecret(signal))
    if (found !== null) return Buffer.from(found)
    await this.prove()
    const again = await this.#ask(this.#account, (entry, signal) => entry.getSecret(signal))
    return again === null ? undefined : Buffer.from(again)
  }

  /** Stores the key and reads it back. */
  async set(key: Uint8Array): Promise<void> {
    await this.#ask(this.#account, (entry, signal) => entry.setSecret(key, signal))
    await this.#expect(this.#account, key)
  }

  async remove(): Promise<void> {
    await this.#ask(this.#account, (entry, signal) => entry.deleteCredential(signal))
  }

  /** Proves that the keychain can be written and read now (R11): stores a canary and reads it back. */
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
      throw new Failure('keychain_unreachable', 'the keychain does not return what was stored in it')
    }
  }

  /** A new entry object each time: an old one does not survive a restart of its provider. */
  async #ask<T>(account: string, request: (entry: keyring.AsyncEntry, signal: AbortSignal) => Promise<T>): Promise<T> {
    const { AsyncEntry } = load()
    const timeout = new AbortController()
    let timer: NodeJS.Timeout | undefined
    try {
      const entry = new AsyncEntry(service, account, { linux: { store: 'secret-service' } })
      return await Promise.race([
        request(entry, timeout.signal),
        new Promise<never>((_, reject) => {
          timer = setTimeout(() => reject(new Error('it does not answer')), timeoutMs)
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

function load(): typeof keyring {
  try {
    return nativeModule('keyring.node', '@napi-rs/keyring') as typeof keyring
  } catch (error) {
    throw new Failure('keychain_unreachable', 'there is no keychain support for this platform', { cause: error })
  }
}

/** Words in the errors of gnome-keyring, KWallet and KeePassXC (prompt dismissed), macOS (interaction not allowed, cancelled). */
const lockedPattern = /dismissed|\blocked\b|interaction is not allowed|user (has )?cancell?ed|not unlocked/i
const unreachablePatterns: readonly (readonly [RegExp, string])[] = [
  [/did not receive a reply|does not answer/i, 'the keychain does not answer'],
  [/was not provided by any/i, 'no keychain is running on the session bus'],
  [/DBUS_SESSION_BUS_ADDRESS|autolaunch|D-?Bus/i, 'there is no session bus to reach a keychain by'],
  [/no result found/i, 'the keychain has no default collection to store in'],
]

function keychainFailure(error: unknown): Failure {
  if (error instanceof Failure) return error
  const message = error instanceof Error ? error.message : String(error)
  if (lockedPattern.test(message)) return new Failure('keychain_locked', 'the keychain is locked', { cause: error })
  const known = unreachablePatterns.find(([pattern]) => pattern.test(message))?.[1]
  return new Failure('keychain_unreachable', known ?? `the keychain cannot be used: ${message}`, { cause: error })
}
