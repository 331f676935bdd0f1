// The commands about who may have what, and who has had it.

import type { Command } from 'commander'
import type { MakeLeaf } from './main.ts'
import { collect } from './profile-options.ts'

export function addGuardCommands(root: Command, leaf: MakeLeaf): void {
  const audit = leaf(root, 'audit', 'who was given what, and who was refused', async () => (await import('./audit.ts')).audit)
    .option('--profile <name>', 'of this profile')
    .option('--caller <text>', "by programs with this in their file's name")
    .option('--container <id>', 'in this container, or none')
    .option('--share <name>', 'by this shared socket')
    .option('--event <event>', 'issued, refused, logged_in, logged_out, locked, unlocked')
    .option('--since <time>', 'a date, a time, or a span before now (8h, 3d)')
    .option('--until <time>', 'likewise')
    .option('--follow', 'go on with what happens')
  leaf(audit, 'verify', 'whether nobody has touched the log', async () => (await import('./audit.ts')).auditVerify).option(
    '--head <hash>',
    'what it ended with when it was last looked at',
  )

  const rule = root.command('rule').description('who may have what').exitOverride()
  leaf(rule, 'list', 'the rules of config.toml, in their order', async () => (await import('./rule.ts')).ruleList)
  leaf(rule, 'test <profile>', 'what a request would get, and why', async () => (await import('./rule.ts')).ruleTest)
    .option('--scope <scopes>', 'that it asks for', collect)
    .option('--resource <uri>', 'that it is for')
    .option('--executable <path>', 'of the caller')
    .option('--container <id>', 'that the caller is in: none (default), any, or an id')
    .option('--share <name>', 'by which it comes')
}
