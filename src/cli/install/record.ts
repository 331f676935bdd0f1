// What `authsock install` has put into place: install.json in the state folder.

import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { Failure } from '../../core/failures.ts'
import { array, DecodeError, object, oneOf, optional, string } from '../../core/util/json-decoder.ts'
import { atomicWriteSync } from '../../platform/fs/atomic-write.ts'
import { nothingPlaced, type Placed, type PlacedItem } from './items.ts'

/** How the agent is started at login. */
export const autostartKinds = ['systemd', 'xdg', 'launchd', 'run-key', 'none'] as const
export type AutostartKind = (typeof autostartKinds)[number]

export interface InstallRecord {
  readonly placed: Placed
  readonly autostart: AutostartKind
  /** The folder of the programs. */
  readonly programs?: string
}

export const nothingInstalled: InstallRecord = { placed: nothingPlaced, autostart: 'none' }

/** Throws storage_failed. */
export function readRecord(path: string): InstallRecord {
  try {
    const { items, folders, autostart, programs } = object(JSON.parse(readFileSync(path, 'utf8')), 'install')
    return {
      placed: {
        items: array(items, 'items').map(decodeItem),
        folders: array(folders, 'folders').map((each) => string(each, 'folders')),
      },
      autostart: oneOf(autostart, autostartKinds, 'autostart'),
      ...optional('programs', programs, string),
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return nothingInstalled
    const reason = error instanceof DecodeError ? error.message : ((error as NodeJS.ErrnoException).code ?? 'not JSON')
    throw new Failure('storage_failed', `cannot read ${path}: ${reason}`, {
      hint: 'it records what `authsock install` has put into place; move it away and run `authsock install` again',
    })
  }
}

export function writeRecord(path: string, { placed, ...others }: InstallRecord): void {
  if (placed.items.length === 0 && others.autostart === 'none') return rmSync(path, { force: true })
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  atomicWriteSync(path, JSON.stringify({ ...placed, ...others }, undefined, 2))
}

function decodeItem(value: unknown): PlacedItem {
  const fields = object(value, 'item')
  const kind = oneOf(fields['kind'], ['file', 'link'] as const, 'kind')
  const path = string(fields['path'], 'path')
  return kind === 'link'
    ? { kind, path, to: string(fields['to'], 'to') }
    : { kind, path, sha256: string(fields['sha256'], 'sha256') }
}
