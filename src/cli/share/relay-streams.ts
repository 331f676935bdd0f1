// The side of a relay that connects: one connection for each stream, within the windows of protocol/relay.md. Its memory is
// bounded, whatever the other side sends and however slowly it reads.

import type { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { encodeFrame, type Frame, FrameReader, invalidBytes, maxData, maxStreams, relayWindow } from '../../wire/relay-frames.ts'

/** Bytes that wait for the pipe. */
const maxPending = 256 * 1024

export interface RelayPorts {
  /** To the other side. */
  readonly pipe: Writable
  /** Opens a connection with allowHalfOpen; may throw. */
  readonly connect: () => Socket
  /** With the error, or undefined once connected. */
  readonly onConnected: (error: unknown) => void
}

interface Stream {
  readonly id: number
  readonly socket: Socket
  maySend: number
  mayReceive: number
  /** Written to the socket and not yet granted again. */
  passed: number
  /** The other side has sent `end`. */
  wasEnded: boolean
}

export class RelayStreams {
  readonly #ports: RelayPorts
  readonly #reader = new FrameReader()
  readonly #streams = new Map<number, Stream>()
  /** Includes those of closed streams that still write. */
  readonly #sockets = new Set<Socket>()
  #last = 0

  constructor(ports: RelayPorts) {
    this.#ports = ports
    ports.pipe.on('drain', () => this.#pump())
  }

  get size(): number {
    return this.#sockets.size
  }

  /** Then the reader of the pipe has to wait for `drain`: the other side reads too slowly. */
  get isCongested(): boolean {
    return this.#ports.pipe.writableLength > maxPending
  }

  /** Bytes from the pipe. Throws bad_request if they break the protocol. */
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
    // Sent before the other side knew of its end.
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
      this.#send({ type: 'close', stream: id })
      return
    }
    const stream: Stream = {
      id,
      socket,
      maySend: relayWindow,
      mayReceive: relayWindow,
      passed: 0,
      wasEnded: false,
    }
    this.#streams.set(id, stream)
    this.#sockets.add(socket)
    socket.on('readable', () => this.#pump())
    socket.on('end', () => {
      this.#sendOf(stream, { type: 'end', stream: id })
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
      this.#sendOf(stream, { type: 'close', stream: id })
      this.#streams.delete(id)
    })
  }

  #pass(stream: Stream, data: Buffer): void {
    if (stream.wasEnded) throw invalidBytes('data after the end of a stream')
    if (data.length > stream.mayReceive) throw invalidBytes('more data than was granted')
    stream.mayReceive -= data.length
    // A copy: a slice would keep the whole chunk in memory.
    stream.socket.write(Buffer.from(data), (error) => {
      if (error !== undefined && error !== null) return
      stream.passed += data.length
      if (stream.passed < relayWindow / 2 || stream.wasEnded) return
      this.#sendOf(stream, { type: 'credit', stream: stream.id, bytes: stream.passed })
      stream.mayReceive += stream.passed
      stream.passed = 0
    })
  }

  /** One frame of each stream in turn, until the pipe is congested. */
  #pump(): void {
    for (let moved = true; moved && !this.isCongested;) {
      moved = false
      const queue = [...this.#streams.values()]
      for (const stream of queue) {
        if (this.isCongested) return
        if (!this.#sendSome(stream)) continue
        moved = true
        // To the end of the queue.
        if (this.#streams.delete(stream.id)) this.#streams.set(stream.id, stream)
      }
    }
  }

  #sendSome(stream: Stream): boolean {
    const { socket } = stream
    const max = Math.min(stream.maySend, maxData, socket.readableLength)
    const data = max === 0 ? null : (socket.read(max) as Buffer | null)
    if (data !== null) {
      stream.maySend -= data.length
      this.#send({ type: 'data', stream: stream.id, data })
    }
    // Without this read, a socket at its end emits no `end`.
    if (socket.readableLength === 0) socket.read(0)
    return data !== null
  }

  #sendOf(stream: Stream, frame: Frame): void {
    if (this.#streams.get(stream.id) === stream) this.#send(frame)
  }

  #send(frame: Frame): void {
    this.#ports.pipe.write(encodeFrame(frame))
  }
}
