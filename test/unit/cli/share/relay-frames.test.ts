// protocol/relay.md at the end that connects: frames and greetings in any parts, and another end that babbles, floods or cheats.

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { RelayStreams } from '../../../../src/cli/share/relay-streams.ts'
import { Failure } from '../../../../src/core/failures.ts'
import {
  encodeFrame,
  type Frame,
  FrameReader,
  maxData,
  maxStreams,
  readGreeting,
  relayWindow,
} from '../../../../src/wire/relay-frames.ts'
import { describeWith, isPosix } from '../../../support/real-part.ts'

const id = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const data = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes))
const frame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({ type: fc.constantFrom('open' as const, 'end' as const, 'close' as const), stream: id }),
  fc.record({ type: fc.constant('data' as const), stream: id, data }),
  fc.record({ type: fc.constant('credit' as const), stream: id, bytes: id }),
)

/** In parts of at most so many bytes. */
function* inParts(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

const sizes = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1 })
const refusal = (work: () => unknown): Failure => {
  try {
    work()
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('frames', () => {
  test('are read as they were written, in whatever parts they come', () => {
    fc.assert(
      fc.property(fc.array(frame), sizes, (frames, parts) => {
        const reader = new FrameReader()
        const read = [...inParts(Buffer.concat(frames.map(encodeFrame)), parts)].flatMap((part) => reader.read(part))
        expect(read).toEqual(frames)
      }),
    )
  })

  test('anything else is refused, and by nothing but a Failure', () => {
    let refused = 0
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 64 }), (bytes) => {
        try {
          new FrameReader().read(Buffer.from(bytes))
        } catch (error) {
          expect(error).toMatchObject({ name: 'Failure', code: 'bad_request' })
          refused++
        }
      }),
    )
    expect(refused).toBeGreaterThan(50)
  })

  test.each([
    ['an unknown type', [9, 0, 0, 0, 0, 0, 0, 1]],
    ['a byte that is to be 0', [3, 1, 0, 0, 0, 0, 0, 1]],
    ['no data', [2, 0, 0, 0, 0, 0, 0, 1]],
    ['data that are too long', [2, 0, 0x40, 1, 0, 0, 0, 1]],
    ['an end with content', [3, 0, 0, 1, 0, 0, 0, 1, 0]],
    ['a credit that is cut', [5, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0]],
    ['text', [...Buffer.from('Connection to host closed.')]],
  ])('%s', (_, bytes) => {
    expect(refusal(() => new FrameReader().read(Buffer.from(bytes))).message).toContain('invalid data in the pipe of the relay')
  })
})

describe('the greeting', () => {
  const read = (text: string) => readGreeting(Buffer.from(text))

  test('in any parts', () => {
    const whole = 'authsock-relay 1 listens /run/a%20b%25/agent.sock\n'
    for (let length = 0; length < whole.length; length++) expect(read(whole.slice(0, length))).toEqual({ state: 'unfinished' })
    expect(read(`${whole}\u0001\u0000`)).toEqual({
      state: 'greeted',
      socketPath: '/run/a b%/agent.sock',
      rest: Buffer.from([1, 0]),
    })
  })

  test.each(['Welcome to Debian', 'ab', '\nauthsock-relay 1 listens /a\n', `authsock-relay ${'x'.repeat(600)}`])(
    'not %j',
    (text) => {
      expect(read(text)).toEqual({ state: 'not_a_relay' })
    },
  )

  test.each([
    ['authsock-relay 2 listens /a\n', 'the other end has 2, this one 1', 'update authsock on this side'],
    ['authsock-relay 0 listens /a\n', 'the other end has 0, this one 1', 'update authsock-client on the other side'],
    ['authsock-relay 1 connects\n', 'does not listen', 'authsock-client relay'],
    ['authsock-relay 1 listens /a\r\n', 'a terminal', 'without -t'],
  ])('%j: what is wrong, and what to do', (text, message, hint) => {
    const failure = refusal(() => read(text))
    expect([failure.message, failure.hint]).toEqual([expect.stringContaining(message), expect.stringContaining(hint)])
  })
})

