// What arrives on a stream, whole, up to a limit: bodies of requests and answers, and what is piped in.

import type { Failure } from '../core/failures.ts'

/** Throws what `tooMuch` gives when more than `most` bytes come. */
export async function readUpTo(stream: NodeJS.ReadableStream, most: number, tooMuch: () => Failure): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream as unknown as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > most) throw tooMuch()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
