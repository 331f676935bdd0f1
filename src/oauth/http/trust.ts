// Which certificate authorities are trusted: Node's own list, the operating system's store, and the profile's ca_file (P19).
// The system's store takes a tenth of a second to read, so it is read when a certificate is from an authority not known otherwise.

import type { SecureContext } from 'node:tls'

export interface Trust {
  /** PEM, from the profile's ca_file. */
  readonly ca: string | undefined
  /** Whether the operating system's store counts. */
  readonly systemStore: boolean
}

let isSystemStoreRead = false
/** By ca_file's content and whether the system's store is in it. A context with all authorities takes 20 ms to make. */
const contexts = new Map<string, SecureContext>()
const maxContexts = 8

export const secureContext = async ({ ca, systemStore }: Trust): Promise<SecureContext> => {
  const withSystem = systemStore && isSystemStoreRead
  const key = `${withSystem} ${ca ?? ''}`
  const known = contexts.get(key)
  if (known !== undefined) return known
  if (contexts.size >= maxContexts) contexts.clear()
  const context = await makeContext(ca, withSystem)
  contexts.set(key, context)
  return context
}

async function makeContext(ca: string | undefined, withSystem: boolean): Promise<SecureContext> {
  const { createSecureContext, getCACertificates } = await import('node:tls')
  const minVersion = 'TLSv1.2'
  if (ca === undefined && !withSystem) return createSecureContext({ minVersion })
  const system = withSystem ? getCACertificates('system') : []
  // Distributions list each authority several times.
  const authorities = new Map([...getCACertificates('default'), ...system].map((pem) => [pem.replaceAll(/\s/g, ''), pem]))
  return createSecureContext({ minVersion, ca: [...authorities.values(), ...(ca === undefined ? [] : [ca])] })
}

const unknownAuthority = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

export const isUnknownAuthority = (error: unknown): boolean =>
  unknownAuthority.has((error as NodeJS.ErrnoException | undefined)?.code ?? '')

/** Whether the system's store has not been asked yet, and is from now on: a handshake that failed is worth another try. */
export function readSystemStore({ systemStore }: Trust): boolean {
  if (!systemStore || isSystemStoreRead) return false
  isSystemStoreRead = true
  return true
}
