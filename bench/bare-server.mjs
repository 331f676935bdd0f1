// The ceiling: a bare node:http server that gives every request the same answer. In JavaScript, so that nothing is compiled at its
// start. `bare-server.mjs SOCKET ANSWER-FILE` (SOCKET `-`: the one that systemd passes)

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

const [socket, file] = process.argv.slice(2)
const { type, body } = JSON.parse(readFileSync(file, 'utf8'))

const server = createServer({ keepAliveTimeout: 60_000 }, (_, response) => {
  response
    .writeHead(200, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body), 'Cache-Control': 'no-store' })
    .end(body)
})
server.listen({ ...(socket === '-' ? { fd: 3 } : { path: socket }), backlog: 4096 })
