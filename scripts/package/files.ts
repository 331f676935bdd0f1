// Files of packages: copied, and made the same wherever they come from.

import { chmodSync, cpSync, lstatSync, lutimesSync, mkdirSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { sourceDate } from './project.ts'

export function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  cpSync(from, to, { dereference: true, recursive: true })
}

/** The same modes and times wherever it was made: 755 for folders and programs, 644 for the rest. */
export function normalize(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    const stats = lstatSync(path)
    if (stats.isDirectory()) normalize(path)
    else if (stats.isFile()) chmodSync(path, (stats.mode & 0o100) !== 0 && !name.endsWith('.node') ? 0o755 : 0o644)
    lutimesSync(path, sourceDate, sourceDate)
  }
  chmodSync(folder, 0o755)
  lutimesSync(folder, sourceDate, sourceDate)
}
