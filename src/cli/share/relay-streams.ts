// The end of a relay that connects: for each stream a connection of its own, within the windows that protocol/relay.md sets. What
// it keeps is bounded, whatever the other end sends and however slowly anybody reads.

import type { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { encodeFrame, type Frame, FrameReader, invalidBytes, maxData, maxStreams, relayWindow } from '../../wire/relay-frames.ts'

/** Bytes that wait for the pipe. */
const crowded = 256 * 1024

export interface RelayPorts {
  /** To the other end. */
  readonly pipe: Writable
  /** A connection, half-open ends allowed; may throw. */
  readonly connect: () => Socket
  /** A stream that came to nothing, or (undefined) one that has come about. */
  readonly onConnected: (error: unknown) => void
}

interface Stream {
  readonly id: number
  readonly socket: Socket
  maySend: number
  mayReceive: number
  /** Passed on, and not yet granted anew. */
  passed: number
  hasEnded: boolean
  wasEnded: boolean
}

export class RelayStreams {
  readonly #ports: RelayPorts
  readonly #reader = new FrameReader()
  readonly #streams = new Map<number, Stream>()
  /** Some of streams that are over, which still have something to pass on. */
  readonly #sockets = new Set<Socket>()
  #last = 0

  constructor(ports: RelayPorts) {
    this.#ports = ports
    ports.pipe.on('drain', () => this.#pump())
  }

  get size(): number {
    return this.#sockets.size
  }

  /** Whoever reads the pipe waits for its `drain` then: the other end does not take what it is sent. */
  get isCrowded(): boolean {
    return this.#ports.pipe.writableLength > crowded
  }

  /** What came through the pipe. Throws bad_request where it is not a relay's. */
  receive(chunk: Buffer): void {
    for (const frame of this.#reader.read(chunk)) this.#take(frame)
  }

  close(): void {
    this.#streams.clear()
    for (const socket of this.#sockets) socket.destroy()
  }

  #take(frame: Frame): void {
    if (frame.type === 'open') {
      this.#open(frame.stream)
      return
    }
    if (frame.stream === 0 || frame.stream > this.#last) throw invalidBytes('a stream that was never opened')
    const stream = this.#streams.get(frame.stream)
    // What was on its way when it ended here.
    if (stream === undefined) return
    switch (frame.type) {
      case 'data':
        this.#pass(stream, frame.data)
        break
      case 'end':
        if (stream.wasEnded) throw invalidBytes('a second end of a stream')
        stream.wasEnded = true
        stream.socket.end()
        break
      case 'close':
        this.#streams.delete(stream.id)
        stream.socket.destroySoon()
        break
      case 'credit':
        if (frame.bytes === 0 || frame.bytes > relayWindow - stream.maySend) throw invalidBytes('a credit that is out of bounds')
        stream.maySend += frame.bytes
        this.#pump()
        break
    }
  }

  #open(id: number): void {
    if (id !== this.#last + 1) throw invalidBytes('streams out of order')
    if (this.#streams.size >= maxStreams) throw invalidBytes('too many streams')
    this.#last = id
    let socket: Socket
    try {
      if (this.#sockets.size >= 2 * maxStreams) throw new Error('too many connections that do not end')
      socket = this.#ports.connect()
    } catch (error) {
      this.#ports.onConnected(error)
      this.#say({ type: 'close', stream: id })
      return
    }
    const stream: Stream = {
      id,
      socket,
      maySend: relayWindow,
      mayReceive: relayWindow,
      passed: 0,
      hasEnded: false,
      wasEnded: false,
    }
    this.#streams.set(id, stream)
    this.#sockets.add(socket)
    socket.on('readable', () => this.#pump())
    socket.on('end', () => {
      stream.hasEnded = true
      this.#sayOf(stream, { type: 'end', stream: id })
    })
    let isConnected = false
    socket.on('connect', () => {
      isConnected = true
      this.#ports.onConnected(undefined)
    })
    socket.on('error', (error) => {
      if (!isConnected) this.#ports.onConnected(error)
    })
    socket.on('close', () => {
      this.#sockets.delete(socket)
      this.#sayOf(stream, { type: 'close', stream: id })
      this.#streams.delete(id)
    })
  }

  #pass(stream: Stream, data: Buffer): void {
    if (stream.wasEnded) throw invalidBytes('data after the end of a stream')
    if (data.length > stream.mayReceive) throw invalidBytes('more data than was granted')
    stream.mayReceive -= data.length
    // A copy: what waits must not keep all that came with it.
    stream.socket.write(Buffer.from(data), (error) => {
      if (error !== undefined && error !== null) return
      stream.passed += data.length
      if (stream.passed < relayWindow / 2 || stream.wasEnded) return
      this.#sayOf(stream, { type: 'credit', stream: stream.id, bytes: stream.passed })
      stream.mayReceive += stream.passed
      stream.passed = 0
    })
  }

  /** From each stream a frame in turn, as long as the pipe takes them. */
  #pump(): void {
    for (let moved = true; moved && !this.isCrowded;) {
      moved = false
      const queue = [...this.#streams.values()]
      for (const stream of queue) {
        if (this.isCrowded) return
        if (!this.#sendSome(stream)) continue
        moved = true
        // To the end of the queue.
        if (this.#streams.delete(stream.id)) this.#streams.set(stream.id, stream)
      }
    }
  }

  #sendSome(stream: Stream): boolean {
    const { socket } = stream
    const most = Math.min(stream.maySend, maxData, socket.readableLength)
    const data = most === 0 ? null : (socket.read(most) as Buffer | null)
    if (data !== null) {
      stream.maySend -= data.length
      this.#say({ type: 'data', stream: stream.id, data })
    }
    // Else a socket that is read to its end would not say so.
    if (socket.readableLength === 0) socket.read(0)
    return data !== null
  }

  #sayOf(stream: Stream, frame: Frame): void {
    if (this.#streams.get(stream.id) === stream) this.#say(frame)
  }

  #say(frame: Frame): void {
    this.#ports.pipe.write(encodeFrame(frame))
  }
}
