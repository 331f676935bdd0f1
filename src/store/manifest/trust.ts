// Decides whether a manifest is believed (FINDINGS S1). The anchor is the last accepted manifest: this process's, or the note outside
// the vault. A manifest follows from the anchor if its current key is the anchor's or was endorsed by it, step by step. Pure.

import type { KeySource } from '../keys/master-keys.ts'
import { keyId } from '../files/seal.ts'
import { currentLocation, type KeyLocation, type LegacyManifest, type Manifest, type StoredManifest } from './manifest.ts'
import { isEndorsed, isSignedBy, publicKeyOf } from './signature.ts'

/** The newer one; this process's if they describe different vaults. */
export function newestAnchor(own: Manifest | undefined, noted: Manifest | undefined): Manifest | undefined {
  if (own === undefined || noted === undefined) return own ?? noted
  return noted.vault_id === own.vault_id && noted.revision > own.revision ? noted : own
}

/** Why a manifest does not follow from the anchor; undefined if it does. */
export function refusalOf(stored: StoredManifest, anchor: Manifest): string | undefined {
  if (stored.kind === 'legacy') return 'it has the format without a signature, which this vault no longer has'
  const { manifest, json } = stored
  if (manifest.vault_id !== anchor.vault_id) return 'it describes another vault'
  if (manifest.revision < anchor.revision) {
    return `it is older than the one last used (revision ${manifest.revision}, was ${anchor.revision})`
  }
  if (!isEndorsed(anchor, manifest)) {
    return `its master key (${describe(currentLocation(manifest))}) was not endorsed by the one in use (${describe(currentLocation(anchor))})`
  }
  return isSignedBy(manifest.public_key, json) ? undefined : 'its signature is not valid'
}

/** Why a manifest is not the one of this key; undefined if it is. */
export function mismatchOf(stored: StoredManifest, key: Uint8Array): string | undefined {
  const { manifest } = stored
  if (keyId(key) !== manifest.current) return 'it names another master key'
  if (stored.kind === 'legacy') return undefined
  if (publicKeyOf(key) !== stored.manifest.public_key) return 'its public key is not the one of the master key'
  return isSignedBy(stored.manifest.public_key, stored.json) ? undefined : 'its signature is not valid'
}

export type FirstUse =
  | { readonly kind: 'accepted'; readonly warning?: string }
  | { readonly kind: 'refused'; readonly why: string; readonly hint: string }

/**
 * A manifest without an anchor is believed if its key is one that the writer of the manifest cannot have chosen: the keychain's, a
 * passphrase's, a descriptor's, a credential's. A key file may be his own.
 */
export function checkFirstUse(manifest: Manifest | LegacyManifest, source: KeySource, isKeyFileInVault: boolean): FirstUse {
  const location = currentLocation(manifest)
  const isKeyFile = location.provider === 'key-file' || location.provider === 'insecure-key-file'
  if (source === 'named' || !isKeyFile) return { kind: 'accepted' }
  if (source === 'other_than_named') {
    return {
      kind: 'refused',
      why: `its master key (${describe(location)}) is not the one that the agent was given`,
      hint: 'if vault.json is right, start the agent without the other key',
    }
  }
  if (isKeyFileInVault) {
    return {
      kind: 'refused',
      why: `its master key (${describe(location)}) is in the vault's own folder`,
      hint: 'if you chose that file, move it elsewhere, and start the agent once with its path in AUTHSOCK_MASTER_KEY_FILE',
    }
  }
  if (location.provider === 'insecure-key-file') return { kind: 'accepted' }
  const warning = `the vault is used here for the first time, with its master key from ${location.path}: check that you chose that file`
  return { kind: 'accepted', warning }
}

const describe = ({ key_id, provider, path }: KeyLocation): string =>
  [provider, ...(path === undefined ? [] : [path]), key_id].join(' ')
