// The program as `npm run build` makes it, built once for all tests into a cache folder of its own: dist/ is the build, twin/
// holds links to the thin client's twin under every name that tools and users call it by.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeProgram, programNames } from '../../scripts/program.ts'
import { type Compiler, describeCompiler, findCompiler } from '../../scripts/thin-client.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const hourMs = 3_600_000

/** Users make links of this kind: the name of a profile or a secret follows the program's. */
const userLinks = ['authsock-token-work', 'pnpm-authsock-work', 'pnpm-authsock-nameless']

/** The cache folder. It lies in node_modules, where the program finds its packages. */
export async function builtProgram(): Promise<string> {
  const cache = join(realpathSync(join(root, 'node_modules')), '.cache')
  const checkout = `authsock-test-${digest([root])}`
  const compiler = findCompiler()
  const folder = join(cache, `${checkout}-${digest(inputs(compiler))}`)
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true })
    removeEarlier(cache, checkout)
    await build(cache, folder, compiler)
  }
  return folder
}

function digest(parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex').slice(0, 16)
}

/** Everything that decides what the build holds: sources, scripts, Node, the bundler and the C compiler with its version and flags. */
function inputs(compiler: Compiler | undefined): readonly (string | Buffer)[] {
  const filesIn = (folder: string): readonly string[] =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
  const files = [
    ...filesIn('src'),
    ...filesIn('scripts'),
    ...filesIn('installers'),
    ...['package.json', 'package-lock.json', 'protocol/config.schema.json', 'test/support/built.ts'].map((name) =>
      join(root, name),
    ),
  ]
  const native = compiler === undefined ? '' : describeCompiler(compiler)
  return [process.execPath, process.version, native, ...files.flatMap((path) => [path, readFileSync(path)])]
}

async function build(cache: string, folder: string, compiler: Compiler | undefined): Promise<void> {
  const temporary = mkdtempSync(join(cache, 'building-'))
  try {
    copyFileSync(join(root, 'package.json'), join(temporary, 'package.json'))
    await makeProgram(join(temporary, 'dist'), { compiler })
    for (const name of userLinks) symlinkSync('authsock-client', join(temporary, 'dist/bin', name))
    linkTwin(join(temporary, 'twin'))
    // Some tests run the program as other users.
    spawnSync('chmod', ['-R', 'a+rX', temporary])
    renameSync(temporary, folder)
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true })
    // Another run may have been first.
    if (!existsSync(folder)) throw error
  }
}

function linkTwin(folder: string): void {
  mkdirSync(folder)
  for (const name of ['authsock', ...programNames, ...userLinks]) symlinkSync('../dist/main.js', join(folder, name))
}

/** Not the latest ones: another run may be using them. */
function removeEarlier(cache: string, checkout: string): void {
  for (const name of readdirSync(cache)) {
    const path = join(cache, name)
    if (name.startsWith(checkout) && Date.now() - statSync(path).mtimeMs > hourMs) rmSync(path, { recursive: true, force: true })
  }
}
