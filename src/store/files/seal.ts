// The sealed file: what the bytes are. AES-256-GCM with a key of its own for each record, derived from the master key; the
// additional data binds format version, master key, generation and record id, so that no file can stand in for another.
//
//   "ASKV" | version 1 | key id, 8 bytes | generation, 8 bytes big-endian | nonce, 12 | ciphertext | tag, 16

import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'

const magic = Buffer.from('ASKV')
const version = 1
const headerLength = 21
const nonceLength = 12
const tagLength = 16

export const masterKeyLength = 32

/** Identifies a master key without revealing it: 16 hex digits. */
export const keyId = (masterKey: Uint8Array): string =>
  createHash('sha256').update('authsock master key id').update(masterKey).digest('hex').slice(0, 16)

export interface Header {
  readonly keyId: string
  readonly generation: number
}

/** Undefined if the bytes are not a sealed file. Nothing in it is authenticated before `unseal`. */
export function readHeader(file: Buffer): Header | undefined {
  if (file.length < headerLength + nonceLength + tagLength) return undefined
  if (!file.subarray(0, 4).equals(magic) || file[4] !== version) return undefined
  const generation = file.readBigUInt64BE(13)
  if (generation > BigInt(Number.MAX_SAFE_INTEGER)) return undefined
  return { keyId: file.toString('hex', 5, 13), generation: Number(generation) }
}

const recordKey = (masterKey: Uint8Array, id: string): Buffer =>
  Buffer.from(hkdfSync('sha256', masterKey, '', `authsock record v${version}\0${id}`, 32))

export function seal(masterKey: Uint8Array, id: string, generation: number, content: Uint8Array): Buffer {
  const header = Buffer.alloc(headerLength)
  magic.copy(header)
  header[4] = version
  header.write(keyId(masterKey), 5, 'hex')
  header.writeBigUInt64BE(BigInt(generation), 13)
  const nonce = randomBytes(nonceLength)
  const cipher = createCipheriv('aes-256-gcm', recordKey(masterKey, id), nonce, { authTagLength: tagLength })
  cipher.setAAD(Buffer.concat([header, Buffer.from(id)]))
  return Buffer.concat([header, nonce, cipher.update(content), cipher.final(), cipher.getAuthTag()])
}

/** Undefined if the file was changed or cut, or belongs to another record or key. */
export function unseal(masterKey: Uint8Array, id: string, file: Buffer): Buffer | undefined {
  if (readHeader(file) === undefined) return undefined
  const header = file.subarray(0, headerLength)
  const nonce = file.subarray(headerLength, headerLength + nonceLength)
  const decipher = createDecipheriv('aes-256-gcm', recordKey(masterKey, id), nonce, { authTagLength: tagLength })
  decipher.setAAD(Buffer.concat([header, Buffer.from(id)]))
  decipher.setAuthTag(file.subarray(file.length - tagLength))
  try {
    return Buffer.concat([decipher.update(file.subarray(headerLength + nonceLength, file.length - tagLength)), decipher.final()])
  } catch {
    return undefined
  }
}
