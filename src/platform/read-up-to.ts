// What arrives on a stream, whole, up to a limit: bodies of requests and answers, and what is piped in.

import type { Failure } from '../core/failures.ts'

/** Rejects with what `tooMuch` gives when more than `most` bytes come; what follows them is not read. */
export function readUpTo(stream: NodeJS.ReadableStream, most: number, tooMuch: () => Failure): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const chunks: Buffer[] = []
  let size = 0
  // An iterator would cost a small request as much as all else that is done for it.
  const take = (chunk: Buffer): void => {
    size += chunk.length
    chunks.push(chunk)
    if (size <= most) return
    stream.off('data', take)
    stream.pause()
    reject(tooMuch())
  }
  stream.on('data', take)
  stream.once('end', () => resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)))
  stream.once('error', reject)
  stream.once('close', () => reject(new Error('it was cut')))
  return promise
}