describeWith({ POSIX: isPosix }, 'the streams of the end that connects', () => {
  const folder = mkdtempSync(join(tmpdir(), 'authsock-streams-'))
  const path = join(folder, 's')
  const sockets = new Set<Socket>()
  let server: Server
  /** What the agent's side does with a connection. */
  let speak: (socket: Socket) => void
  let open: RelayStreams[] = []

  beforeAll(async () => {
    server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      socket.on('error', () => {})
      speak(socket)
    }).listen(path)
    await once(server, 'listening')
  })

  afterEach(() => {
    for (const streams of open) streams.close()
    open = []
  })

  afterAll(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  function start() {
    const pipe = new PassThrough({ highWaterMark: 1 })
    const streams = new RelayStreams({
      pipe,
      connect: () => connect({ path, allowHalfOpen: true }),
      onConnected: () => {},
    })
    open.push(streams)
    const say = (...frames: readonly Frame[]): void => streams.receive(Buffer.concat(frames.map(encodeFrame)))
    return { pipe, streams, say }
  }

  test('whatever frames come: taken or refused, never more streams, connections or bytes than there may be', async () => {
    speak = (socket) => socket.pipe(socket)
    const few = fc.integer({ min: 1, max: 5 })
    const likely: fc.Arbitrary<Frame> = fc.oneof(
      { weight: 30, arbitrary: fc.record({ type: fc.constant('data' as const), stream: few, data }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('end' as const, 'close' as const), stream: few }) },
      {
        weight: 1,
        arbitrary: fc.record({ type: fc.constant('credit' as const), stream: few, bytes: fc.integer({ min: 0, max: 70_000 }) }),
      },
    )
    let taken = 0
    await fc.assert(
      fc.asyncProperty(fc.array(likely, { maxLength: 60 }), fc.integer({ min: 4, max: 5 }), async (frames, opened) => {
        const { pipe, streams, say } = start()
        pipe.resume()
        for (let stream = 1; stream <= opened; stream++) say({ type: 'open', stream })
        try {
          for (const each of frames) {
            say(each)
            taken++
          }
        } catch (error) {
          expect(error).toMatchObject({ name: 'Failure', code: 'bad_request' })
        }
        await new Promise(setImmediate)
        expect(streams.size).toBeLessThanOrEqual(opened)
        streams.close()
        await expect.poll(() => streams.size, { interval: 1 }).toBe(0)
      }),
      { numRuns: 200 },
    )
    expect(taken).toBeGreaterThan(200)
  })

  test('an end that opens and never reads: its pipe fills, whoever reads it is told to wait, and no more is kept', async () => {
    speak = (socket) => {
      const fill = (): void => {
        while (socket.write(Buffer.alloc(100_000)));
      }
      socket.on('drain', fill)
      fill()
    }
    const { pipe, streams, say } = start()
    for (let stream = 1; stream <= maxStreams; stream++) say({ type: 'open', stream })
    await expect.poll(() => streams.isCongested).toBe(true)
    await new Promise((resolve) => setTimeout(resolve, 200))
    // A frame more than where it stops.
    expect(pipe.writableLength + pipe.readableLength).toBeLessThan(256 * 1024 + 2 * maxData + 64 * 1024)
    expect(() => say({ type: 'open', stream: maxStreams + 1 })).toThrow('too many streams')
  })

  test('a stream has its window and no more, and the others go on', async () => {
    const greedy: Socket[] = []
    speak = (socket) => {
      greedy.push(socket)
      socket.once('data', (first: Buffer) => socket.write(Buffer.alloc(first.toString() === 'flood' ? 10 * relayWindow : 10)))
    }
    const { pipe, say } = start()
    const heard = new Map<number, number>()
    const reader = new FrameReader()
    pipe.on('data', (chunk: Buffer) => {
      for (const each of reader.read(chunk))
        if (each.type === 'data') heard.set(each.stream, (heard.get(each.stream) ?? 0) + each.data.length)
    })
    say({ type: 'open', stream: 1 }, { type: 'data', stream: 1, data: Buffer.from('flood') })
    await expect.poll(() => heard.get(1)).toBe(relayWindow)
    say({ type: 'open', stream: 2 }, { type: 'data', stream: 2, data: Buffer.from('small') })
    await expect.poll(() => heard.get(2)).toBe(10)
    expect(heard.get(1)).toBe(relayWindow)
    say({ type: 'credit', stream: 1, bytes: 1000 })
    await expect.poll(() => heard.get(1)).toBe(relayWindow + 1000)
    for (const socket of greedy) socket.destroy()
  })

  test('a server that does not read gets a window, and whoever sends more is refused', async () => {
    speak = (socket) => socket.pause()
    const { pipe, say } = start()
    pipe.resume()
    say({ type: 'open', stream: 1 })
    const part = randomBytes(maxData)
    const flood = (): void => {
      for (let round = 0; round < 1000; round++) say({ type: 'data', stream: 1, data: part })
    }
    expect(flood).toThrow('more data than was granted')
  })

  test.each<readonly [string, readonly Frame[]]>([
    ['never opened', [{ type: 'end', stream: 7 }]],
    ['out of order', [{ type: 'open', stream: 3 }]],
    ['never opened', [{ type: 'end', stream: 0 }]],
    [
      'a second end',
      [
        { type: 'open', stream: 1 },
        { type: 'end', stream: 1 },
        { type: 'end', stream: 1 },
      ],
    ],
    [
      'data after the end',
      [
        { type: 'open', stream: 1 },
        { type: 'end', stream: 1 },
        { type: 'data', stream: 1, data: Buffer.from('x') },
      ],
    ],
    [
      'out of bounds',
      [
        { type: 'open', stream: 1 },
        { type: 'credit', stream: 1, bytes: 1 },
      ],
    ],
  ])('%s: refused', (why, frames) => {
    speak = () => {}
    expect(() => start().say(...frames)).toThrow(why)
  })
})
