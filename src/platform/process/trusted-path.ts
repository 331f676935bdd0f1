// The PATH of the agent (L14, S7). It is started by whatever tool needs a token first, with that tool's PATH, which may begin with
// node_modules/.bin of a repository. Programs that the agent runs by name, such as the one that asks the user, come from folders
// that root owns and only root can write to, and from no project's folder.

import { existsSync, realpathSync, statSync } from 'node:fs'
import { delimiter, dirname, isAbsolute, join, sep } from 'node:path'

/** If nothing of the PATH can be trusted. */
const systemFolders = [
  '/usr/local/bin',
  '/usr/bin',
  '/bin',
  '/usr/sbin',
  '/sbin',
  '/run/current-system/sw/bin',
  '/opt/homebrew/bin',
]

/** The folders of the PATH that are trusted, in their order. */
export function trustedPath(path = '', platform: NodeJS.Platform = process.platform): string {
  if (platform === 'win32') return path
  const trusted = path.split(delimiter).filter((folder) => isTrusted(folder))
  return (trusted.length === 0 ? systemFolders.filter((folder) => isTrusted(folder)) : trusted).join(delimiter)
}

function isTrusted(folder: string): boolean {
  if (!isAbsolute(folder)) return false
  try {
    const path = realpathSync(folder)
    return !path.split(sep).includes('node_modules') && isRootOnly(path)
  } catch {
    return false
  }
}

/** Up to the root. In a sticky folder, such as /tmp, only root replaces what root owns. */
function isRootOnly(path: string): boolean {
  for (let at = path; ; at = dirname(at)) {
    const { uid, mode } = statSync(at)
    const isSticky = (mode & 0o1000) !== 0 && at !== path
    if (uid !== 0 || ((mode & 0o022) !== 0 && !isSticky) || isProject(at)) return false
    if (at === dirname(at)) return true
  }
}

/** A working tree of root's belongs to whoever wrote what is checked out. */
const isProject = (folder: string): boolean => ['.git', 'package.json'].some((name) => existsSync(join(folder, name)))
