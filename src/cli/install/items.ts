// Files and links that `authsock install` puts into place and `authsock uninstall` removes. Whatever the user, or another program, has
// changed since is kept, and named.

import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, rmdirSync, rmSync, symlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { atomicWriteSync } from '../../platform/fs/atomic-write.ts'
import { diskFailure } from '../../platform/fs/disk.ts'

export type Item =
  | { readonly kind: 'file'; readonly path: string; readonly text: string; readonly mode?: number }
  | { readonly kind: 'link'; readonly path: string; readonly to: string }

/** An item that was put into place. `sha256`: of the file's text. */
export type PlacedItem =
  | { readonly kind: 'file'; readonly path: string; readonly sha256: string }
  | { readonly kind: 'link'; readonly path: string; readonly to: string }

export interface Placed {
  readonly items: readonly PlacedItem[]
  /** Folders that were made, the outer ones first. */
  readonly folders: readonly string[]
}

export const nothingPlaced: Placed = { items: [], folders: [] }

export interface Placing {
  readonly placed: Placed
  /** Paths that were written or removed. */
  readonly changed: readonly string[]
  /** Paths with something else in them, which stays. */
  readonly kept: readonly string[]
}

const digest = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex')

/**
 * Puts the items into place. What was placed before and is not among them any more is removed. `save` is given what is in place at the end,
 * also if it throws: storage_failed.
 */
export function place(wanted: readonly Item[], before: Placed, save: (placed: Placed) => void): Omit<Placing, 'placed'> {
  const wantedPaths = new Set(wanted.map(({ path }) => path))
  const items = new Map(before.items.map((item) => [item.path, item]))
  const folders = [...before.folders]
  const changed: string[] = []
  const kept: string[] = []
  try {
    for (const item of wanted) {
      const after = placedOf(item)
      const previous = items.get(item.path)
      const state = stateOf(item.path, after)
      const isOurs = state === 'absent' || (previous !== undefined && stateOf(item.path, previous) === 'same')
      if (state !== 'same' && !isOurs) {
        kept.push(item.path)
        continue
      }
      if (state !== 'same') {
        folders.push(...write(item))
        changed.push(item.path)
      }
      items.set(item.path, after)
    }
    const stale = unplace({ items: before.items.filter(({ path }) => !wantedPaths.has(path)), folders: [] })
    for (const { path } of before.items) if (!wantedPaths.has(path) && !stale.kept.includes(path)) items.delete(path)
    return { changed: [...changed, ...stale.changed], kept: [...kept, ...stale.kept] }
  } finally {
    save({ items: [...items.values()], folders })
  }
}

/** Removes what was placed, and the folders that were made for it and are empty. Throws storage_failed. */
export function unplace({ items, folders }: Placed): Placing {
  const changed: string[] = []
  const left: PlacedItem[] = []
  for (const item of items) {
    const state = stateOf(item.path, item)
    if (state === 'other') left.push(item)
    if (state !== 'same') continue
    tryDisk(item.path, () => rmSync(item.path))
    changed.push(item.path)
  }
  for (const folder of folders.toReversed()) removeIfEmpty(folder)
  return {
    placed: { items: left, folders: folders.filter((folder) => existsSync(folder)) },
    changed,
    kept: left.map(({ path }) => path),
  }
}

const placedOf = (item: Item): PlacedItem =>
  item.kind === 'link'
    ? { kind: 'link', path: item.path, to: item.to }
    : { kind: 'file', path: item.path, sha256: digest(item.text) }

/** What is at the path: this item, nothing, or something else. */
function stateOf(path: string, item: PlacedItem): 'same' | 'absent' | 'other' {
  return tryDisk(path, () => {
    const stats = lstatSync(path, { throwIfNoEntry: false })
    if (stats === undefined) return 'absent'
    if (item.kind === 'link') return stats.isSymbolicLink() && readlinkSync(path) === item.to ? 'same' : 'other'
    return stats.isFile() && digest(readFileSync(path)) === item.sha256 ? 'same' : 'other'
  })
}

/** The folders that it had to make. */
function write(item: Item): readonly string[] {
  return tryDisk(item.path, () => {
    const folders = makeFolder(dirname(item.path))
    if (item.kind === 'file') atomicWriteSync(item.path, item.text, item.mode ?? 0o644)
    else {
      rmSync(item.path, { force: true })
      symlinkSync(item.to, item.path)
    }
    return folders
  })
}

/** The outer ones first. */
function makeFolder(path: string): readonly string[] {
  if (existsSync(path)) return []
  const above = makeFolder(dirname(path))
  mkdirSync(path, { mode: 0o755 })
  return [...above, path]
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // Something else is in it, or it is gone.
  }
}

function tryDisk<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw diskFailure(error, `cannot change ${path}`)
  }
}
