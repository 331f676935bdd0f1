// The programs that tools start, from the build that the tests share (built.ts): the native thin client, and its twin in TypeScript.

import { cpSync, lstatSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { program } from './home.ts'

const built = dirname(program)

/** A folder with the native client under every name. Throws if the build found no C compiler. */
export function nativePrograms(): string {
  if (!hasCompiler()) throw new Error('no C compiler')
  return join(built, 'bin')
}

/** The same with the twin. */
export const twinPrograms = (): string => join(built, '../twin')

export const hasCompiler = (): boolean =>
  lstatSync(join(built, 'bin/authsock-client'), { throwIfNoEntry: false })?.isFile() ?? false

/** Copies the program as a package holds it, without bin/, to folder/dist. Returns the path of its main.js. */
export function packageCopy(folder: string): string {
  cpSync(built, join(folder, 'dist'), { recursive: true, filter: (path) => path !== join(built, 'bin') })
  symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(folder, 'node_modules'))
  return join(folder, 'dist/main.js')
}
