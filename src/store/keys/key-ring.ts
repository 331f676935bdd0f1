// The master keys in memory while the vault is open. vault.ts is its only user.

import { Failure } from '../../core/failures.ts'
import type { KeyLocation, Manifest } from '../files/manifest.ts'
import { unwrapKey } from './master-keys.ts'
import type { Foreign, Keys } from '../files/sealed-files.ts'

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

  /** The current key, and what it opens of the older ones: without those, only what is still sealed with them stays shut. */
  static of(manifest: Manifest, current: Buffer): KeyRing {
    const keys = new Map([[manifest.current, current]])
    for (const place of manifest.keys) {
      const key = place.key_id === manifest.current ? undefined : unwrapKey(current, place)
      if (key !== undefined) keys.set(place.key_id, key)
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

  /** Every byte of every key is overwritten. */
  wipe(): void {
    for (const key of this.#keys.values()) key.fill(0)
    this.#keys.clear()
  }
}

/** Whether a file under an unknown key can be anybody's: not where every key that the vault lists is in hand. */
export const foreign = ({ manifest, keys }: OpenVault): Foreign =>
  manifest.keys.every(({ key_id }) => keys.get(key_id) !== undefined) ? 'damaged' : 'refuse'

export const currentPlace = ({ keys, current }: Manifest): KeyLocation =>
  keys.find(({ key_id }) => key_id === current) as KeyLocation
