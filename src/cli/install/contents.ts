// What `authsock install` puts into place beside the autostart: the programs that tools look for on the PATH, completions, man pages.

import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { helperPrograms, program } from '../../platform/self.ts'
import { version } from '../../platform/version.ts'
import type { CommandInfo } from '../reference/command-tree.ts'
import { completionScripts } from '../reference/completion-scripts.ts'
import { manPages } from '../reference/man-pages.ts'
import { programEntry, programFile, programNames } from '../setup/programs.ts'
import type { Item } from './items.ts'
import type { Places } from './places.ts'

export const contents = (places: Places, tree: CommandInfo): readonly Item[] => [
  ...programItems(places),
  ...completionItems(places),
  ...manItems(places, tree),
]

/** None that is on the PATH already in a folder of a package. */
function programItems({ programs, path }: Places): readonly Item[] {
  const others = path.filter((folder) => !isSame(folder, programs))
  const isElsewhere = (name: string): boolean =>
    others.some((folder) => !isSame(folder, helperPrograms) && existsSync(join(folder, programFile(name))))
  return ['authsock', ...programNames].filter((name) => !isElsewhere(name)).map((name) => programItem(programs, name))
}

function programItem(folder: string, name: string): Item {
  const path = join(folder, programFile(name))
  const built = join(helperPrograms, programFile(name))
  if (process.platform !== 'win32' && existsSync(built))
    return { kind: 'link', path, to: name === 'authsock' ? program() : built }
  const entry = programEntry(name)
  return 'to' in entry ? { kind: 'link', path, to: entry.to } : { kind: 'file', path, text: entry.script, mode: 0o755 }
}

function isSame(one: string, other: string): boolean {
  try {
    return realpathSync(one) === realpathSync(other)
  } catch {
    return one === other
  }
}

function completionItems({ bashCompletions, zshFunctions, fishCompletions, powershellScript }: Places): readonly Item[] {
  const powershell: Item = { kind: 'file', path: powershellScript, text: completionScripts.powershell }
  if (process.platform === 'win32') return [powershell]
  return [
    { kind: 'file', path: join(bashCompletions, 'authsock'), text: completionScripts.bash },
    { kind: 'file', path: join(zshFunctions, '_authsock'), text: completionScripts.zsh },
    { kind: 'file', path: join(fishCompletions, 'authsock.fish'), text: completionScripts.fish },
    powershell,
  ]
}

const manItems = (places: Places, tree: CommandInfo): readonly Item[] =>
  process.platform === 'win32'
    ? []
    : manPages(tree, version).map(({ file, section, text }) => ({
        kind: 'file',
        path: join(places.manPages, `man${section}`, file),
        text,
      }))
