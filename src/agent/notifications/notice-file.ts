// What the user has been told, in a file: so that a restart is no reason to say it again.

import { mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { atomicWriteSync } from '../../platform/fs/atomic-write.ts'
import type { NotifierPorts, Note } from './notifier.ts'

export function noticeFile(path: string): Pick<NotifierPorts, 'load' | 'save'> {
  return {
    load: () => {
      try {
        const notes: unknown = JSON.parse(readFileSync(path, 'utf8'))
        if (typeof notes !== 'object' || notes === null) return {}
        return Object.fromEntries(Object.entries(notes).filter((entry): entry is [string, Note] => isNote(entry[1])))
      } catch {
        return {}
      }
    },
    save: (notes) => {
      try {
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
        atomicWriteSync(path, JSON.stringify(notes))
      } catch {
        // Said once too often, then, and nothing worse.
      }
    },
  }
}

const isNote = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.entries(value).every(([key, each]) => typeof each === (key === 'isNeeded' || key === 'moves' ? 'boolean' : 'number'))
