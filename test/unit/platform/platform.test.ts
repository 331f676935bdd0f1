// Paths, browsers, environments and trust, as functions of what they are given; what they do to a running agent is in test/agent.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openBrowser } from '../../../src/platform/desktop/browser.ts'
import { cleanEnvironment } from '../../../src/platform/process/hardening.ts'
import { inheritedSocket } from '../../../src/platform/listen.ts'
import { holdByListening } from '../../../src/platform/process/single-instance.ts'
import { tryLocalLock } from '../../../src/platform/fs/local-lock.ts'
import { paths } from '../../../src/platform/fs/paths.ts'
import { peer } from '../../../src/platform/process/peer.ts'
import { trustSocket } from '../../../src/platform/fs/socket-folder.ts'
import { isLinux } from '../../support/real-part.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'authsock-platform-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('paths', () => {
  test.each<[string, Record<string, string>, NodeJS.Platform, Partial<ReturnType<typeof paths>>]>([
    [
      'Linux',
      { XDG_RUNTIME_DIR: '/run/user/1' },
      'linux',
      {
        socket: '/run/user/1/authsock/agent.sock',
        configFile: '/home/a/.config/authsock/config.toml',
        vaultDirectory: '/home/a/.local/state/authsock/vault',
      },
    ],
    ['Linux without a runtime folder', {}, 'linux', { socket: '/home/a/.local/state/authsock/agent.sock' }],
    [
      'folders that are not absolute are ignored',
      { XDG_RUNTIME_DIR: 'x', XDG_STATE_HOME: './y' },
      'linux',
      { socket: '/home/a/.local/state/authsock/agent.sock' },
    ],
    [
      "folders of one's own",
      { XDG_RUNTIME_DIR: '/r', XDG_STATE_HOME: '/s', XDG_CONFIG_HOME: '/c' },
      'linux',
      { socket: '/r/authsock/agent.sock', configFile: '/c/authsock/config.toml', logFile: '/s/authsock/agent.log' },
    ],
    [
      'AUTHSOCK',
      { AUTHSOCK: '/x/y.sock' },
      'linux',
      { socket: '/x/y.sock', agentLock: '/x/y.sock.lock', runtimeDirectory: '/x' },
    ],
    [
      'macOS',
      {},
      'darwin',
      {
        socket: '/home/a/Library/Application Support/authsock/agent.sock',
        configFile: '/home/a/Library/Application Support/authsock/config.toml',
      },
    ],
  ])('%s', (_, env, platform, expected) => {
    expect(paths(env, platform, '/home/a', '')).toMatchObject(expected)
  })

  test('H7 without XDG_RUNTIME_DIR: the folder of the session of systemd, if there is one', () => {
    const at = (env: Record<string, string>, session?: string): string => paths(env, 'linux', '/home/a', session ?? '').socket
    expect(at({}, '/run/user/1')).toBe('/run/user/1/authsock/agent.sock')
    expect(at({ XDG_RUNTIME_DIR: '/r' }, '/run/user/1')).toBe('/r/authsock/agent.sock')
    expect(at({ AUTHSOCK: '/x/y.sock' }, '/run/user/1')).toBe('/x/y.sock')
  })

  test.runIf(isLinux)('H7 an agent that was started before there was a runtime folder is found in the state folder', async () => {
    const env = { XDG_RUNTIME_DIR: join(folder, 'run'), XDG_STATE_HOME: join(folder, 'state') }
    for (const each of ['run', 'state']) mkdirSync(join(folder, each, 'authsock'), { recursive: true })
    const [here, there] = [join(folder, 'run/authsock/agent.sock'), join(folder, 'state/authsock/agent.sock')]
    expect(paths(env).socket).toBe(here)
    const older = createServer().listen(there)
    await once(older, 'listening')
    expect(paths(env).socket).toBe(there)
    const newer = createServer().listen(here)
    await once(newer, 'listening')
    expect(paths(env).socket).toBe(here)
    for (const server of [older, newer]) server.close()
  })

  test.each<[string, NodeJS.Platform, number]>([
    ['Linux', 'linux', 107],
    ['macOS', 'darwin', 103],
  ])('a socket path that %s would cut is refused', (_, platform, most) => {
    const path = `/${'x'.repeat(most - 1)}`
    expect(paths({ AUTHSOCK: path }, platform, '/h').socket).toBe(path)
    expect(() => paths({ AUTHSOCK: `${path}x` }, platform, '/h')).toThrow(`${most + 1} bytes`)
    expect(() => paths({ AUTHSOCK: 'relative.sock' }, platform, '/h')).toThrow('not an absolute path')
  })
})

