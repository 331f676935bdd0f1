// An older master key sealed with the current one: after an interrupted change of the key, the current key alone opens every
// record, and no second provider is needed to finish.

import type { KeyLocation } from '../manifest/manifest.ts'
import { keyId, seal, unseal } from '../files/seal.ts'

export const wrapKey = (current: Uint8Array, location: KeyLocation, key: Uint8Array): KeyLocation => ({
  ...location,
  wrapped: seal(current, wrapId(location), 0, key).toString('base64'),
})

/** Undefined if it is not wrapped, or not with this key. */
export function unwrapKey(current: Uint8Array, location: KeyLocation): Buffer | undefined {
  if (location.wrapped === undefined) return undefined
  const key = unseal(current, wrapId(location), Buffer.from(location.wrapped, 'base64'))
  return key !== undefined && keyId(key) === location.key_id ? key : undefined
}

/** No record has this id: record ids have no spaces or capitals. */
const wrapId = ({ key_id: id }: KeyLocation): string => `MASTER KEY ${id}`
