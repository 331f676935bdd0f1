// L10 in a container: a socket that is mounted read-only is trusted, whoever owns it outside, and whoever runs inside.

import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeWith, isLinux, isRoot, programs } from '../../support/real-part.ts'

const source = new URL('../../../src/platform/fs/socket-folder.ts', import.meta.url).href
const script = `import { trustSocket } from ${JSON.stringify(source)}
try { console.log(trustSocket(process.argv[1])) } catch (error) { console.log(error.message) }`

describeWith({ Linux: isLinux, root: isRoot, ...programs('unshare', 'setpriv', 'mount') }, 'a socket of another user', () => {
  let folder: string
  let server: Server

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'authsock-mount-'))
    chmodSync(folder, 0o755)
    for (const name of ['share', 'mounted']) mkdirSync(join(folder, name), { mode: 0o755 })
    const umask = process.umask(0)
    server = createServer()
    server.listen(join(folder, 'share', 'agent.sock'))
    await once(server, 'listening')
    process.umask(umask)
    spawnSync('chown', ['-R', '1501:1501', join(folder, 'share')])
  })

  afterEach(() => {
    server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const mount = `mount --bind "$1/share" "$1/mounted" && mount -o "remount,bind,$2" "$1/mounted" && shift 2 && exec setpriv --reuid=1500 --regid=1500 --clear-groups "$@"`
  const inNamespace = (mode: string, ...command: readonly string[]): string =>
    spawnSync('unshare', ['--mount', 'sh', '-c', mount, 'sh', folder, mode, ...command], { encoding: 'utf8' }).stdout

  test.each([
    ['ro', 'trusted'],
    ['rw', '/mounted/agent.sock belongs to another user'],
  ])('mounted %s, as another user than that of the socket', (mode, expected) => {
    const path = join(folder, 'mounted', 'agent.sock')
    expect(inNamespace(mode, process.execPath, '--input-type=module', '-e', script, '--', path)).toContain(expected)
  })
})
