// `authsock completion SHELL`: the script by which a shell completes `authsock`. `authsock install` puts the same into place.

import type { Command } from 'commander'
import { oneOf } from '../arguments.ts'
import type { Context } from '../context.ts'
import type { MakeLeaf } from '../leaf.ts'
import { completionScripts, shells } from '../reference/completion-scripts.ts'

export function register(root: Command, leaf: MakeLeaf): void {
  leaf(root, 'completion <shell>', 'print the completion script of bash, zsh, fish or powershell', completion).addHelpText(
    'after',
    `
Examples:
  source <(authsock completion bash)                                in ~/.bashrc
  source <(authsock completion zsh)                                 in ~/.zshrc, after compinit
  authsock completion fish | source                                 in ~/.config/fish/config.fish
  authsock completion powershell | Out-String | Invoke-Expression   in $PROFILE

\`authsock install\` puts them into place.`,
  )
}

async function completion(context: Context, name: string): Promise<void> {
  const shell = oneOf('the shell', shells)(name)
  if (context.asJson) context.terminal.json({ shell, script: completionScripts[shell] })
  else context.terminal.printRaw(completionScripts[shell])
}
