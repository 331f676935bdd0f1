// The client secret in the Authorization header (RFC 6749 section 2.3.1).

import type { ClientAuthMethod } from './method.ts'

export const clientSecretBasic: ClientAuthMethod = async ({ secret }) => {
  const value = (await secret()).reveal()
  return (_server, client, _body, headers) => {
    const credentials = `${formEncoded(client.client_id)}:${formEncoded(value)}`
    headers.set('authorization', `Basic ${btoa(credentials)}`)
  }
}

/**
 * As application/x-www-form-urlencoded, but with no more encoded than must be: many servers do not decode it, and `-`, `_`, `.` and
 * `~` are common in secrets (unreserved, RFC 3986 section 2.3).
 */
const formEncoded = (text: string): string =>
  encodeURIComponent(text)
    .replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
