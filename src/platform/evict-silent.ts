// For a listener that any user of this machine can connect to: whoever opens connections and says nothing keeps nobody out (S9).

import type { Server as HttpServer } from 'node:http'
import type { Socket } from 'node:net'

/** Beyond `max` connections, the oldest on which no request is being answered makes room for the next. */
export function evictSilentConnections(server: HttpServer, max: number): void {
  const answering = new Map<Socket, number>()
  const all = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    all.add(socket)
    socket.once('close', () => {
      all.delete(socket)
      answering.delete(socket)
    })
    if (all.size > max) ([...all].find((each) => each !== socket && !answering.has(each)) ?? socket).destroy()
  })
  server.on('request', ({ socket }, response) => {
    answering.set(socket, (answering.get(socket) ?? 0) + 1)
    response.once('close', () => {
      const left = (answering.get(socket) ?? 1) - 1
      if (left === 0) answering.delete(socket)
      else answering.set(socket, left)
      // It is younger than those that never asked.
      if (all.delete(socket) && !socket.destroyed) all.add(socket)
    })
  })
}
