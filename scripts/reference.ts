// `node scripts/reference.ts --out DIR`: the man pages and completion scripts, as packages install them: DIR/man/man1/..., and
// DIR/completions/{authsock.bash,_authsock,authsock.fish,authsock.ps1}.

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { commandTable } from '../src/cli/command-table.ts'
import { Context } from '../src/cli/context.ts'
import { commandTree } from '../src/cli/reference/command-tree.ts'
import { completionScripts } from '../src/cli/reference/completion-scripts.ts'
import { manPages } from '../src/cli/reference/man-pages.ts'
import { rootCommand } from '../src/cli/root-command.ts'
import { Terminal } from '../src/cli/terminal.ts'
import { version } from '../src/platform/version.ts'

const { values } = parseArgs({ options: { out: { type: 'string' } } })
if (values.out === undefined) throw new Error('--out DIR is missing')

const context = new Context(new Terminal(), {}, (each) => rootCommand(each, commandTable))
const { bash, zsh, fish, powershell } = completionScripts
const files: readonly (readonly [path: string, text: string])[] = [
  ...manPages(commandTree(await context.allCommands()), version).map(
    ({ file, section, text }) => [`man/man${section}/${file}`, text] as const,
  ),
  ['completions/authsock.bash', bash],
  ['completions/_authsock', zsh],
  ['completions/authsock.fish', fish],
  ['completions/authsock.ps1', powershell],
]
for (const [path, text] of files) {
  const at = join(values.out, path)
  mkdirSync(dirname(at), { recursive: true })
  writeFileSync(at, text)
}
