// Moving the vault to another master key without a gap: the manifest first lists both keys, then every file is sealed anew,
// one at a time, and only when none is left under the old key is that one let go. Each step can be the last before a crash.

import type { Failure } from '../core/failures.ts'
import { asFailure } from '../core/failures.ts'
import type { SessionLock } from '../core/ports.ts'
import type { Disk } from './files/disk.ts'
import { type KeyLocation, type Manifest, writeManifest } from './files/manifest.ts'
import { type MasterKeyChoice, type MasterKeys, wrapKey } from './keys/master-keys.ts'
import type { Keys, SealedFiles } from './files/sealed-files.ts'

interface Ports {
  readonly directory: string
  readonly disk: Disk
  readonly files: SealedFiles
  readonly lock: SessionLock
  readonly masterKeys: MasterKeys
  readonly warn: (text: string) => void
}

/** Longer than a refresh holds a record. */
const lockTimeout = 60_000

/** Makes the new key and writes it down beside the old one: from here on, files are sealed with the new one. */
export async function startRekey({
  directory,
  disk,
  masterKeys,
  manifest: before,
  choice,
  keys,
}: Ports & { readonly manifest: Manifest; readonly choice: MasterKeyChoice; readonly keys: Keys }): Promise<{
  readonly manifest: Manifest
  readonly place: KeyLocation
  readonly key: Buffer
}> {
  const { key, place } = await masterKeys.make(choice, before.vault_id)
  const others = before.keys.flatMap((each) => {
    const old = each.key_id === place.key_id ? undefined : keys.get(each.key_id)
    return each.key_id === place.key_id ? [] : [old === undefined ? each : wrapKey(key, each, old)]
  })
  const manifest: Manifest = { ...before, current: place.key_id, keys: [place, ...others] }
  await writeManifest(directory, disk, manifest)
  return { manifest, place, key }
}

/** Seals what is left, forgets the old keys, and gives the manifest that remains. Records that cannot be opened keep their key. */
export async function finishRekey(ports: Ports & { readonly manifest: Manifest; readonly keys: Keys }): Promise<Manifest> {
  const { files, lock, manifest, keys } = ports
  const never = new AbortController().signal
  for (const id of await files.list()) {
    const held = await lock.acquire(id, lockTimeout, never)
    try {
      await files.resealOne(id, keys)
    } finally {
      await held.release()
    }
  }
  const used = await files.keysInUse()
  const kept = manifest.keys.filter(({ key_id }) => key_id === manifest.current || used.has(key_id))
  const gone = manifest.keys.filter((place) => !kept.includes(place))
  const after: Manifest = { ...manifest, keys: kept }
  if (gone.length > 0) await writeManifest(ports.directory, ports.disk, after)
  for (const place of gone) {
    await ports.masterKeys.discard(place, manifest).catch((error: unknown) => {
      const failure: Failure = asFailure(error)
      ports.warn(`the old master key could not be removed: ${failure.message}`)
    })
  }
  return after
}
