// `authsock install` and `authsock uninstall`: start at login, programs on the PATH, completions and man pages, for this user.

import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { defined } from '../../core/util/defined.ts'
import { helperPrograms } from '../../platform/self.ts'
import { oneOf } from '../arguments.ts'
import type { Context } from '../context.ts'
import { autostartOf, formerAutostart } from '../install/autostart.ts'
import { contents } from '../install/contents.ts'
import { type Item, place, unplace } from '../install/items.ts'
import { type Places, placesOf } from '../install/places.ts'
import { purge, type PurgeOptions } from '../install/purge.ts'
import { type AutostartKind, autostartKinds, nothingInstalled, readRecord, writeRecord } from '../install/record.ts'
import type { MakeLeaf } from '../leaf.ts'
import { outcome } from './logout.ts'
import { commandTree } from '../reference/command-tree.ts'

interface UninstallOptions extends PurgeOptions {
  readonly purge?: boolean
}

interface InstallOptions {
  readonly binDir?: string
  readonly autostart?: AutostartKind
}

export function register(root: Command, leaf: MakeLeaf): void {
  leaf(root, 'install', 'start the agent at login; put helper programs, completions and man pages into place', install)
    .option('--bin-dir <path>', 'where the programs are linked (default: ~/.local/bin)')
    .option(
      '--autostart <how>',
      `${autostartKinds.join(', ')} (default: what this system has)`,
      oneOf('--autostart', autostartKinds),
    )
    .addHelpText(
      'after',
      `
It can be run again, for example after an update: what is in place already stays, and what authsock no longer needs is
removed. Files that you have changed are kept and named. Nothing is written outside of your home folder.

  systemd   a user socket and service: callers wait at the socket while the agent restarts
  xdg       an autostart entry of the desktop, without systemd
  launchd   a LaunchAgent with a socket (macOS)
  run-key   the Run key of the user (Windows)
  none      the agent starts with its first caller, as without this command`,
    )
  leaf(root, 'uninstall', 'remove what `authsock install` has put into place', uninstall)
    .option('--purge', 'also revoke every session, undo every setup, and remove the vault and its master key')
    .option('--no-revoke', 'with --purge: revoke no session')
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      `
With --purge nothing of authsock is left but config.toml and what you have changed; it asks first. If a server cannot be
reached, its tokens could not be revoked later without the vault: nothing is removed then, unless --no-revoke says so.`,
    )
}

const recordFile = (context: Context): string => join(context.paths.stateDirectory, 'install.json')

async function install(context: Context, { binDir, autostart: wanted }: InstallOptions): Promise<void> {
  const before = readRecord(recordFile(context))
  const programs = binDir === undefined ? before.programs : resolve(binDir)
  const places = placesOf(context.env, programs, context.paths.stateDirectory)
  const autostart = autostartOf(context, wanted)
  const former = before.autostart === (autostart?.kind ?? 'none') ? undefined : formerAutostart(context, before.autostart)
  former?.disable()
  const files = (autostart?.files ?? []).map((file): Item => ({ kind: 'file', ...file }))
  const items = [...files, ...contents(places, commandTree(await context.allCommands()))]
  const { changed, kept } = place(items, before.placed, (placed) =>
    writeRecord(recordFile(context), { placed, autostart: autostart?.kind ?? 'none', programs: places.programs }),
  )
  former?.removed()
  autostart?.enable(changed)
  const notes = notesOf(context, places)
  const kind = autostart?.kind ?? 'none'
  if (context.asJson) return context.terminal.json({ autostart: kind, changed, kept, notes })
  const { terminal } = context
  for (const path of changed) terminal.print(path)
  for (const path of kept) terminal.note(`${path} is not as authsock would write it, and was left alone`)
  const start =
    autostart === undefined ? 'the agent starts with its first caller' : `the agent starts at login (${autostart.name})`
  terminal.note(changed.length === 0 ? `everything is in place already; ${start}` : start)
  for (const note of notes) terminal.hint(note)
}

/** What the user has to do. */
function notesOf({ env }: Context, { programs, path, zshFunctions, powershellScript }: Places): readonly string[] {
  const shell = env['SHELL'] ?? ''
  return [
    ...(path.includes(programs) || path.includes(helperPrograms) ? [] : [`add ${programs} to your PATH`]),
    ...(shell.endsWith('/zsh') ? [`add to ~/.zshrc, before compinit: fpath=('${zshFunctions}' $fpath)`] : []),
    ...(process.platform === 'win32' ? [`add to your PowerShell profile: . '${powershellScript}'`] : []),
  ]
}

async function uninstall(context: Context, { purge: isPurge = false, ...options }: UninstallOptions): Promise<void> {
  const purged = isPurge ? await purge(context, options, context.env['HOME'] ?? homedir()) : undefined
  const record = readRecord(recordFile(context))
  const autostart = formerAutostart(context, record.autostart)
  autostart?.disable()
  const { placed, changed, kept } = unplace(record.placed)
  autostart?.removed()
  writeRecord(recordFile(context), { ...nothingInstalled, placed })
  const removed = [...changed, ...((await purged?.finish()) ?? [])]
  if (context.asJson) {
    const { sessions, setups, notes } = purged ?? {}
    return context.terminal.json({ removed, kept, ...defined({ sessions, setups, notes }) })
  }
  const { terminal } = context
  for (const path of removed) terminal.print(path)
  for (const path of kept) terminal.note(`${path} was changed since, and was kept`)
  for (const answer of purged?.sessions ?? []) terminal.note(`session '${answer.profile}' ended${outcome(answer)}`)
  for (const note of purged?.notes ?? []) terminal.note(note)
  terminal.note(removed.length === 0 ? 'nothing was installed' : 'removed')
}
