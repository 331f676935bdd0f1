// Makes the program in a folder: the bundle, the types of the client library, the Python module of keyring, and bin/ with the programs
// that tools start. `npm run build` and the tests call this, so that both have the same program.

import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { helpers } from '../src/wire/helper-table.ts'
import { type BundleOptions, bundleProgram } from './bundle.ts'
import { compile, type Compiler } from './thin-client.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const client = 'authsock-client'

/** The name of every program that a tool starts. */
export const programNames: readonly string[] = [client, ...new Set(helpers.flatMap(({ programs }) => programs))]

/** `out` must not exist. Without a compiler the thin client is its twin in TypeScript. */
export async function makeProgram(out: string, { compiler }: { readonly compiler: Compiler | undefined }): Promise<void> {
  await makePackage(out)
  recordInterpreter(out)
  makePrograms(out, compiler)
}

/** What a package holds: it runs on other machines, where `authsock setup` makes the programs. The result: as bundleProgram's. */
export async function makePackage(out: string, options: BundleOptions = {}): Promise<readonly string[]> {
  const packages = await bundleProgram(out, options)
  chmodSync(join(out, 'main.js'), 0o755)
  makeTypes(join(out, 'types'))
  const filter = (path: string): boolean => !path.includes('__pycache__')
  cpSync(join(root, 'src/python'), join(out, 'python'), { recursive: true, filter })
  return packages
}

function makeTypes(out: string): void {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const args = [tsc, '-p', join(root, 'src/tsconfig.json'), '--outDir', out]
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' })
  if (status !== 0) throw new Error('tsc: the types of the client library cannot be made')
}

/**
 * The program runs on the Node that built it, whatever `node` the caller's PATH has, if any (H8). Line 2 of main.js is a command to sh, and a
 * string and a comment to JavaScript. The thin client, and main.js on a Node that is too old, read the file `interpreter`.
 */
function recordInterpreter(out: string): void {
  if (process.execPath.includes('\n')) return
  writeFileSync(join(out, 'interpreter'), `${process.execPath}\n`)
  if (process.platform === 'win32') return
  const main = join(out, 'main.js')
  const text = readFileSync(main, 'utf8')
  const shebang = '#!/usr/bin/env node\n'
  if (!text.startsWith(shebang)) throw new Error(`${main} does not start with ${shebang}`)
  const node = `'${process.execPath.replaceAll("'", `'\\''`)}'`
  const script = `n=${node}; [ -x "$n" ] || n=node; exec "$n" "$0" "$@"`
  writeFileSync(main, `#!/bin/sh\n':' //; ${script}\n${text.slice(shebang.length)}`)
}

function makePrograms(out: string, compiler: Compiler | undefined): void {
  const bin = join(out, 'bin')
  mkdirSync(bin)
  link(bin, 'authsock', '../main.js')
  if (compiler === undefined) {
    for (const name of programNames) link(bin, name, '../main.js')
    return
  }
  const scratch = join(out, 'thin-client')
  renameSync(compile(scratch, compiler), join(bin, `${client}${compiler.suffix ?? ''}`))
  rmSync(scratch, { recursive: true })
  for (const name of programNames.slice(1)) link(bin, name, client)
}

/** A name for a program; on Windows a command file that says which name it was called by. */
function link(bin: string, name: string, to: string): void {
  if (process.platform !== 'win32') symlinkSync(to, join(bin, name))
  else {
    const start = to.endsWith('.js') ? `@"${process.execPath}" "%~dp0\\..\\main.js"` : `@"%~dp0\\${to}.exe"`
    writeFileSync(join(bin, `${name}.cmd`), `${start} --as ${name} %*\r\n`)
  }
}
