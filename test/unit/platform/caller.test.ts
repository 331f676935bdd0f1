// Callers as they really are: processes of this user, of others, in containers' namespaces, and gone.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { callerOf } from '../../../src/platform/process/caller.ts'
import { describeWith, isLinux, isRoot, programs } from '../../support/real-part.ts'

describeWith({ Linux: isLinux, ...programs('python3') }, 'on Linux', () => {
  let folder: string
  let path: string
  let server: Server

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'authsock-caller-'))
    path = join(folder, 's')
    server = createServer().listen(path)
    await once(server, 'listening')
  })

  afterEach(() => {
    server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const connect = `import socket,sys,time,os\ns=socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n`

  async function arrive(command: readonly string[], script = `${connect}time.sleep(60)`) {
    const [program = '', ...args] = command
    const child = spawn(program, [...args, '-c', script, path], { stdio: 'ignore' })
    const [socket] = (await once(server, 'connection')) as [Socket]
    return { child, socket, caller: callerOf(socket), end: () => (child.kill('SIGKILL'), socket.destroy()) }
  }

  test('L6 pid, uid, executable, parents', async () => {
    const { child, caller, end } = await arrive(['python3'])
    expect(caller).toMatchObject({ container: { kind: 'none' }, uid: process.getuid?.(), pid: child.pid })
    expect(caller.executable).toBe(readlinkSync(`/proc/${child.pid}/exe`))
    expect(caller.parents[0]).toEqual({ pid: process.pid, executable: process.execPath })
    expect(caller.parents.at(-1)?.pid).toBeGreaterThan(0)
    expect(caller.container).toEqual({ kind: 'none' })
    end()
  })

  test('L6 one that has ended: its pid is not looked at as if it were still its own', async () => {
    // A child of its own holds the connection.
    const { child, socket } = await arrive(['python3'], `${connect}if os.fork() == 0: time.sleep(3)`)
    if (child.exitCode === null) await once(child, 'exit')
    expect(callerOf(socket)).toEqual({ uid: process.getuid?.(), pid: child.pid, parents: [], container: { kind: 'unknown' } })
    socket.destroy()
  })

  test('L8 one that executes something else after it has connected is seen as what it is then: advice, not proof', async () => {
    const { socket, child } = await arrive(
      ['python3'],
      `${connect}os.set_inheritable(s.fileno(),True)\nos.execvp("sleep",["sleep","60"])`,
    )
    for (let tries = 0; tries < 200 && !readlinkSync(`/proc/${child.pid}/exe`).endsWith('sleep'); tries++) await pause(20)
    expect(callerOf(socket).executable).toMatch(/sleep$|coreutils$|busybox$/)
    child.kill('SIGKILL')
    socket.destroy()
  })

  test('S11 one that connects, executes another program and connects again is that other program at once', async () => {
    const [first, second] = [join(folder, 'first'), join(folder, 'second')]
    // The program itself: on some machines `python3` is a script.
    const where = 'import os,sys; print(os.path.realpath(sys.executable)); print(sys.base_prefix)'
    const [python = '', home = ''] = execFileSync('python3', ['-c', where], { encoding: 'utf8' }).trim().split('\n')
    for (const name of [first, second]) copyFileSync(python, name)
    const again = `import os,sys\n${connect}time.sleep(60)`
    const script = `${connect}os.execv(${JSON.stringify(second)},[${JSON.stringify(second)},"-c",${JSON.stringify(again)},sys.argv[1]])`
    const seen: (string | undefined)[] = []
    server.on('connection', (socket: Socket) => seen.push(callerOf(socket).executable))
    const child = spawn(first, ['-c', script, path], { stdio: 'ignore', env: { PYTHONHOME: home } })
    await expect.poll(() => seen.length).toBe(2)
    // The first may have been another program by the time of the look.
    expect([
      [first, second],
      [second, second],
    ]).toContainEqual(seen)
    child.kill('SIGKILL')
  })

  test.runIf(isRoot)('L6 in a mount namespace of its own: in a container, of which no more is known', async () => {
    const { caller, end } = await arrive(['unshare', '--mount', 'python3'])
    expect(caller.container).toEqual({ kind: 'inside' })
    end()
  })

  test.runIf(isRoot)('L6 another user', async () => {
    const { chmodSync } = await import('node:fs')
    chmodSync(folder, 0o711)
    chmodSync(path, 0o777)
    const { caller, end } = await arrive(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '/usr/bin/python3'])
    expect([caller.uid, caller.container]).toEqual([65_534, { kind: 'none' }])
    end()
  })

  test.runIf(isRoot)('L6 a pid that is another process by now: not taken for the one who connected', async () => {
    const indented = connect.trim().replaceAll('\n', '\n  ')
    const python = `import os
first=os.fork()
if first==0:
  ${indented}
  if os.fork()==0: time.sleep(20)
  os._exit(0)
os.waitpid(first,0)
while True:
  open('/proc/sys/kernel/ns_last_pid','w').write(str(first-1))
  again=os.fork()
  if again==0: os.execvp('sleep',['sleep','20'])
  if again==first: break
  os.kill(again,9); os.waitpid(again,0)
print(again,flush=True)
import time
time.sleep(20)`
    // In a pid namespace the next number can be chosen; whoever looks must be in it too.
    const script = `
      import { createServer } from 'node:net'
      import { execFileSync, spawn } from 'node:child_process'
      import { readlinkSync } from 'node:fs'
      import { callerOf } from ${JSON.stringify(new URL('../../../src/platform/process/caller.ts', import.meta.url).href)}
      const path = process.argv[1] + '2'
      createServer((socket) => {
        child.stdout.on('data', (said) => {
          const pid = Number(said)
          const now = () => readlinkSync('/proc/' + pid + '/exe')
          while (now().includes('python'));
          console.log(JSON.stringify({ pid, now: now(), caller: callerOf(socket) }))
          process.exit(0)
        })
      }).listen(path)
      const child = spawn('python3', ['-c', ${JSON.stringify(python)}, path], { stdio: ['ignore', 'pipe', 'inherit'] })`
    const inside = [process.execPath, '--input-type=module', '-e', script, path]
    const child = spawn('unshare', ['--pid', '--fork', '--mount-proc', '--kill-child', ...inside], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    await once(child, 'close')
    const { pid, now, caller } = JSON.parse(said) as { pid: number; now: string; caller: unknown }
    expect(now).toMatch(/sleep|coreutils|busybox/)
    expect(caller).toEqual({ uid: process.getuid?.(), pid, parents: [], container: { kind: 'unknown' } })
  })
})
