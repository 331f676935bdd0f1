// Bearer secrets for listeners on loopback: the listener makes one, and each request must carry it.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** 256 bits as base64url, which needs no quoting in a header or a shell. */
export const newSecret = (): string => randomBytes(32).toString('base64url')

export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/** `hash`: from hashOf. Compares in constant time. */
export const isSecret = (given: string, hash: string): boolean =>
  timingSafeEqual(Buffer.from(hashOf(given), 'hex'), Buffer.from(hash, 'hex'))
