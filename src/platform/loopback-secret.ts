// Secrets that a listener on loopback makes, and whoever asks it has to bring.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** 256 bits, in characters that no header and no shell minds. */
export const newSecret = (): string => randomBytes(32).toString('base64url')

export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/** `hash`: as hashOf gives it. In a time that says nothing about where they differ. */
export const isSecret = (given: string, hash: string): boolean =>
  timingSafeEqual(Buffer.from(hashOf(given), 'hex'), Buffer.from(hash, 'hex'))
