// Trust in a socket's path. L1: the agent listens only in a folder that no other user can write to. L10: a client checks the path
// before it sends anything.

import { accessSync, constants, lstatSync, mkdirSync, realpathSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { Failure } from '../../core/failures.ts'
import { isInReadOnlyMount } from './mounts.ts'
import { permissionHint, systemErrorReason } from '../../core/system-error.ts'

const me = (): number => process.getuid?.() ?? -1
const groupOrOthersWrite = 0o022
const groupOrOthers = 0o077
const sticky = 0o1000

const untrusted = (message: string): Failure => new Failure('agent_untrusted', message)

/** Creates the folder of a socket. It and all folders above must be this user's or root's. Throws agent_untrusted. */
export function prepareSocketFolder(folder: string): void {
  if (process.platform === 'win32') {
    mkdirSync(folder, { recursive: true })
    return
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const stats = lstatSync(folder)
  if (!stats.isDirectory()) throw untrusted(`${folder} is not a folder`)
  if (stats.uid !== me()) throw untrusted(`${folder} belongs to another user (uid ${stats.uid})`)
  if ((stats.mode & groupOrOthers) !== 0) throw untrusted(`${folder} is accessible to others (mode ${mode(stats)}): chmod 700 it`)
  checkAncestors(folder)
}

/** A user who can rename a folder on the path can put another in its place. */
function checkAncestors(folder: string): void {
  for (let path = dirname(folder); ; path = dirname(path)) {
    const stats = lstatSync(path)
    const swappable = (stats.mode & groupOrOthersWrite) !== 0 && (stats.mode & sticky) === 0
    if (!stats.isSymbolicLink() && swappable && !isOwnGroup(stats)) {
      throw untrusted(`${path} above the socket can be written by others (mode ${mode(stats)})`)
    }
    if (stats.uid !== me() && stats.uid !== 0) throw untrusted(`${path} above the socket belongs to uid ${stats.uid}`)
    if (path === dirname(path)) return
  }
}

/** This user's folder, writable only by this user's private group: Debian creates home folders like this. */
const isOwnGroup = (stats: Stats): boolean =>
  stats.uid === me() && (stats.mode & 0o002) === 0 && stats.gid === process.getgid?.() && stats.gid === stats.uid

/** For clients, before they send anything: the socket must be this user's, or root's (mounted into a container). Throws agent_untrusted. */
export function trustSocket(path: string): 'trusted' | 'missing' {
  if (process.platform === 'win32') return 'trusted'
  const stats = lstat(path)
  if (stats === undefined) return 'missing'
  if (stats.isSymbolicLink()) throw untrusted(`${path} is a symbolic link`)
  if (!stats.isSocket()) throw untrusted(`${path} is not a socket`)
  // Mounted read-only into this container: no process in it can have created the socket, whoever owns it outside.
  if (isReadOnlyMount(dirname(path))) return 'trusted'
  if (stats.uid !== me() && stats.uid !== 0) throw untrusted(`${path} belongs to another user (uid ${stats.uid})`)
  const folder = lstat(dirname(path))
  const swappable = folder !== undefined && (folder.mode & groupOrOthersWrite) !== 0 && (folder.mode & sticky) === 0
  if (folder !== undefined && folder.uid !== me() && folder.uid !== 0)
    throw untrusted(`the folder of ${path} belongs to another user (uid ${folder.uid})`)
  if (swappable && !isOwnGroup(folder)) throw untrusted(`the folder of ${path} can be written by others (mode ${mode(folder)})`)
  return 'trusted'
}

function isReadOnlyMount(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return false
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // access(2) tells EROFS only to users who could write otherwise.
    return code === 'EROFS' || (code === 'EACCES' && isInReadOnlyMount(realpathSync(folder)))
  }
}

/** Undefined if there is no such file. Throws agent_untrusted if the folder cannot be searched, as after `su` without `-`. */
function lstat(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    if (code === 'ENOTDIR') return undefined
    throw new Failure('agent_untrusted', `cannot use ${path}: ${systemErrorReason(code)}`, { hint: permissionHint, cause: error })
  }
}

const mode = (stats: Stats): string => (stats.mode & 0o7777).toString(8)
