// docs/store-format.md: what it says is checked by vectors in both directions, against a reader that was written from the page alone.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { redact } from '../../../../src/core/redacted.ts'
import { keyId, readHeader, seal, unseal } from '../../../../src/store/files/seal.ts'
import { readKeyFile } from '../../../../src/store/keys/key-file.ts'
import { decryptKey } from '../../../../src/store/keys/passphrase.ts'
import { unwrapKey, wrapKey } from '../../../../src/store/keys/wrapped-key.ts'
import { decodeStoredManifest, encodeManifest, type Manifest } from '../../../../src/store/manifest/manifest.ts'
import { endorse, isEndorsed, isSignedBy, publicKeyOf, signManifest } from '../../../../src/store/manifest/signature.ts'
import * as independent from './independent.ts'

interface Vectors {
  readonly master_keys: readonly Readonly<Record<'master_key' | 'key_id' | 'signing_seed' | 'public_key', string>>[]
  readonly key_files: readonly Readonly<Record<'text' | 'master_key', string>>[]
  readonly passphrase_file: Readonly<Record<'passphrase' | 'file' | 'master_key', string>>
  readonly records: readonly (Readonly<
    Record<'master_key' | 'id' | 'nonce' | 'content' | 'record_key' | 'header' | 'additional_data' | 'file', string>
  > & { readonly generation: number })[]
  readonly wrapped: Readonly<Record<'current' | 'older' | 'nonce' | 'id' | 'wrapped', string>>
  readonly endorsement: Readonly<Record<'from' | 'to' | 'vault_id' | 'signed_text', string>> & {
    readonly endorsement: Manifest['endorsements'][number]
  }
  readonly manifest: Readonly<Record<'master_key' | 'signed_text', string>> & { readonly manifest: Manifest }
}

const vectors = JSON.parse(readFileSync(new URL('store-format.json', import.meta.url), 'utf8')) as Vectors
const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const base64 = (text: string): Buffer => Buffer.from(text, 'base64')

test.each(vectors.master_keys)(
  'master key $key_id: its id, its signing key',
  ({ master_key, key_id, signing_seed, public_key }) => {
    const key = hex(master_key)
    expect([keyId(key), publicKeyOf(key)]).toEqual([key_id, public_key])
    expect([independent.keyId(key), independent.signingSeed(key).toString('hex')]).toEqual([key_id, signing_seed])
    expect(independent.publicKey(key).toString('base64')).toBe(public_key)
  },
)

test.each(vectors.key_files)('a key file may hold $text', async ({ text, master_key }) => {
  const folder = mkdtempSync(join(tmpdir(), 'authsock-vectors-'))
  try {
    writeFileSync(join(folder, 'key'), text, { mode: 0o600 })
    expect((await readKeyFile(join(folder, 'key')))?.toString('hex')).toBe(master_key)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a passphrase file holds the key, by age', async () => {
  const { passphrase, file, master_key } = vectors.passphrase_file
  expect((await decryptKey(base64(file), redact(passphrase)))?.toString('hex')).toBe(master_key)
})

test.each(vectors.records)(
  'the record $id, generation $generation',
  ({ master_key, id, generation, nonce, content, ...expected }) => {
    const key = hex(master_key)
    const file = hex(expected.file)
    expect(readHeader(file)).toEqual({ keyId: keyId(key), generation })
    expect(unseal(key, id, file)?.toString('hex')).toBe(content)
    const sealed = { masterKey: key, id, generation, nonce: hex(nonce), content: hex(content) }
    expect(independent.seal(sealed).toString('hex')).toBe(expected.file)
    expect(independent.recordKey(key, id).toString('hex')).toBe(expected.record_key)
    expect(independent.header(key, generation).toString('hex')).toBe(expected.header)
    expect(expected.header + Buffer.from(id).toString('hex')).toBe(expected.additional_data)
    // What the product writes today, read by the page.
    expect(independent.unseal(key, id, seal(key, id, generation, hex(content)))).toEqual({ generation, content: hex(content) })
  },
)

test('an older key that is wrapped with the current one', () => {
  const { current, older, nonce, id, wrapped } = vectors.wrapped
  const location = { key_id: keyId(hex(older)), provider: 'keychain' } as const
  expect(unwrapKey(hex(current), { ...location, wrapped })?.toString('hex')).toBe(older)
  expect(independent.wrap(hex(current), hex(nonce), hex(older))).toBe(wrapped)
  const written = wrapKey(hex(current), location, hex(older)).wrapped ?? ''
  expect(independent.unseal(hex(current), id, base64(written)).content.toString('hex')).toBe(older)
})

test('an endorsement', () => {
  const { from, to, vault_id, signed_text, endorsement } = vectors.endorsement
  expect(endorse(vault_id, hex(from), hex(to))).toEqual(endorsement)
  const { signature, ...statement } = endorsement
  expect(signed_text).toBe(`authsock endorsement v2\n${independent.canonical({ vault_id, ...statement })}`)
  expect(independent.isSigned(independent.publicKey(hex(from)), signed_text, base64(signature))).toBe(true)
})

test('the manifest', () => {
  const { master_key, signed_text, manifest } = vectors.manifest
  const { signature, ...unsigned } = manifest
  expect(signManifest(hex(master_key), unsigned)).toEqual(manifest)
  expect(signed_text).toBe(`authsock manifest v2\n${independent.canonical(unsigned)}`)
  expect(independent.signature(hex(master_key), signed_text).toString('base64')).toBe(signature)
  const stored = decodeStoredManifest(Buffer.from(encodeManifest(manifest)))
  expect(stored).toMatchObject({ kind: 'signed', manifest })
  expect(isSignedBy(manifest.public_key, { ...manifest })).toBe(true)
  const { from } = vectors.endorsement
  const anchor = { vault_id: manifest.vault_id, current: keyId(hex(from)), public_key: publicKeyOf(hex(from)) }
  expect([isEndorsed(anchor, manifest), isEndorsed({ ...anchor, vault_id: 'another' }, manifest)]).toEqual([true, false])
})
