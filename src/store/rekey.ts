// Changes the vault's master key without a gap: the manifest first lists both keys, then every file is resealed, one at a time,
// and only when no file is left under the old key is that key removed. Each step can be the last before a crash.

import { asFailure } from '../core/failures.ts'
import type { SessionLock } from '../core/ports.ts'
import type { Disk } from '../platform/fs/disk.ts'
import { type Manifest, writeManifest } from './files/manifest.ts'
import type { Keys, SealedFiles } from './files/sealed-files.ts'
import { KeyRing, type OpenVault } from './keys/key-ring.ts'
import type { MasterKeyChoice, MasterKeys } from './keys/master-keys.ts'
import { wrapKey } from './keys/wrapped-key.ts'

export interface RekeyPorts {
  readonly directory: string
  readonly disk: Disk
  readonly files: SealedFiles
  readonly lock: SessionLock
  readonly masterKeys: MasterKeys
  readonly warn: (text: string) => void
}

/** Longer than a refresh holds the lock of a record. */
const recordLockTimeoutMs = 60_000

/** Makes the new key and lists it in the manifest beside the old one: from here on, files are sealed with the new key. */
export async function startRekey(ports: RekeyPorts, before: OpenVault, choice: MasterKeyChoice): Promise<OpenVault> {
  const { directory, disk, masterKeys } = ports
  const { key, location } = await masterKeys.make(choice, before.manifest.vault_id)
  const older = before.manifest.keys.filter(({ key_id }) => key_id !== location.key_id)
  const wrapped = older.map((each) => {
    const old = before.keys.get(each.key_id)
    return old === undefined ? each : wrapKey(key, each, old)
  })
  const manifest: Manifest = { ...before.manifest, current: location.key_id, keys: [location, ...wrapped] }
  await writeManifest(directory, disk, manifest)
  const keys = new Map([[location.key_id, key]])
  for (const { key_id } of before.manifest.keys) {
    const old = before.keys.get(key_id)
    if (old !== undefined) keys.set(key_id, old)
  }
  return { manifest, keys: new KeyRing(keys, location.key_id) }
}

/** Reseals what is left, removes the old keys, and gives the manifest that remains. A key whose records cannot be opened stays listed. */
export async function finishRekey(ports: RekeyPorts, { manifest, keys }: OpenVault): Promise<Manifest> {
  const { directory, disk, files, masterKeys } = ports
  await resealAll(ports, keys)
  const used = await files.keysInUse()
  const kept = manifest.keys.filter(({ key_id }) => key_id === manifest.current || used.has(key_id))
  const unused = manifest.keys.filter((location) => !kept.includes(location))
  const after: Manifest = { ...manifest, keys: kept }
  if (unused.length > 0) await writeManifest(directory, disk, after)
  for (const location of unused) {
    await masterKeys.discard(location, manifest).catch((error: unknown) => {
      ports.warn(`the old master key could not be removed: ${asFailure(error).message}`)
    })
  }
  return after
}

async function resealAll({ files, lock }: RekeyPorts, keys: Keys): Promise<void> {
  const never = new AbortController().signal
  for (const id of await files.list()) {
    const held = await lock.acquire(id, recordLockTimeoutMs, never)
    try {
      await files.resealOne(id, keys)
    } finally {
      await held.release()
    }
  }
}
