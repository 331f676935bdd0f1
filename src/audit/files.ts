// The files of the audit log: audit.log and, oldest last, audit.log.1, .2 ... Which exist, and opening them safely while an agent may
// rotate them. Other names in the folder, and numbers out of range, are not part of the log (S8).

import { constants } from 'node:fs'
import { type FileHandle, readdir } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { diskFailure } from '../platform/fs/disk.ts'
import { openOwnFile } from '../platform/fs/own-file.ts'

/** Files that are kept, without the current one. */
export const defaultKeptFiles = 9
/** A file is rotated when it has this size. */
export const defaultMaxBytes = 8 * 1024 * 1024
const maxNumber = 999

/** 0: the current one. */
export const pathOf = (path: string, number: number): string => (number === 0 ? path : `${path}.${number}`)

export interface AuditFile {
  readonly path: string
  readonly number: number
  readonly handle: FileHandle
  /** Of this inode in this life: the inode number alone may be used again. */
  readonly id: string
  readonly size: number
}

export interface AuditFiles {
  /** The oldest first. To be closed. */
  readonly files: readonly AuditFile[]
  /** Files in the place of a file of the log that cannot be taken for one: a link, a pipe, another user's. */
  readonly refused: readonly { readonly path: string; readonly number: number; readonly why: string }[]
}

export async function withAuditFiles<T>(path: string, work: (all: AuditFiles) => Promise<T>): Promise<T> {
  const all = await openAuditFiles(path)
  try {
    return await work(all)
  } finally {
    await closeAuditFiles(all)
  }
}

export async function openAuditFiles(path: string): Promise<AuditFiles> {
  const files = new Map<string, AuditFile>()
  const refused: AuditFiles['refused'][number][] = []
  try {
    for (const number of await numbersOf(path)) {
      const name = pathOf(path, number)
      try {
        const file = await openAuditFile(name, number)
        if (file === undefined) continue
        await files.get(file.id)?.handle.close()
        // Met again under a higher number: it was rotated meanwhile, and belongs behind those before it.
        files.delete(file.id)
        files.set(file.id, file)
      } catch (error) {
        refused.push({ path: name, number, why: diskFailure(error, name).message })
      }
    }
    return { files: [...files.values()].toReversed(), refused }
  } catch (error) {
    await closeAuditFiles({ files: [...files.values()], refused })
    throw error
  }
}

export async function closeAuditFiles({ files }: AuditFiles): Promise<void> {
  await Promise.all(files.map(({ handle }) => handle.close()))
}

/** Undefined if there is none. Fails if it is not a file of ours. */
export async function openAuditFile(path: string, number: number): Promise<AuditFile | undefined> {
  let handle: FileHandle
  try {
    handle = await openOwnFile(path, constants.O_RDONLY)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const { ino, birthtimeNs, size } = await handle.stat({ bigint: true })
  return { path, number, handle, id: `${ino}-${birthtimeNs}`, size: Number(size) }
}

/**
 * The numbers to open, in ascending order. Rotation moves a file to the next number: opened in this order, with the next number
 * of each, a file may be met twice and is never missed.
 */
async function numbersOf(path: string): Promise<readonly number[]> {
  const prefix = `${basename(path)}.`
  const names = await readdir(dirname(path)).catch(() => [])
  const found = names.flatMap((name) => {
    const number = name.startsWith(prefix) ? name.slice(prefix.length) : ''
    return /^[1-9]\d{0,2}$/.test(number) ? [Number(number)] : []
  })
  const all = new Set([0, ...found].flatMap((number) => [number, number + 1, number + 2]))
  return [...all].filter((number) => number <= maxNumber).toSorted((a, b) => a - b)
}
