// Shares that listen on TCP, and whatever bytes somebody sends there.

import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { expect } from 'vitest'
import type { ShareStatus } from '../../src/wire/messages.ts'
import type { Home } from './home.ts'

export interface TcpShare {
  readonly port: number
  readonly url: string
  readonly folder: string
  readonly secretFile: string
  readonly secret: string
  readonly listening: boolean
}

/** `authsock share create NAME --scope read --tcp ...` */
export async function makeTcpShare(home: Home, name: string, ...more: readonly string[]): Promise<TcpShare> {
  const tcp = more.includes('--tcp') ? [] : ['--tcp']
  const made = await home.run(['share', 'create', name, '--scope', 'read', ...tcp, ...more])
  expect([made.code, made.stderr]).toEqual([0, expect.stringContaining("issues tokens for 'work' (scope: read)")])
  return tcpShare(home, name)
}

export async function tcpShare(home: Home, name: string): Promise<TcpShare> {
  const { folder = '', tcp } = (await home.http('GET', `/v1/shares/${name}`)).json<ShareStatus>()
  if (tcp === undefined) throw new Error(`${name} has no TCP port`)
  const { port, listening, secret_file: secretFile } = tcp
  const secret = listening ? readFileSync(secretFile, 'utf8').trim() : ''
  return { port, url: `http://127.0.0.1:${port}`, folder, secretFile, secret, listening }
}

/** What comes back for these bytes until the other end hangs up, or says nothing for a second. */
export function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    socket.setTimeout(1_000, () => socket.destroy())
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') reject(error)
    })
    socket.on('close', () => resolve(answer))
    socket.on('connect', () => socket.write(text))
  })
}

export const isRefused = (port: number): Promise<boolean> =>
  exchange(port, '').then(
    () => false,
    () => true,
  )
