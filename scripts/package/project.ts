// What every package says of the project, and the time that stands for all of its files.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './command.ts'

export const root = fileURLToPath(new URL('../../', import.meta.url))

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly license: string
  readonly dependencies: Readonly<Record<string, string>>
}

export const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest

/** Seconds since 1970: SOURCE_DATE_EPOCH, else the time of the last commit. */
export const sourceDate: number = Number(
  process.env['SOURCE_DATE_EPOCH'] ?? run('git', ['-C', root, 'log', '-1', '--format=%ct']).trim(),
)
if (!Number.isSafeInteger(sourceDate)) throw new Error('SOURCE_DATE_EPOCH is not a number of seconds')
process.env['SOURCE_DATE_EPOCH'] = String(sourceDate)
