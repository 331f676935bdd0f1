// Tells when something in a folder changes, without waking the process while nothing does.

import { type FSWatcher, watch } from 'node:fs'

/** If the system has no watches left, somebody has to look now and then. */
const fallbackIntervalMs = 60_000

/** Calls back for each change of a name in the folder, and of the folder itself. The result ends it. Throws if it is not there. */
export function watchFolder(path: string, onChange: () => void): () => void {
  let watcher: FSWatcher | undefined
  let timer: NodeJS.Timeout | undefined
  try {
    watcher = watch(path, { persistent: false }, onChange)
    watcher.on('error', onChange)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EMFILE' && code !== 'ENOSPC' && code !== 'ENOSYS') throw error
    timer = setInterval(onChange, fallbackIntervalMs).unref()
  }
  return () => {
    watcher?.close()
    clearInterval(timer)
  }
}
