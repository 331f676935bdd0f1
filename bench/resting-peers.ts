// Agents of the same kind while nobody asks them, each with one credential in its memory.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AuthorizationServer } from '../test/support/authorization-server.ts'
import { findProgram } from '../test/support/real-part.ts'
import { startOidcAgent } from './oidc-agent.ts'
import { memory, wakeUps } from './process.ts'
import { listens, type Tools } from './tools.ts'

class RestingPeer {
  readonly name: string
  readonly #pid: number

  constructor(name: string, pid: number) {
    this.name = name
    this.#pid = pid
  }

  /** MiB. */
  memory(): number {
    return this.#sum(memory)
  }

  wakeUps(): number {
    return this.#sum(wakeUps)
  }

  /** It may be several processes. */
  #sum(of: (pid: number) => number): number {
    const children = readFileSync(`/proc/${this.#pid}/task/${this.#pid}/children`, 'utf8').trim().split(' ')
    return [this.#pid, ...children.filter((each) => each !== '').map(Number)].reduce((sum, pid) => sum + of(pid), 0)
  }
}

interface RestingPeers {
  readonly all: readonly RestingPeer[]
  readonly missing: readonly string[]
  stop(): void
}

export async function startRestingPeers(tools: Tools, server: AuthorizationServer): Promise<RestingPeers> {
  const all: RestingPeer[] = []
  const missing: string[] = []
  const oidc = await startOidcAgent(tools, server)
  if (oidc === undefined) missing.push('oidc-agent')
  else all.push(new RestingPeer('oidc-agent', Number(oidc.env['OIDCD_PID'])))
  if (findProgram('ssh-agent') === undefined) missing.push('ssh-agent')
  else all.push(await startSshAgent(tools))
  if (findProgram('git') === undefined) missing.push("git's credential-cache")
  else all.push(await startCredentialCache(tools))
  return { all, missing, stop: () => oidc?.stop() }
}

async function startSshAgent(tools: Tools): Promise<RestingPeer> {
  const socket = tools.socket('ssh-agent')
  const { pid = 0 } = tools.start(['ssh-agent', '-D', '-a', socket])
  await listens(socket)
  const key = join(tools.folder, 'key')
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
  execFileSync('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' })
  return new RestingPeer('ssh-agent', pid)
}

async function startCredentialCache(tools: Tools): Promise<RestingPeer> {
  const socket = join(tools.home('credential-cache'), 'socket')
  const { pid = 0 } = tools.start(['git', 'credential-cache--daemon', socket])
  await listens(socket)
  const input = 'protocol=https\nhost=git.example.com\nusername=u\npassword=p\n\n'
  execFileSync('git', ['credential-cache', '--timeout', '3600', '--socket', socket, 'store'], { input })
  return new RestingPeer("git's credential-cache", pid)
}
