// The sealed files as docs/store-format.md describes them, written from that page alone: it imports nothing of the product.

import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'

const hkdf = (masterKey: Buffer, info: string): Buffer =>
  Buffer.from(hkdfSync('sha256', masterKey, Buffer.alloc(0), Buffer.from(info), 32))

export const keyId = (masterKey: Buffer): string =>
  createHash('sha256')
    .update(Buffer.concat([Buffer.from('authsock master key id'), masterKey]))
    .digest('hex')
    .slice(0, 16)

export const recordKey = (masterKey: Buffer, id: string): Buffer => hkdf(masterKey, `authsock record v1\0${id}`)

export function header(masterKey: Buffer, generation: number): Buffer {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(generation))
  return Buffer.concat([Buffer.from('ASKV'), Buffer.from([1]), Buffer.from(keyId(masterKey), 'hex'), counter])
}

export interface Sealed {
  readonly masterKey: Buffer
  readonly id: string
  readonly generation: number
  readonly nonce: Buffer
  readonly content: Buffer
}

export function seal({ masterKey, id, generation, nonce, content }: Sealed): Buffer {
  const cipher = createCipheriv('aes-256-gcm', recordKey(masterKey, id), nonce)
  const head = header(masterKey, generation)
  cipher.setAAD(Buffer.concat([head, Buffer.from(id)]))
  return Buffer.concat([head, nonce, cipher.update(content), cipher.final(), cipher.getAuthTag()])
}

export function unseal(masterKey: Buffer, id: string, file: Buffer): { readonly generation: number; readonly content: Buffer } {
  const decipher = createDecipheriv('aes-256-gcm', recordKey(masterKey, id), file.subarray(21, 33))
  decipher.setAAD(Buffer.concat([file.subarray(0, 21), Buffer.from(id)]))
  decipher.setAuthTag(file.subarray(-16))
  const content = Buffer.concat([decipher.update(file.subarray(33, -16)), decipher.final()])
  return { generation: Number(file.readBigUInt64BE(13)), content }
}

export const wrap = (current: Buffer, nonce: Buffer, old: Buffer): string =>
  seal({ masterKey: current, id: `MASTER KEY ${keyId(old)}`, generation: 0, nonce, content: old }).toString('base64')

export const signingSeed = (masterKey: Buffer): Buffer => hkdf(masterKey, 'authsock manifest key v2')

const privateKey = (masterKey: Buffer): KeyObject =>
  createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), signingSeed(masterKey)]),
    format: 'der',
    type: 'pkcs8',
  })

export const publicKey = (masterKey: Buffer): Buffer =>
  Buffer.from(createPublicKey(privateKey(masterKey)).export({ format: 'jwk' }).x ?? '', 'base64url')

/** RFC 8785, as far as a manifest needs it. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = value as Readonly<Record<string, unknown>>
  const names = Object.keys(fields).sort()
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(fields[name])}`).join(',')}}`
}

export const signature = (masterKey: Buffer, text: string): Buffer => sign(null, Buffer.from(text), privateKey(masterKey))

export const isSigned = (publicKey_: Buffer, text: string, signature_: Buffer): boolean =>
  verify(
    null,
    Buffer.from(text),
    createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey_.toString('base64url') }, format: 'jwk' }),
    signature_,
  )
