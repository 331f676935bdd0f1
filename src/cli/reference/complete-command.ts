// `authsock __complete -- WORDS`, for the scripts of shells. It answers whatever is wrong with the configuration or the agent.

import { stripControls } from '../../core/util/text.ts'
import type { Context } from '../context.ts'
import { commandTree } from './command-tree.ts'
import { complete, type LiveNames } from './complete.ts'

export async function completeWords(context: Context, args: readonly string[]): Promise<void> {
  const mark = args.indexOf('--')
  const words = args.slice(mark + 1)
  // PowerShell cannot hand an empty word to a program.
  const given = args[0] === '--powershell' && words.at(-1) === '""' ? [...words.slice(0, -1), ''] : words
  const { candidates, also } = await complete(commandTree(await context.allCommands()), given, liveNames(context))
  for (const { word, about } of candidates) context.terminal.print(`${oneLine(word)}\t${oneLine(about)}`)
  context.terminal.print(`:${also}`)
}

const liveNames = (context: Context): LiveNames => {
  const agent = () => context.agent({ start: false })
  return {
    profiles: () =>
      context.config().then(
        ({ profiles }) => [...profiles.keys()],
        () => [],
      ),
    shares: async () => (await agent()).shares().catch(() => []),
    secrets: async () => (await agent()).secrets().catch(() => []),
    approvals: async () => (await agent()).approvals().catch(() => []),
  }
}

/** A candidate is a line, and what follows a tab is its description. */
const oneLine = (text: string): string => stripControls(text).replaceAll(/\s+/g, ' ')
