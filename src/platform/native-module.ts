// The two native modules: koffi (calls of C functions) and keyring (the OS keychain). The single-file program contains them, and Linux
// loads a module from a file only: one that a package has installed beside the program, else one in the user's cache folder, which is
// written once. Either is compared with what the program contains before it is loaded.

import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { atomicWriteSync } from './fs/atomic-write.ts'
import { cacheFolder } from './fs/paths.ts'
import { checkPrivateFolder } from './fs/private-folder.ts'
import { assetBytes, assetText, isSingleFile } from './self.ts'

/** Each is also the name of an asset of the single-file program, with its SHA-256 in `<name>.sha256`. */
type NativeModule = 'koffi.node' | 'keyring.node'

/** `packageName`: where it comes from if this is not the single-file program. Throws if there is none for this platform. */
export function nativeModule(name: NativeModule, packageName: string): unknown {
  return isSingleFile ? open(fileOf(name)) : createRequire(import.meta.url)(packageName)
}

function open(path: string): unknown {
  const module = { exports: {} as unknown }
  process.dlopen(module, path, constants.dlopen.RTLD_NOW)
  return module.exports
}

function fileOf(name: NativeModule): string {
  const expected = assetText(`${name}.sha256`)
  const installed = join(dirname(process.execPath), '..', 'lib', 'authsock', name)
  if (digestOf(installed) === expected) return installed
  const folder = join(cacheFolder(), 'native')
  const cached = join(folder, `${expected}.node`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  checkPrivateFolder(folder)
  if (digestOf(cached) !== expected) atomicWriteSync(cached, assetBytes(name), 0o500)
  return cached
}

function digestOf(path: string): string | undefined {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex')
  } catch {
    return undefined
  }
}
