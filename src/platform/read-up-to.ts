// Reads a stream to its end, up to a limit: request and response bodies, and stdin.

import type { Failure } from '../core/failures.ts'

/**
 * Rejects with `tooLarge()` if more than `maxBytes` come; the rest is not read. `refuse` is asked for each piece, and may give another
 * reason to stop.
 */
export function readUpTo(
  stream: NodeJS.ReadableStream,
  maxBytes: number,
  tooLarge: () => Failure,
  refuse?: (bytes: number) => Failure | undefined,
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const chunks: Buffer[] = []
  let size = 0
  // An async iterator would double the cost of a small request.
  const take = (chunk: Buffer): void => {
    size += chunk.length
    chunks.push(chunk)
    const refusal = size > maxBytes ? tooLarge() : refuse?.(chunk.length)
    if (refusal === undefined) return
    stream.off('data', take)
    stream.pause()
    chunks.length = 0
    reject(refusal)
  }
  stream.on('data', take)
  stream.once('end', () => resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)))
  stream.once('error', reject)
  stream.once('close', () => reject(new Error('the stream was closed before its end')))
  return promise
}
