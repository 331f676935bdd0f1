// A change to a tool's configuration: computed first, shown, then written as a whole, and recorded so that it can be undone even if
// other lines of the file have changed since.

import { lstatSync, mkdirSync, readFileSync, readlinkSync, realpathSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { Failure } from '../../core/failures.ts'
import { atomicWriteSync } from '../../platform/fs/atomic-write.ts'
import { lineDiff } from './line-diff.ts'

export type Change =
  | { readonly kind: 'file'; readonly path: string; readonly before: string | undefined; readonly after: string }
  | { readonly kind: 'link'; readonly path: string; readonly to: string }

/** What was done; for a file, the lines that were added and those that they replaced. */
export type Done =
  | {
      readonly kind: 'file'
      readonly path: string
      /** The two lines before them. */
      readonly above: string
      readonly removed: string
      readonly added: string
      readonly created: boolean
    }
  | { readonly kind: 'link'; readonly path: string; readonly to: string }

export interface Plan {
  readonly changes: readonly Change[]
  /** Printed as hints. */
  readonly notes: readonly string[]
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error)

/** Undefined if there is no such file. Throws storage_failed. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new Failure('storage_failed', `cannot read ${path}: ${codeOf(error)}`, {
      hint: 'fix its permissions; nothing was changed',
    })
  }
}

export const fileChange = (path: string, edit: (text: string) => string): readonly Change[] => {
  const before = readText(path)
  const after = edit(before ?? '')
  return after === (before ?? '') ? [] : [{ kind: 'file', path, before, after }]
}

/** None if the link exists already. Throws bad_request if something else has that name. */
export function linkChange(path: string, to: string): readonly Change[] {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return [{ kind: 'link', path, to }]
  if (stats.isSymbolicLink() && readlinkSync(path) === to) return []
  throw new Failure('bad_request', `${path} exists and is not a link to authsock`, { hint: 'move it away, then try again' })
}

/** The lines that differ, as `diff` would show them. */
export function changeLines(change: Change): readonly string[] {
  if (change.kind === 'link') return [`  ${change.path}`, `+   -> ${change.to}`]
  const { path, before, after } = change
  return [`  ${path}${before === undefined ? ' (new)' : ''}`, ...lineDiff(before ?? '', after)]
}

/** What undoing would remove and restore, in the same form. */
export function undoLines(done: Done): readonly string[] {
  if (done.kind === 'link') return [`  ${done.path}`, `-   -> ${done.to}`]
  const { path, above, added, removed } = done
  return [`  ${path}`, ...lineDiff(above + added, above + removed)]
}

/** The lines between the common start and the common end of both texts. */
function difference(before: string, after: string) {
  const [a, b] = [before.split(/(?<=\n)/), after.split(/(?<=\n)/)]
  let start = 0
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start++
  let end = 0
  while (end < Math.min(a.length, b.length) - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  return {
    above: a.slice(Math.max(0, start - 2), start).join(''),
    removed: a.slice(start, a.length - end).join(''),
    added: b.slice(start, b.length - end).join(''),
  }
}

export function apply(change: Change): Done {
  if (change.kind === 'link') {
    mkdirSync(dirname(change.path), { recursive: true })
    symlinkSync(change.to, change.path)
    return change
  }
  const { path, before, after } = change
  write(path, after)
  return { kind: 'file', path, created: before === undefined, ...difference(before ?? '', after) }
}

/** Why it could not be undone; undefined if it was, or if nothing of it is left. */
export function undo(done: Done): string | undefined {
  if (done.kind === 'link') {
    const stats = lstatSync(done.path, { throwIfNoEntry: false })
    if (stats?.isSymbolicLink() === true && readlinkSync(done.path) === done.to) rmSync(done.path)
    return undefined
  }
  const { path, above, removed, added, created } = done
  const text = readText(path)
  if (text === undefined) return undefined
  if (created && text === added) {
    rmSync(path)
    return undefined
  }
  // The same lines may occur twice: those below the recorded lines are meant.
  const [withContext, alone] = [onlyIndexOf(text, above + added), onlyIndexOf(text, added)]
  const at = withContext === undefined ? alone : withContext + above.length
  if (at === undefined && !isLeft(text, added)) return undefined
  if (at === undefined)
    return `${path} has changed since; remove these lines by hand:\n${added.trimEnd().replaceAll('\t', '    ')}`
  write(path, text.slice(0, at) + removed + text.slice(at + added.length))
  return undefined
}

/** Whether lines of ours are left: those that name authsock, since the others may be the user's own. */
function isLeft(text: string, added: string): boolean {
  const lines = (part: string): readonly string[] => part.split('\n').map((line) => line.trim())
  const all = lines(added).filter((line) => line !== '')
  const ours = all.filter((line) => line.includes('authsock'))
  const present = new Set(lines(text))
  return (ours.length > 0 ? ours : all).some((line) => present.has(line))
}

function onlyIndexOf(text: string, part: string): number | undefined {
  const at = text.indexOf(part)
  return at < 0 || text.includes(part, at + 1) ? undefined : at
}

/** Atomically, and through a symbolic link: dotfiles are often links into a repository. */
function write(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const file = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true ? realpathSync(path) : path
    const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0o600
    atomicWriteSync(file, text, mode & 0o777)
  } catch (error) {
    throw new Failure('storage_failed', `cannot write ${path}: ${codeOf(error)}`, {
      hint: 'check its permissions and the free space',
    })
  }
}