describe('P7 the browser', () => {
  const script = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 })
    return path
  }

  test('gets the URL as one argument: no shell sees it', async () => {
    const seen = join(folder, 'seen')
    const url = `https://a.example/?x=$(touch ${folder}/pwned)&y='"\`;z`
    expect(
      await openBrowser(url, { BROWSER: script('b', `printf '%s|%s' "$#" "$1" > ${seen}`), PATH: process.env['PATH'] }),
    ).toBe(true)
    await expect.poll(() => readFileSync(seen, 'utf8')).toBe(`1|${url}`)
    expect(() => readFileSync(join(folder, 'pwned'))).toThrow('ENOENT')
  })

  test('only http and https', async () => {
    const env = { BROWSER: script('b', 'exit 0') }
    for (const url of ['file:///etc/passwd', 'javascript:alert(1)', 'vscode://x', '--help', ''])
      expect(await openBrowser(url, env)).toBe(false)
  })

  test('BROWSER: a list, %s in its place, the next one where one fails', async () => {
    const seen = join(folder, 'seen')
    const list = `${script('fails', 'exit 3')}:/not/there:${script('b', `printf '%s ' "$@" > ${seen}`)} --new %s --x`
    expect(await openBrowser('https://a.example/', { BROWSER: list, PATH: process.env['PATH'] })).toBe(true)
    await expect.poll(() => readFileSync(seen, 'utf8')).toBe('--new https://a.example/ --x ')
  })

  test('none without a display', async () => {
    expect(await openBrowser('https://a.example/', { PATH: folder }, 'linux')).toBe(false)
  })
})

test('L8 P19 what loads code, opens a debugger, leaks or weakens TLS is taken out of the environment; the rest stays', () => {
  const bad = [
    'LD_PRELOAD',
    'LD_AUDIT',
    'DYLD_INSERT_LIBRARIES',
    'NODE_OPTIONS',
    'NODE_TLS_REJECT_UNAUTHORIZED',
    'SSLKEYLOGFILE',
    'OPENSSL_CONF',
    'NODE_EXTRA_CA_CERTS',
  ]
  const good = ['PATH', 'HOME', 'DBUS_SESSION_BUS_ADDRESS', 'XDG_RUNTIME_DIR', 'LISTEN_FDS', 'AUTHSOCK', 'HTTPS_PROXY', 'LANG']
  const env = Object.fromEntries([...bad, ...good].map((name) => [name, 'x']))
  expect(Object.keys(cleanEnvironment(env)).toSorted()).toEqual(good.toSorted())
})

describe('socket activation', () => {
  test('one socket, for this process', () => {
    const env: NodeJS.ProcessEnv = { LISTEN_PID: '7', LISTEN_FDS: '1', LISTEN_FDNAMES: 'x', OTHER: 'y' }
    expect(inheritedSocket(env, 7)).toEqual({ fd: 3, isOwn: false })
    expect(env).toEqual({ OTHER: 'y' })
  })

  test("another process's is not taken; two are refused", () => {
    expect(inheritedSocket({ LISTEN_PID: '8', LISTEN_FDS: '1' }, 7)).toBeUndefined()
    expect(inheritedSocket({}, 7)).toBeUndefined()
    expect(() => inheritedSocket({ LISTEN_PID: '7', LISTEN_FDS: '2' }, 7)).toThrow('not 1')
  })
})

describe('L10 trust', () => {
  test('no link, nothing but a socket, nothing in a folder that others can write to', async () => {
    const server = createServer().listen(join(folder, 'a.sock'))
    await once(server, 'listening')
    expect(trustSocket(join(folder, 'a.sock'))).toBe('trusted')
    expect(trustSocket(join(folder, 'none.sock'))).toBe('missing')
    symlinkSync(join(folder, 'a.sock'), join(folder, 'link.sock'))
    expect(() => trustSocket(join(folder, 'link.sock'))).toThrow('symbolic link')
    writeFileSync(join(folder, 'file'), '')
    expect(() => trustSocket(join(folder, 'file'))).toThrow('not a socket')
    const { chmodSync } = await import('node:fs')
    chmodSync(folder, 0o777)
    expect(() => trustSocket(join(folder, 'a.sock'))).toThrow('can be written by others')
    server.close()
  })

  test.runIf(isLinux)('the kernel says who is at the other end', async () => {
    const server = createServer().listen(join(folder, 'a.sock'))
    await once(server, 'listening')
    const { connect } = await import('node:net')
    const client = connect(join(folder, 'a.sock'))
    const [socket] = (await once(server, 'connection')) as [Parameters<typeof peer>[0]]
    expect(peer(socket)).toEqual({ pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() })
    client.destroy()
    server.close()
  })
})

test("R9 an address that one process holds is not another one's, until it is let go", async () => {
  const address = join(folder, 'held')
  const release = await holdByListening(address)
  expect(release).toBeDefined()
  expect(await holdByListening(address)).toBeUndefined()
  release?.()
  await expect.poll(async () => await holdByListening(address)).toBeDefined()
})

test('the local lock: one holder, free again when it is let go', () => {
  const path = join(folder, 'lock')
  const release = tryLocalLock(path)
  expect(release).toBeTypeOf('function')
  expect(tryLocalLock(path)).toBeUndefined()
  release?.()
  tryLocalLock(path)?.()
})
