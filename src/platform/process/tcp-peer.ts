// Which user's program is at the other end of a loopback connection: Linux tells it in /proc/net/tcp. Not implemented elsewhere.

import { readFileSync } from 'node:fs'

const uidColumn = 7

/** Whether a process of this user holds port `peer` of the connection to port `own` on 127.0.0.1. True if the system does not tell. */
export function isOwnPort(peer: number, own: number): boolean {
  if (process.platform !== 'linux') return true
  const [local, remote] = [loopback(peer), loopback(own)]
  // A program may use IPv4 through an IPv6 socket.
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => read(path).split('\n').slice(1))
  const found = rows.map((row) => row.trim().split(/\s+/)).find(([, from = '', to = '']) => local.test(from) && remote.test(to))
  return Number(found?.[uidColumn] ?? Number.NaN) === process.getuid?.()
}

/** The table has addresses in the byte order of the machine. */
const loopback = (port: number): RegExp => new RegExp(`(0100007F|7F000001):${port.toString(16).toUpperCase().padStart(4, '0')}$`)

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
