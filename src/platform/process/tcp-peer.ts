// Whose program is at the other end of a loopback connection: Linux tells it in a table, other systems do not tell it here.

import { readFileSync } from 'node:fs'

const uidColumn = 7

/** Whether this user's own process, on 127.0.0.1, holds the port `peer` of a connection to the port `own`. True where nobody can say. */
export function isOwnPort(peer: number, own: number): boolean {
  if (process.platform !== 'linux') return true
  const [local, remote] = [loopback(peer), loopback(own)]
  // A program may speak IPv4 through an IPv6 socket.
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => read(path).split('\n').slice(1))
  const found = rows.map((row) => row.trim().split(/\s+/)).find(([, from = '', to = '']) => local.test(from) && remote.test(to))
  return Number(found?.[uidColumn] ?? Number.NaN) === process.getuid?.()
}

/** The address is written in the machine's own order of bytes. */
const loopback = (port: number): RegExp => new RegExp(`(0100007F|7F000001):${port.toString(16).toUpperCase().padStart(4, '0')}$`)

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
