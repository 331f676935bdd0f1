// H8: a PATH without a Node that is new enough. The program runs on the Node that built it.

import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Home } from '../../support/home.ts'
import { packageCopy } from '../../support/programs.ts'
import { isPosix } from '../../support/real-part.ts'

const run = promisify(execFile)

/** As if process.execPath were a Node 20. */
const pretendOld = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.1.0'}})`

describe.runIf(isPosix)('H8 the interpreter', () => {
  let home: Home
  let main: string

  beforeEach(() => {
    home = new Home()
    main = packageCopy(home.path)
  })

  afterEach(() => home.close())

  function folderWithNode(script: string): string {
    const folder = join(home.path, 'other-bin')
    mkdirSync(folder)
    writeFileSync(join(folder, 'node'), `#!/bin/sh\n${script}\n`)
    chmodSync(join(folder, 'node'), 0o755)
    return folder
  }

  const version = async (PATH: string | undefined): Promise<string> =>
    (await run(main, ['version'], { env: { ...home.env, PATH } })).stdout

  test('no node on the PATH, and another one first on it: the recorded one runs', async () => {
    expect(await version('/nowhere')).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(await version(`${folderWithNode('echo wrong; exit 9')}:/usr/bin:/bin`)).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  test('the recorded one is gone: the one on the PATH runs', async () => {
    const recorded = readFileSync(join(dirname(main), 'interpreter'), 'utf8').trim()
    expect(recorded).toBe(process.execPath)
    writeFileSync(main, readFileSync(main, 'utf8').replace(recorded, '/nowhere/node'))
    expect(await version(folderWithNode('echo "$1" "$2"'))).toBe(`${main} version\n`)
  })

  test('a Node that is too old hands over, with arguments, input and exit code; if it knows no other, it says so', async () => {
    const old = (...args: readonly string[]) =>
      run(process.execPath, ['--import', pretendOld, main, ...args], { env: home.env }).then(
        ({ stdout }) => [0, stdout],
        ({ code, stderr }: { code: number; stderr: string }) => [code, stderr],
      )
    expect(await old('version')).toEqual([0, expect.stringMatching(/^\d/)])
    expect(await old('token', 'nobody')).toEqual([2, expect.stringContaining("'nobody'")])
    rmSync(join(dirname(main), 'interpreter'))
    expect(await old('version')).toEqual([2, 'authsock: Node 20.1.0 is too old\nhint: 22.18 or newer is needed\n'])
  })

  test('an agent is started by the recorded one too', async () => {
    home.program = main
    const PATH = folderWithNode('exit 9')
    expect((await run(main, ['start'], { env: { ...home.env, PATH } })).stdout).toContain('agent running')
    expect((await home.run(['stop'])).code).toBe(0)
  })
})
