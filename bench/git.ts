// Part 2: `git credential fill` with each helper, as its users set it up.

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { findProgram } from '../test/support/real-part.ts'
import type { Ground } from './ground.ts'
import { ratios, shown, spread, times } from './numbers.ts'
import { atMost, type Part } from './report.ts'
import { type Command, dist } from './tools.ts'

const asked = 'protocol=https\nhost=git.example.com\n\n'

export async function gitCredential({ tools, home, token }: Ground, isQuick: boolean): Promise<Part> {
  const title = '`git credential fill`'
  const git = findProgram('git')
  if (git === undefined) return { title, about: [], tables: [], targets: [], missing: ['git'] }
  const added = await home.run(['route', 'add', 'https://git.example.com', '--profile', 'work'])
  if (added.code !== 0) throw new Error(added.stderr)
  const env = { ...home.env, GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' }
  const fill = (...helpers: readonly string[]): Command => ({
    line: [git, ...['', ...helpers].flatMap((helper) => ['-c', `credential.helper=${helper}`]), 'credential', 'fill'],
    stdin: asked,
    least: asked.length + token.length,
  })
  const oauth = findProgram('git-credential-oauth')
  const commands = {
    'credential-cache': fill('cache'),
    'git-credential-authsock': fill(join(dist, 'bin/git-credential-authsock')),
    'a shell that prints a password': fill(`!f() { echo username=u; echo password=${token}; }; f`),
    ...(oauth === undefined ? {} : { 'credential-cache, git-credential-oauth': fill('cache', 'oauth') }),
  }
  const stored = `${asked.trim()}\nusername=u\npassword=${token}\n\n`
  execFileSync(git, ['-c', 'credential.helper=cache --timeout 3600', 'credential', 'approve'], { env, input: stored })
  const found = await tools.rounds(isQuick ? 5 : 300, commands, env).finally(() => {
    execFileSync(git, ['credential-cache', 'exit'], { env })
  })
  const ms = (name: string): readonly number[] => found.get(name) ?? []
  const cache = ms('credential-cache')
  return {
    title,
    about: [
      'Each helper as its users set it up: credential-cache by name, authsock by its path, as `authsock setup git` writes it. git starts a helper by a shell, and what that costs alone is the third row. git-credential-oauth stands behind a helper that stores, and git asks it when that one has nothing: what is measured is the answer of the one before it.',
    ],
    tables: [
      {
        head: ['', 'ms', 'by credential-cache'],
        rows: [...found].map(([name, all]) => [name, shown(spread(all)), times(ratios(all, cache))]),
      },
    ],
    targets: [atMost('`git credential fill`: authsock, by credential-cache', 1.1, ratios(ms('git-credential-authsock'), cache))],
    missing: oauth === undefined ? ['git-credential-oauth'] : [],
  }
}
