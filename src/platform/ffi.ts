// The C library, by koffi's prebuilt platform packages. koffi itself carries an install script and stays a development
// dependency (for its types): the native module is all that is needed.

import { createRequire } from 'node:module'
import type * as koffi from 'koffi'

type Koffi = typeof koffi
type Library = ReturnType<Koffi['load']>

let loaded: { readonly libc: Library; readonly koffi: Koffi } | undefined | null = null

/** Undefined where there is no native module for this platform. */
export function libc(): { readonly libc: Library; readonly koffi: Koffi } | undefined {
  if (loaded !== null) return loaded
  loaded = undefined
  try {
    const koffi = createRequire(import.meta.url)(`@koromix/koffi-${process.platform}-${process.arch}`) as Koffi
    // Already in the process under this name: nothing is searched for on disk.
    const name = process.platform === 'darwin' ? 'libSystem.B.dylib' : isMusl() ? null : 'libc.so.6'
    if (process.platform !== 'win32') loaded = { koffi, libc: koffi.load(name) }
  } catch {
    // The caller decides what the lack of it means.
  }
  return loaded
}

function isMusl(): boolean {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  return header.glibcVersionRuntime === undefined
}
