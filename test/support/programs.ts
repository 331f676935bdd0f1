// The programs that tools start, as `npm run build` puts them into dist/bin: the thin client compiled from its source, and its
// twin in TypeScript under the same names. Made once for a run of the tests.

import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { helpers } from '../../src/wire/helper-table.ts'
import { compile, findCompiler } from '../../scripts/thin-client.ts'
import { program } from './home.ts'

/** With links of the kind that users make: a profile's (or secret's) name behind the program's. */
const links = ['authsock-token-work', 'pnpm-authsock-work', 'pnpm-authsock-nameless']
const names = ['authsock-client', ...new Set(helpers.flatMap(({ programs }) => programs)), ...links]
const sources = fileURLToPath(new URL('../../src/thin-client', import.meta.url))

/** A folder with the native client under every name. Throws where there is no C compiler. */
export const nativePrograms = (): string =>
  madeOnce('native', (folder) => {
    const compiler = findCompiler()
    if (compiler === undefined) throw new Error('no C compiler')
    compile(folder, compiler)
    for (const name of names.slice(1)) symlinkSync('authsock-client', join(folder, name))
    script(folder, 'authsock', `exec '${process.execPath}' '${program}' "$@"`)
  })

/** The same with the twin. */
export const twinPrograms = (): string =>
  madeOnce('twin', (folder) => {
    for (const name of ['authsock', ...names]) symlinkSync(program, join(folder, name))
  })

export const hasCompiler = (): boolean => findCompiler() !== undefined

function script(folder: string, name: string, text: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
}

/** Several test files may come at once: the first that is done counts. */
function madeOnce(kind: string, make: (folder: string) => void): string {
  const hash = createHash('sha256').update(process.execPath).update(program)
  for (const name of readdirSync(sources).sort()) hash.update(readFileSync(join(sources, name)))
  hash.update(JSON.stringify(helpers))
  const folder = join(tmpdir(), `authsock-programs-${process.getuid?.() ?? 0}`, `${kind}-${hash.digest('hex').slice(0, 16)}`)
  if (existsSync(folder)) return folder
  mkdirSync(join(folder, '..'), { recursive: true, mode: 0o700 })
  const temporary = mkdtempSync(join(folder, '..', 'making-'))
  make(temporary)
  try {
    renameSync(temporary, folder)
  } catch {
    rmSync(temporary, { recursive: true, force: true })
  }
  return folder
}
