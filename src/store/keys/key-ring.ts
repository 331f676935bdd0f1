// The master keys in memory while the vault is open. Only vault.ts and rekey.ts use it.

import { Failure } from '../../core/failures.ts'
import type { Keys, UnknownKeyPolicy } from '../files/sealed-files.ts'
import type { Manifest } from '../manifest/manifest.ts'
import { unwrapKey } from './wrapped-key.ts'

export interface OpenVault {
  readonly manifest: Manifest
  readonly keys: KeyRing
}

export class KeyRing implements Keys {
  readonly #keys: Map<string, Buffer>
  readonly #current: string

  constructor(keys: Map<string, Buffer>, current: string) {
    this.#keys = keys
    this.#current = current
  }

  /** The current key, and the older keys that it unwraps. Records under other keys cannot be opened. */
  static of(manifest: Manifest, current: Buffer): KeyRing {
    const keys = new Map([[manifest.current, current]])
    for (const location of manifest.keys) {
      const key = location.key_id === manifest.current ? undefined : unwrapKey(current, location)
      if (key !== undefined) keys.set(location.key_id, key)
    }
    return new KeyRing(keys, manifest.current)
  }

  get current(): Buffer {
    const key = this.#keys.get(this.#current)
    if (key === undefined) throw new Failure('vault_locked', 'the vault is locked')
    return key
  }

  get(keyId: string): Buffer | undefined {
    return this.#keys.get(keyId)
  }

  /** Overwrites every byte of every key. */
  wipe(): void {
    for (const key of this.#keys.values()) key.fill(0)
    this.#keys.clear()
  }
}

/** `damaged` only if every key that the manifest lists is at hand: a file under another key then belongs to no one. */
export const unknownKeyPolicy = ({ manifest, keys }: OpenVault): UnknownKeyPolicy =>
  manifest.keys.every(({ key_id }) => keys.get(key_id) !== undefined) ? 'damaged' : 'refuse'
