// Built once for all tests: a program that need not be stripped of its types starts in a third of the time, and they start thousands.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  cpSync,
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

const root = fileURLToPath(new URL('../../', import.meta.url))
const source = join(root, 'src')
const hour = 3_600_000

export default function setup(): void {
  // Where the program finds the packages, and nobody else looks.
  const cache = join(realpathSync(join(root, 'node_modules')), '.cache')
  const checkout = `authsock-test-${digest(root)}`
  const folder = join(cache, `${checkout}-${digest(...sources())}`)
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true })
    forgetFormer(cache, checkout)
    build(cache, folder)
  }
  process.env['AUTHSOCK_TEST_PROGRAM'] = join(folder, 'dist/main.js')
}

const digest = (...parts: readonly (string | Buffer)[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex').slice(0, 16)
}

function sources(): readonly (string | Buffer)[] {
  const files = readdirSync(source, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = [...files.map((entry) => join(entry.parentPath, entry.name)), join(root, 'package.json')].sort()
  return paths.flatMap((path) => [path, readFileSync(path)])
}

function build(cache: string, folder: string): void {
  const temporary = mkdtempSync(join(cache, 'building-'))
  try {
    copyFileSync(join(root, 'package.json'), join(temporary, 'package.json'))
    symlinkSync(join(root, 'protocol'), join(temporary, 'protocol'))
    cpSync(join(source, 'python'), join(temporary, 'dist/python'), { recursive: true })
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const options = ['-p', join(source, 'tsconfig.json'), '--outDir', join(temporary, 'dist'), '--declaration', 'false']
    const { status } = spawnSync(process.execPath, [tsc, ...options], { stdio: 'inherit' })
    if (status !== 0) throw new Error('the program cannot be built')
    // As `npm run build` does; and for tests that run it as other users.
    chmodSync(join(temporary, 'dist/main.js'), 0o755)
    spawnSync('chmod', ['-R', 'a+rX', temporary])
    renameSync(temporary, folder)
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true })
    // Another run may have been first.
    if (!existsSync(folder)) throw error
  }
}

/** Another run may be under way with one of them. */
function forgetFormer(cache: string, checkout: string): void {
  for (const name of readdirSync(cache)) {
    const path = join(cache, name)
    if (name.startsWith(checkout) && Date.now() - statSync(path).mtimeMs > hour) rmSync(path, { recursive: true, force: true })
  }
}
