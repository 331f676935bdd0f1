// Signatures over the manifest (FINDINGS S1). Each master key has an Ed25519 key pair of its own, derived from it: who holds the master
// key can sign; who knows the public key, which is noted outside the vault, can verify before the master key is fetched.

import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign, verify } from 'node:crypto'
import { keyId } from '../files/seal.ts'
import { type Endorsement, type Manifest, maxEndorsements, type UnsignedManifest } from './manifest.ts'

/** What stands before a raw Ed25519 key in DER: PKCS #8 and SubjectPublicKeyInfo of RFC 8410. */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex')

const manifestContext = 'authsock manifest v2\n'
const endorsementContext = 'authsock endorsement v2\n'

function privateKeyOf(masterKey: Uint8Array): KeyObject {
  const seed = Buffer.from(hkdfSync('sha256', masterKey, '', 'authsock manifest key v2', 32))
  return createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: 'der', type: 'pkcs8' })
}

/** Base64 of the 32 bytes. */
export function publicKeyOf(masterKey: Uint8Array): string {
  const der = createPublicKey(privateKeyOf(masterKey)).export({ format: 'der', type: 'spki' })
  return der.subarray(spkiPrefix.length).toString('base64')
}

export function signManifest(masterKey: Uint8Array, manifest: UnsignedManifest): Manifest {
  const signature = sign(null, Buffer.from(manifestContext + canonicalJson(manifest)), privateKeyOf(masterKey))
  return { ...manifest, signature: signature.toString('base64') }
}

/** `json`: the manifest as it was read, with fields that this version may not know. */
export function isSignedBy(publicKey: string, json: Readonly<Record<string, unknown>>): boolean {
  const { signature, ...unsigned } = json
  return typeof signature === 'string' && isValid(publicKey, manifestContext + canonicalJson(unsigned), signature)
}

/** By which `from`, the current key, says that `to` replaces it. */
export function endorse(vaultId: string, from: Uint8Array, to: Uint8Array): Endorsement {
  const statement = { from: keyId(from), to: keyId(to), public_key: publicKeyOf(to) }
  const signature = sign(null, statementOf(vaultId, statement), privateKeyOf(from))
  return { ...statement, signature: signature.toString('base64') }
}

export const withEndorsement = (all: readonly Endorsement[], added: Endorsement): readonly Endorsement[] =>
  [...all, added].slice(-maxEndorsements)

/** Whether a chain of endorsements leads from the current key of `anchor` to the current key of `next`. */
export function isEndorsed(anchor: Pick<Manifest, 'vault_id' | 'current' | 'public_key'>, next: Manifest): boolean {
  const trusted = new Map([[anchor.current, anchor.public_key]])
  const isNew = ({ from, to }: Endorsement): boolean => trusted.has(from) && !trusted.has(to)
  for (let found = next.endorsements.filter(isNew); found.length > 0; found = next.endorsements.filter(isNew)) {
    const valid = found.filter((each) =>
      isValid(trusted.get(each.from) ?? '', statementOf(anchor.vault_id, each), each.signature),
    )
    if (valid.length === 0) break
    for (const { to, public_key } of valid) trusted.set(to, public_key)
  }
  return trusted.get(next.current) === next.public_key
}

const statementOf = (vaultId: string, { from, to, public_key }: Omit<Endorsement, 'signature'>): Buffer =>
  Buffer.from(endorsementContext + canonicalJson({ vault_id: vaultId, from, to, public_key }))

function isValid(publicKey: string, message: string | Buffer, signature: string): boolean {
  const raw = Buffer.from(publicKey, 'base64')
  if (raw.length !== 32) return false
  try {
    const key = createPublicKey({ key: Buffer.concat([spkiPrefix, raw]), format: 'der', type: 'spki' })
    return verify(null, Buffer.from(message), key, Buffer.from(signature, 'base64'))
  } catch {
    return false
  }
}

/** RFC 8785: the same bytes for the same value, whatever the order of its fields. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).filter(([, each]) => each !== undefined)
  const inOrder = fields.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${inOrder.map(([key, each]) => `${JSON.stringify(key)}:${canonicalJson(each)}`).join(',')}}`
}
