// S2: containers as an ordinary user's agent sees them, whose links in /proc/PID/ns of other users' processes cannot be read.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, describe, expect, test } from 'vitest'
import { describeWith, isLinux, isRoot, programs } from '../../support/real-part.ts'

const source = new URL('../../../src/platform/process/container.ts', import.meta.url).href
const script = `import { containerOf } from ${JSON.stringify(source)}\nconsole.log(JSON.stringify(containerOf(Number(process.argv[1]))))`
const asOrdinaryUser = ['setpriv', '--reuid=1500', '--regid=1500', '--clear-groups']

describeWith({ Linux: isLinux, root: isRoot, ...programs('unshare', 'setpriv', 'chroot') }, 'S2 containerOf()', () => {
  const children = new Set<ChildProcess>()

  afterAll(() => {
    for (const child of children) child.kill('SIGKILL')
  })

  /** Resolves with the pid of the command once that runs, in its namespaces. */
  async function start(...prefix: readonly string[]): Promise<number> {
    const [program, ...args] = [...prefix, 'sh', '-c', 'echo ready; exec sleep 600']
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    children.add(child)
    await once(child.stdout, 'data')
    return child.pid ?? 0
  }

  describe.each([
    ['root', []],
    ['an ordinary user', asOrdinaryUser],
  ] as const)('read by %s', (_, prefix) => {
    const containerOf = (pid: number): unknown => {
      const [program = '', ...args] = [...prefix, process.execPath, '--input-type=module', '-e', script, '--', String(pid)]
      const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
      return JSON.parse(stdout === '' ? JSON.stringify({ stderr }) : stdout) as unknown
    }

    test("root's process outside of containers", async () => {
      expect(containerOf(await start())).toEqual({ kind: 'none' })
    })

    test("another ordinary user's process outside of containers", async () => {
      expect(containerOf(await start('setpriv', '--reuid=1501', '--regid=1501', '--clear-groups'))).toEqual({ kind: 'none' })
    })

    test('a mount namespace of its own, and then another user', async () => {
      expect(containerOf(await start('unshare', '--mount'))).toEqual({ kind: 'inside' })
      const other = ['unshare', '--mount', 'setpriv', '--reuid=1501', '--regid=1501', '--clear-groups']
      expect(containerOf(await start(...other))).toEqual({ kind: 'inside' })
    })

    test('another root folder in the same namespace: none, or unknown if it shows no mount', async () => {
      const pid = await start('chroot', '/usr/..')
      expect(containerOf(pid)).toEqual({ kind: 'none' })
    })
  })

  test('a process that has ended, or that is hidden', async () => {
    const child = spawn('true')
    await once(child, 'exit')
    const [program, ...args] = [...asOrdinaryUser, process.execPath, '--input-type=module', '-e', script, '--', String(child.pid)]
    expect(spawnSync(program, args, { encoding: 'utf8' }).stdout).toBe('{"kind":"unknown"}\n')
  })
})
