// A hostile client of a share: `attacker.ts SOCKET ATTACK CONNECTIONS`. It begins again whenever it is hung up on, until it is killed.

import { connect, type Socket } from 'node:net'

const [path = '', attack = '', connections = ''] = process.argv.slice(2)

const callHead = (length: number): string => `POST /v1/helper/token HTTP/1.1\r\nhost: a\r\nContent-Length: ${length}\r\n\r\n`
const get = (target: string): string => `GET ${target} HTTP/1.1\r\nhost: a\r\n\r\n`

const attacks: readonly ((socket: Socket, number: number) => void)[] = [
  // Says nothing.
  () => {},
  // Half a request.
  (socket) => void socket.write('GET /v1/token HTTP/1.1\r\nhost: auth'),
  // A large body that does not end.
  (socket) => void socket.write(`${callHead(512 * 1024)}${'x'.repeat(500 * 1024)}`),
  // A body that is cut off.
  (socket) => void socket.end(`${callHead(1000)}x`),
  // Many requests, and no reading.
  (socket) => void socket.pause().write(get('/v1/token').repeat(100)),
  // Targets and lifetimes that cost a refresh.
  (socket, number) =>
    void socket.write(get(`/v1/token?scope=${['read', 'write', 'openid'][number % 3] ?? ''}&min_ttl=${3000 + (number % 600)}`)),
  // One request after the other, on the same connections.
  (socket) => {
    const ask = get('/v1/token')
    socket.removeAllListeners('data')
    socket.on('data', () => socket.write(ask))
    socket.write(ask)
  },
  // No HTTP.
  (socket) => void socket.write('\u0000'.repeat(2000)),
]

const act = attacks[Number(attack)] ?? attacks[0]
let opened = 0

function begin(): void {
  opened += 1
  const number = opened
  const socket = connect(path)
  socket.on('error', () => {})
  socket.on('connect', () => act?.(socket, number))
  socket.on('data', () => socket.destroy())
  socket.on('close', () => setTimeout(begin, 20))
}

for (let count = 0; count < Number(connections); count++) begin()
