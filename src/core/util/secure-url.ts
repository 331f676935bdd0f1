// P19, P21: which URLs may be asked, or shown to a user as a page of the server.

/** This machine, by a literal address or as `localhost`. */
export const isLoopback = ({ hostname }: URL): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)

/** Why a URL must not be used; undefined: it may be. */
export function insecurityOf(url: URL): string | undefined {
  if (url.username !== '' || url.password !== '') return 'contains a user name or a password'
  if (url.protocol === 'https:') return undefined
  if (url.protocol !== 'http:') return 'is not an https URL'
  return isLoopback(url) ? undefined : 'is plain http: https is required for every host but loopback'
}
