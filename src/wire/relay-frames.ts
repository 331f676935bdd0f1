// What a relay says through its pipe (protocol/relay.md): a line from each end, then frames, each of one stream.

import { Failure } from '../core/failures.ts'

const relayVersion = '1'
/** Streams at once. */
export const maxStreams = 128
/** Bytes that may be on their way in one direction of a stream. */
export const relayWindow = 64 * 1024
export const maxData = 16 * 1024

const headLength = 8
const maxHello = 512
const prefix = 'authsock-relay '

const types = { open: 1, data: 2, end: 3, close: 4, credit: 5 } as const

export type Frame =
  | { readonly type: 'open' | 'end' | 'close'; readonly stream: number }
  | { readonly type: 'data'; readonly stream: number; readonly data: Buffer }
  | { readonly type: 'credit'; readonly stream: number; readonly bytes: number }

/** What the end that connects says first. */
export const hello = `${prefix}${relayVersion} connects\n`

export type Greeting =
  | { readonly state: 'unfinished' }
  /** Nothing that begins like this becomes a greeting. */
  | { readonly state: 'foreign' }
  | { readonly state: 'greeted'; readonly place: string; readonly rest: Buffer }

/** Reads what the end that listens says first. Throws bad_request where it is a relay, and not one that this one can speak to. */
export function readGreeting(bytes: Buffer): Greeting {
  const start = bytes.subarray(0, prefix.length).toString('latin1')
  if (!prefix.startsWith(start)) return { state: 'foreign' }
  const end = bytes.indexOf(0x0a)
  if (end < 0) return { state: bytes.length > maxHello ? 'foreign' : 'unfinished' }
  const line = bytes.subarray(prefix.length, end).toString()
  if (line.endsWith('\r')) {
    throw new Failure('bad_request', 'there is a terminal between the two ends of the relay, which changes what passes', {
      hint: 'start the command without -t or --tty',
    })
  }
  const [version = '', role, place = ''] = line.split(' ')
  if (version !== relayVersion) {
    const isOlder = Number(version) < Number(relayVersion)
    throw new Failure('bad_request', `the other end speaks version ${version} of the relay, and this one ${relayVersion}`, {
      hint: isOlder ? 'update authsock-client there' : 'update authsock here',
    })
  }
  if (role !== 'listens') {
    throw new Failure('bad_request', 'the other end of the relay does not listen', {
      hint: '`authsock-client relay` is to be there',
    })
  }
  return { state: 'greeted', place: decodeURIComponentOr(place), rest: bytes.subarray(end + 1) }
}

function decodeURIComponentOr(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export function encodeFrame(frame: Frame): Buffer {
  const length = frame.type === 'data' ? frame.data.length : frame.type === 'credit' ? 4 : 0
  const bytes = Buffer.alloc(headLength + length)
  bytes.writeUInt8(types[frame.type], 0)
  bytes.writeUInt16BE(length, 2)
  bytes.writeUInt32BE(frame.stream, 4)
  if (frame.type === 'data') frame.data.copy(bytes, headLength)
  if (frame.type === 'credit') bytes.writeUInt32BE(frame.bytes, headLength)
  return bytes
}

export const foreignBytes = (why: string): Failure =>
  new Failure('bad_request', `what comes through the pipe is not a relay's: ${why}`, {
    hint: 'does something else write into it?',
  })

/** Takes frames out of bytes that come in any parts. Keeps no more than one frame. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0)

  /** Throws bad_request; what comes after that means nothing. */
  read(chunk: Buffer): readonly Frame[] {
    const frames: Frame[] = []
    let bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    while (bytes.length >= headLength) {
      const length = lengthOf(bytes)
      if (bytes.length < headLength + length) break
      frames.push(decode(bytes.subarray(0, headLength + length)))
      bytes = bytes.subarray(headLength + length)
    }
    this.#pending = Buffer.from(bytes)
    return frames
  }
}

function lengthOf(head: Buffer): number {
  const length = head.readUInt16BE(2)
  const [least, most] = bounds(head.readUInt8(0))
  if (head.readUInt8(1) !== 0 || length < least || length > most) throw foreignBytes('something that is no frame')
  return length
}

function bounds(type: number): readonly [least: number, most: number] {
  switch (type) {
    case types.data:
      return [1, maxData]
    case types.credit:
      return [4, 4]
    case types.open:
    case types.end:
    case types.close:
      return [0, 0]
    default:
      return [1, 0]
  }
}

function decode(frame: Buffer): Frame {
  const stream = frame.readUInt32BE(4)
  switch (frame.readUInt8(0)) {
    case types.open:
      return { type: 'open', stream }
    case types.data:
      return { type: 'data', stream, data: frame.subarray(headLength) }
    case types.credit:
      return { type: 'credit', stream, bytes: frame.readUInt32BE(headLength) }
    case types.end:
      return { type: 'end', stream }
    default:
      return { type: 'close', stream }
  }
}
