// `authsock install` on Windows (or under wine): the Run key, and what it starts.

import { cpSync, existsSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compileStarter } from '../../../scripts/thin-client.ts'
import { type Finished, program } from '../../support/home.ts'
import { describeWith, programs } from '../../support/real-part.ts'
import { Windows, windowsParts } from '../../support/windows.ts'

const compiler = 'x86_64-w64-mingw32-gcc'

describeWith({ ...windowsParts, ...programs(compiler) }, 'install on Windows', () => {
  let windows: Windows
  let main: string

  beforeAll(() => {
    windows = new Windows()
    // A build that has the starter.
    const folder = join(windows.path, 'program')
    const from = dirname(program)
    cpSync(from, join(folder, 'dist'), { recursive: true, verbatimSymlinks: true })
    cpSync(join(from, '../package.json'), join(folder, 'package.json'))
    symlinkSync(join(from, '../../..'), join(folder, 'node_modules'))
    // It names this machine's own Node.
    if (process.platform !== 'win32') rmSync(join(folder, 'dist/interpreter'))
    compileStarter(join(folder, 'dist/native/win32-x64'), [compiler])
    main = windows.name(join(folder, 'dist/main.js'))
  })
  afterAll(() => windows?.close())

  const run = (...args: readonly string[]): Promise<Finished> =>
    windows.run([main, ...args], { env: { AUTHSOCK_MASTER_KEY_FILE: windows.name(`${windows.path}/master.key`) } })
  const script = (code: string): Promise<Finished> => windows.run(['-e', code])

  /** What Windows runs at login; undefined if there is nothing of authsock. */
  async function runKey(): Promise<string | undefined> {
    const file = windows.name(join(windows.path, 'run.reg'))
    const key = 'HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run'
    const code = `
      const { execFileSync } = require('node:child_process')
      execFileSync('reg', ['export', ${JSON.stringify(key)}, ${JSON.stringify(file)}, '/y'], { stdio: 'ignore' })
      const text = require('node:fs').readFileSync(${JSON.stringify(file)}, 'utf16le')
      process.stdout.write(JSON.stringify(/^"authsock"="(.*)"/m.exec(text)?.[1]?.replaceAll(/\\\\(.)/g, '$1') ?? null))`
    return (JSON.parse((await script(code)).stdout) as string | null) ?? undefined
  }

  test('the Run key starts the agent without a window, and uninstall removes it', async () => {
    const installed = await run('install', '--json')
    expect(installed).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(installed.stdout)).toMatchObject({ autostart: 'run-key', kept: [] })
    const programs = join(windows.localAppData, 'authsock/bin')
    expect(existsSync(join(programs, 'git-credential-authsock.cmd'))).toBe(true)
    const line = await runKey()
    expect(line).toMatch(/authsock-start\.exe" "[^"]*node\.exe".*main\.js" "agent" "--log" "quiet"$/)
    // As Windows does at login.
    const [, starter = '', rest = ''] = /^"([^"]*)" (.*)$/.exec(line ?? '') ?? []
    const started = await script(`
      const { spawnSync } = require('node:child_process')
      const { status } = spawnSync(${JSON.stringify(starter)}, [${JSON.stringify(rest)}], { windowsVerbatimArguments: true, stdio: 'ignore' })
      process.exitCode = status ?? 99`)
    expect(started).toMatchObject({ code: 0, stderr: '' })
    // Nobody else starts one.
    await expect.poll(async () => (await run('upgrade', '--json')).stdout).toContain('"agent":')
    expect(await run('stop')).toMatchObject({ code: 0 })
    expect((await run('uninstall')).code).toBe(0)
    expect(await runKey()).toBeUndefined()
    expect(existsSync(programs)).toBe(false)
  })
})
