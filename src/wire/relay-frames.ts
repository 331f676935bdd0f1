// The relay protocol (protocol/relay.md): one greeting line from each end, then frames.

import { Failure } from '../core/failures.ts'

const relayVersion = '1'
/** Concurrent streams. */
export const maxStreams = 128
/** Max bytes in flight in one direction of a stream. */
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

/** The greeting of the connecting end. */
export const connectGreeting = `${prefix}${relayVersion} connects\n`

export type Greeting =
  | { readonly state: 'unfinished' }
  /** These bytes are not the start of a greeting. */
  | { readonly state: 'not_a_relay' }
  | { readonly state: 'greeted'; readonly socketPath: string; readonly rest: Buffer }

/** Reads the greeting of the listening end. Throws bad_request if it is a relay with which this one cannot communicate. */
export function readGreeting(bytes: Buffer): Greeting {
  const start = bytes.subarray(0, prefix.length).toString('latin1')
  if (!prefix.startsWith(start)) return { state: 'not_a_relay' }
  const end = bytes.indexOf(0x0a)
  if (end < 0) return { state: bytes.length > maxHello ? 'not_a_relay' : 'unfinished' }
  const line = bytes.subarray(prefix.length, end).toString()
  if (line.endsWith('\r')) {
    throw new Failure('bad_request', 'there is a terminal between the two ends of the relay, which changes the bytes', {
      hint: 'start the command without -t or --tty',
    })
  }
  const [version = '', role, socketPath = ''] = line.split(' ')
  if (version !== relayVersion) {
    const isOlder = Number(version) < Number(relayVersion)
    throw new Failure('bad_request', `relay version mismatch: the other end has ${version}, this one ${relayVersion}`, {
      hint: isOlder ? 'update authsock-client on the other side' : 'update authsock on this side',
    })
  }
  if (role !== 'listens') {
    throw new Failure('bad_request', 'the other end of the relay does not listen', {
      hint: 'run `authsock-client relay` on the other side',
    })
  }
  return { state: 'greeted', socketPath: decodeURIComponentOr(socketPath), rest: bytes.subarray(end + 1) }
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

export const invalidBytes = (why: string): Failure =>
  new Failure('bad_request', `invalid data in the pipe of the relay: ${why}`, {
    hint: 'check whether another program writes to it, such as a shell start-up file',
  })

/** Parses frames from chunks of any size. Buffers one frame at most. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0)

  /** Throws bad_request; the reader cannot be used after that. */
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
  const [min, max] = bounds(head.readUInt8(0))
  if (head.readUInt8(1) !== 0 || length < min || length > max) throw invalidBytes('not a frame')
  return length
}

function bounds(type: number): readonly [min: number, max: number] {
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
