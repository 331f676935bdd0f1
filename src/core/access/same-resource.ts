// Whether two resource indicators (RFC 8707) or audiences mean the same place, however they are spelled: the case of scheme and
// host, a default port, a slash at the end, a dot after the host, user information, a fragment and escaped letters do not count.

export const sameResource = (a: string, b: string): boolean => a === b || normal(a) === normal(b)

/** RFC 3986 section 6.2.2 and 6.2.3; text that is no URL stays as it is. */
function normal(text: string): string {
  const url = URL.parse(text.trim())
  if (url === null) return text.trim()
  const path = unescaped(url.pathname).replace(/\/+$/, '')
  if (url.host === '') return `${url.protocol}${path.toLowerCase()}${url.search}`
  // The parser knows the default ports of the web's schemes only; it lower-cases their hosts only, too.
  const host = url.hostname.toLowerCase().replace(/\.$/, '')
  return `${url.protocol}//${host}${url.port === '' ? '' : `:${url.port}`}${path}${url.search.replace(/^\?$/, '')}`
}

/** Escapes of unreserved characters are the characters (RFC 3986 section 2.3). */
const unescaped = (path: string): string =>
  path.replaceAll(/%([0-9a-f]{2})/gi, (escape, digits: string) => {
    const character = String.fromCharCode(Number.parseInt(digits, 16))
    return /[A-Za-z0-9._~-]/.test(character) ? character : escape.toUpperCase()
  })
