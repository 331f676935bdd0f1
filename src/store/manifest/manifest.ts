// vault.json, the manifest: which master keys the vault has and where each is kept. It never holds a key in the clear. Its forms
// (docs/store-format.md) are decoded here; whether a manifest is believed is decided in trust.ts.

import { isAbsolute } from 'node:path'
import { array, DecodeError, number, object, oneOf, optional, string } from '../../core/util/json-decoder.ts'

const providerNames = ['keychain', 'passphrase', 'key-file', 'descriptor', 'systemd-credential', 'insecure-key-file'] as const

export type ProviderName = (typeof providerNames)[number]

/** No other file name is read from a manifest: those of the vault's own files derive from key ids. */
export interface KeyLocation {
  readonly key_id: string
  readonly provider: ProviderName
  /** Of key-file only: where the user keeps it, absolute. */
  readonly path?: string
  /** While records are being resealed: this older key, sealed with the current one (base64), so that the current one is enough to go on. */
  readonly wrapped?: string
}

/** A signature by which the holder of key `from` says that key `to` replaces it. */
export interface Endorsement {
  readonly from: string
  readonly to: string
  /** Of `to`; base64. */
  readonly public_key: string
  readonly signature: string
}

export interface UnsignedManifest {
  readonly format: 2
  readonly vault_id: string
  /** Counts the versions of this manifest, from 1. */
  readonly revision: number
  /** The key that new files are sealed with. */
  readonly current: string
  /** Ed25519, derived from the current key; base64. */
  readonly public_key: string
  /** More than one while records are being resealed. */
  readonly keys: readonly KeyLocation[]
  /** The newest last; `maxEndorsements` are kept. */
  readonly endorsements: readonly Endorsement[]
}

export interface Manifest extends UnsignedManifest {
  /** By the current key, over everything else; base64. */
  readonly signature: string
}

/** As versions before format 2 wrote it: without a signature. */
export interface LegacyManifest {
  readonly format: 1
  readonly vault_id: string
  readonly current: string
  readonly keys: readonly KeyLocation[]
}

/** `json` has the fields of a later version too: the signature covers them. */
export type StoredManifest =
  | {
      readonly kind: 'signed'
      readonly text: string
      readonly manifest: Manifest
      readonly json: Readonly<Record<string, unknown>>
    }
  | { readonly kind: 'legacy'; readonly text: string; readonly manifest: LegacyManifest }

export const maxEndorsements = 64
const maxKeys = 64
const maxBytes = 1024 * 1024

/** Throws a DecodeError. */
export function decodeStoredManifest(content: Buffer): StoredManifest {
  if (content.length > maxBytes) throw new DecodeError(`it is larger than ${maxBytes} bytes`)
  const text = content.toString()
  const json = object(parseJson(text), 'manifest')
  if (json['format'] === 1) return { kind: 'legacy', text, manifest: decodeLegacy(json) }
  return { kind: 'signed', text, manifest: decodeManifest(json), json }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new DecodeError('it is not JSON')
  }
}

function decodeLegacy({ vault_id, current, keys }: Record<string, unknown>): LegacyManifest {
  return { format: 1, ...decodeCommon(vault_id, current, keys) }
}

function decodeManifest(json: Record<string, unknown>): Manifest {
  const { format, vault_id, revision, current, public_key, keys, endorsements, signature } = json
  if (format !== 2) throw new DecodeError("'format' is neither 1 nor 2")
  const number_ = number(revision, 'revision')
  if (!Number.isSafeInteger(number_) || number_ < 1) throw new DecodeError("'revision' is not a positive integer")
  return {
    format,
    ...decodeCommon(vault_id, current, keys),
    revision: number_,
    public_key: string(public_key, 'public_key'),
    endorsements: list(endorsements, 'endorsements', maxEndorsements).map(decodeEndorsement),
    signature: string(signature, 'signature'),
  }
}

function decodeCommon(vaultId: unknown, current: unknown, keys: unknown) {
  const common = {
    vault_id: matching(vaultId, /^[0-9a-f-]{36}$/, 'vault_id'),
    current: keyIdentifier(current, 'current'),
    keys: list(keys, 'keys', maxKeys).map(decodeKeyLocation),
  }
  const ids = common.keys.map(({ key_id }) => key_id)
  if (new Set(ids).size < ids.length) throw new DecodeError("'keys' lists a key twice")
  if (!ids.includes(common.current)) throw new DecodeError("'current' is not one of 'keys'")
  return common
}

function decodeKeyLocation(json: unknown): KeyLocation {
  const { key_id, provider: name, path, wrapped } = object(json, 'keys')
  const provider = oneOf(name, providerNames, 'provider')
  // Format 1 named the files of the other providers too; they derive from the key id.
  const ofFile = provider === 'key-file' ? { path: absolutePath(path) } : {}
  return { key_id: keyIdentifier(key_id, 'key_id'), provider, ...ofFile, ...optional('wrapped', wrapped, string) }
}

function decodeEndorsement(json: unknown): Endorsement {
  const { from, to, public_key, signature } = object(json, 'endorsements')
  return {
    from: keyIdentifier(from, 'from'),
    to: keyIdentifier(to, 'to'),
    public_key: string(public_key, 'public_key'),
    signature: string(signature, 'signature'),
  }
}

function absolutePath(json: unknown): string {
  const path = string(json, 'path')
  if (!isAbsolute(path)) throw new DecodeError("'path' is not absolute")
  return path
}

const keyIdentifier = (json: unknown, at: string): string => matching(json, /^[0-9a-f]{16}$/, at)

function matching(json: unknown, pattern: RegExp, at: string): string {
  const text = string(json, at)
  if (!pattern.test(text)) throw new DecodeError(`'${at}' is not of the right form`)
  return text
}

function list(json: unknown, at: string, max: number): readonly unknown[] {
  const all = array(json, at)
  if (all.length > max) throw new DecodeError(`'${at}' has more than ${max} entries`)
  return all
}

export const encodeManifest = (manifest: Manifest): string => `${JSON.stringify(manifest, undefined, 2)}\n`

export function currentLocation({ keys, current }: Pick<LegacyManifest, 'keys' | 'current'>): KeyLocation {
  const location = keys.find(({ key_id }) => key_id === current)
  if (location === undefined) throw new DecodeError("'current' is not one of 'keys'")
  return location
}
