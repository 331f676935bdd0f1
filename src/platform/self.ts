// What this process runs from: a single-file program (Node's SEA, made by scripts/package), or main.js or main.ts with a Node beside it.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Of node:sea, which older versions of Node do not have. */
interface SingleExecutable {
  isSea(): boolean
  getRawAsset(name: string): ArrayBuffer
  getAsset(name: string, encoding: string): string
}

const sea = process.getBuiltinModule('node:sea') as SingleExecutable | undefined

export const isSingleFile = sea?.isSea() === true

/** A file that the build has put into the single-file program. Throws if there is none of this name. */
export const assetText = (name: string): string => requireSea().getAsset(name, 'utf8')
export const assetBytes = (name: string): Uint8Array => new Uint8Array(requireSea().getRawAsset(name))

function requireSea(): SingleExecutable {
  if (sea === undefined || !isSingleFile) throw new Error('this is not the single-file program')
  return sea
}

/** The single-file program, dist/main.js or src/main.ts. */
export function program(): string {
  if (isSingleFile) return process.execPath
  const built = fileURLToPath(new URL('../main.js', import.meta.url))
  return existsSync(built) ? built : fileURLToPath(new URL('../main.ts', import.meta.url))
}

/** What starts this program; arguments follow. */
export const selfCommand = (): readonly [string, ...string[]] =>
  isSingleFile ? [process.execPath] : [process.execPath, program()]

/** The arguments after those of `selfCommand`. Node gives a single-file program its path twice. */
export const selfArguments = (): readonly string[] => process.argv.slice(2)

/** The name that this program was started by, as argv[0] of C. */
export const startedName = (): string => (isSingleFile ? process.argv0 : (process.argv[1] ?? ''))

/** The folder of the programs that tools start: that of the single-file program, or dist/bin, made by `npm run build`. */
export const helperPrograms = isSingleFile ? dirname(process.execPath) : fileURLToPath(new URL('../bin', import.meta.url))

/** A native program of this platform: beside the single-file program, or in a package that has it. */
export function nativeProgram(name: string): string {
  const file = `${name}${process.platform === 'win32' ? '.exe' : ''}`
  return isSingleFile
    ? join(helperPrograms, file)
    : fileURLToPath(new URL(`../native/${process.platform}-${process.arch}/${file}`, import.meta.url))
}
