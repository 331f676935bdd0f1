// What the system's own readers make of the files that start the agent at login.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AgentLaunch } from '../../../src/platform/autostart/autostart.ts'
import { launchd } from '../../../src/platform/autostart/launchd.ts'
import { serviceUnit, socketUnit, startedBy } from '../../../src/platform/autostart/systemd-units.ts'
import { xdg } from '../../../src/platform/autostart/xdg.ts'
import { ffi } from '../../../src/platform/ffi.ts'
import { activateSocket } from '../../../src/platform/launchd-socket.ts'
import { describeWith, isLinux, programs } from '../../support/real-part.ts'

/** Paths with everything in them that one of the formats treats in its own way. */
const odd = '/opt/a b/100%/$HOME/"q"/<x>&/node'
const launch: AgentLaunch = { command: [odd, '/p/main.js', 'agent'], env: { XDG_STATE_HOME: odd }, socket: '/run/u%/agent.sock' }

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'autostart-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

describe('systemd units', () => {
  test('a plain path stands as it is, and is found again', () => {
    const text = serviceUnit({ command: ['/usr/bin/node', '/p/main.js', 'agent'], env: {} })
    expect(text).toContain('\nExecStart=/usr/bin/node /p/main.js agent\nRestart=')
    expect(startedBy(text)).toBe('/usr/bin/node')
  })

  test('the socket is that of the runtime folder, or one of its own', () => {
    expect(socketUnit(undefined)).toContain('\nListenStream=%t/authsock/agent.sock\n')
    expect(socketUnit(launch.socket)).toContain('\nListenStream=/run/u%%/agent.sock\n')
  })
})

describeWith({ ...programs('systemd-analyze', 'sh'), Linux: isLinux }, 'systemd', () => {
  test('reads a path with spaces, quotes, % and $ as it is', () => {
    const [service, program] = [join(folder, 'x.service'), join(folder, 'a b $HOME 100%')]
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 })
    const unit = serviceUnit({ command: [program, '$x', 'agent'], env: { X: odd } }).replaceAll(/^(Requires|After)=.*\n/gm, '')
    writeFileSync(service, unit)
    const { stderr } = spawnSync('systemd-analyze', ['--man=no', 'verify', service], { encoding: 'utf8' })
    // It complains about a program that does not exist.
    expect(stderr.split('\n').filter((line) => line.includes('x.service'))).toEqual([])
    writeFileSync(service, unit.replace('100%%', '99%%'))
    expect(spawnSync('systemd-analyze', ['--man=no', 'verify', service], { encoding: 'utf8' }).stderr).toContain('99%')
  })
})

describeWith(programs('python3'), 'property list of macOS', () => {
  test('Python reads what launchd is to know', () => {
    const { files } = launchd(launch, { HOME: '/Users/ada' })
    expect(files.map(({ path }) => path)).toEqual(['/Users/ada/Library/LaunchAgents/org.authsock.agent.plist'])
    const script = 'import json, plistlib, sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))'
    const input = files[0]?.text ?? ''
    expect(JSON.parse(execFileSync('python3', ['-c', script], { input, encoding: 'utf8' }))).toMatchObject({
      ProgramArguments: [...launch.command, '--log', 'quiet'],
      EnvironmentVariables: launch.env,
      Sockets: { agent: { SockPathName: launch.socket, SockPathMode: 0o600 } },
      Umask: 0o077,
    })
  })
})

describeWith({ ...programs('cc'), koffi: ffi() !== undefined, Linux: isLinux }, 'launch_activate_socket', () => {
  test.each([
    ['gives the descriptor', 0, { fd: 7, isOwn: false }],
    ['says that launchd did not start this process', 3, undefined],
  ])('%s', (_, result, expected) => {
    const koffi = ffi()
    if (koffi === undefined) throw new Error('no koffi')
    const library = join(folder, 'launch.so')
    const source = `#include <stdlib.h>
#include <string.h>
int launch_activate_socket(const char *name, int **fds, size_t *count) {
  if (strcmp(name, "agent") != 0) return 2;
  if (${result}) return ${result};
  *fds = malloc(sizeof **fds);
  **fds = 7;
  *count = 1;
  return 0;
}
`
    execFileSync('cc', ['-shared', '-fPIC', '-x', 'c', '-', '-o', library], { input: source })
    expect(activateSocket(koffi.load(library), koffi)).toEqual(expected)
  })
})

describeWith(programs('sh'), 'autostart entry of the desktop', () => {
  test('its command is read as it was written', () => {
    const { files } = xdg({ ...launch, env: {} }, { HOME: '/home/ada' })
    const value = /^Exec=(.*)$/m.exec(files[0]?.text ?? '')?.[1] ?? ''
    // The escapes of the value and its field codes; the quoting of arguments is the shell's.
    const text = value.replaceAll('\\\\', '\\').replaceAll('%%', '%')
    const words = execFileSync('sh', ['-c', `eval "set -- $1"; printf '%s\\n' "$@"`, 'sh', text], { encoding: 'utf8' })
    expect(words.trimEnd().split('\n')).toEqual([...launch.command, '--log', 'quiet'])
  })
})
