// Calls of C functions, by koffi's prebuilt platform packages. koffi itself has an install script, so it stays a development
// dependency (for its types): only the native module is needed.

import { readFileSync } from 'node:fs'
import type * as koffi from 'koffi'
import { nativeModule } from './native-module.ts'

export type Koffi = typeof koffi
type Library = ReturnType<Koffi['load']>

let module: Koffi | undefined | null = null
let loaded: { readonly libc: Library; readonly koffi: Koffi } | undefined | null = null

/** Undefined if there is no native module for this platform. */
export function ffi(): Koffi | undefined {
  if (module !== null) return module
  module = undefined
  try {
    module = nativeModule('koffi.node', `@koromix/koffi-${process.platform}-${process.arch}`) as Koffi
  } catch {
    // Callers decide what they do without it.
  }
  return module
}

/** The C library. Undefined on Windows too: see pipe/win32.ts. */
export function libc(): { readonly libc: Library; readonly koffi: Koffi } | undefined {
  if (loaded !== null) return loaded
  loaded = undefined
  const found = ffi()
  if (found === undefined || process.platform === 'win32') return undefined
  try {
    // Loaded in this process under this name: nothing is searched for on disk.
    const name = process.platform === 'darwin' ? 'libSystem.B.dylib' : isMusl() ? null : 'libc.so.6'
    loaded = { koffi: found, libc: found.load(name) }
  } catch {
    // As in ffi().
  }
  return loaded
}

const isMusl = (): boolean => readFileSync('/proc/self/maps', 'latin1').includes('/ld-musl-')
