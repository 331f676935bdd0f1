// Bodies that a server compresses, though it was not told that it may (RFC 9110 section 8.4).

import { promisify } from 'node:util'

/** Applied by the server in this order. Throws if one is unknown, or the body is not what it says. */
export async function decodeBody(body: Buffer, encoding: string | undefined, maxBytes: number): Promise<Buffer> {
  const encodings = (encoding ?? '').toLowerCase().split(',').map((name) => name.trim()) // prettier-ignore
  let decoded = body
  for (const name of encodings.reverse()) decoded = await decodeOne(decoded, name, maxBytes)
  // Some compress without saying so. No text begins like this.
  return decoded[0] === 0x1f && decoded[1] === 0x8b ? decodeOne(decoded, 'gzip', maxBytes) : decoded
}

async function decodeOne(body: Buffer, encoding: string, maxOutputLength: number): Promise<Buffer> {
  // Not even an empty body is compressed by some.
  if (body.length === 0 || encoding === '' || encoding === 'identity') return body
  const zlib = await import('node:zlib')
  const options = { maxOutputLength }
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return promisify(zlib.gunzip)(body, options)
    case 'deflate':
      // Some send it without the zlib header.
      return promisify((body[0] ?? 0) % 16 === 8 ? zlib.inflate : zlib.inflateRaw)(body, options)
    case 'br':
      return promisify(zlib.brotliDecompress)(body, options)
    case 'zstd':
      return promisify(zlib.zstdDecompress)(body, options)
    default:
      throw Object.assign(new Error(`unknown content encoding ${encoding.slice(0, 40)}`), { code: 'AUTHSOCK_UNKNOWN_ENCODING' })
  }
}
