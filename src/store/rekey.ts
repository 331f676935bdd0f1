// Changes the vault's master key without a gap: the manifest first lists both keys, then every file is resealed, one at a time,
// and only when no file is left under the old key is that key removed. Each step can be the last before a crash.

import { asFailure } from '../core/failures.ts'
import type { SessionLock } from '../core/ports.ts'
import type { Keys, SealedFiles } from './files/sealed-files.ts'
import { KeyRing, type OpenVault } from './keys/key-ring.ts'
import type { MasterKeyChoice, MasterKeys } from './keys/master-keys.ts'
import { wrapKey } from './keys/wrapped-key.ts'
import type { Manifest } from './manifest/manifest.ts'
import type { ManifestFile } from './manifest/manifest-file.ts'
import { endorse, publicKeyOf, signManifest, withEndorsement } from './manifest/signature.ts'

export interface RekeyPorts {
  readonly manifests: ManifestFile
  readonly files: SealedFiles
  readonly lock: SessionLock
  readonly masterKeys: MasterKeys
  readonly warn: (text: string) => void
}

/** Longer than a refresh holds the lock of a record. */
const recordLockTimeoutMs = 60_000

/** Makes the new key and lists it in the manifest, endorsed by the old one: from here on, files are sealed with the new key. */
export async function startRekey(ports: RekeyPorts, before: OpenVault, choice: MasterKeyChoice): Promise<OpenVault> {
  const { manifests, masterKeys } = ports
  const { vault_id, revision, current, endorsements } = before.manifest
  const { key, location } = await masterKeys.make(choice, vault_id)
  const older = before.manifest.keys.filter(({ key_id }) => key_id !== location.key_id)
  const wrapped = older.map((each) => {
    const old = before.keys.get(each.key_id)
    return old === undefined ? each : wrapKey(key, each, old)
  })
  const isSame = location.key_id === current
  const manifest = signManifest(key, {
    format: 2,
    vault_id,
    revision: revision + 1,
    current: location.key_id,
    public_key: publicKeyOf(key),
    keys: [location, ...wrapped],
    endorsements: isSame ? endorsements : withEndorsement(endorsements, endorse(vault_id, before.keys.current, key)),
  })
  await manifests.write(manifest)
  const keys = new Map([[location.key_id, key]])
  for (const { key_id } of before.manifest.keys) {
    const old = before.keys.get(key_id)
    if (old !== undefined) keys.set(key_id, old)
  }
  return { manifest, keys: new KeyRing(keys, location.key_id) }
}

/** Reseals what is left, removes the old keys, and gives the manifest that remains. A key whose records cannot be opened stays listed. */
export async function finishRekey(ports: RekeyPorts, { manifest, keys }: OpenVault): Promise<Manifest> {
  const { manifests, files, masterKeys } = ports
  await resealAll(ports, keys)
  const used = await files.keysInUse()
  const kept = manifest.keys.filter(({ key_id }) => key_id === manifest.current || used.has(key_id))
  const unused = manifest.keys.filter((location) => !kept.includes(location))
  if (unused.length === 0) return manifest
  const { signature: _, ...unsigned } = manifest
  const after = signManifest(keys.current, { ...unsigned, revision: manifest.revision + 1, keys: kept })
  await manifests.write(after)
  for (const location of unused) {
    await masterKeys.discard(location, manifest.vault_id).catch((error: unknown) => {
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
