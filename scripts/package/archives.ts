// The archives of one platform's files, with one folder at the top: tar.xz, and zip for Windows.

import { existsSync, readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { run } from './command.ts'
import { sourceDate } from './project.ts'

/** The same order, times, and owners wherever it is made. */
export const tarOptions: readonly string[] = [
  '--sort=name',
  `--mtime=@${sourceDate}`,
  '--owner=0',
  '--group=0',
  '--numeric-owner',
  '--format=gnu',
]

/** GNU tar: on macOS that of Homebrew. */
export const tar = process.platform === 'darwin' ? 'gtar' : 'tar'

export function makeTarXz(folder: string, path: string, level: number): void {
  // With more than one thread the output does not depend on their number.
  const compress = `xz -${level} --threads=2`
  run(tar, ['-C', dirname(folder), ...tarOptions, `--use-compress-program=${compress}`, '-cf', path, basename(folder)])
}

export function makeZip(folder: string, path: string): void {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(basename(folder), name))
  if (existsSync(path)) rmSync(path)
  run('zip', ['-X', '-9', '-q', path, '-@'], { cwd: dirname(folder), input: files.toSorted().join('\n') })
}
