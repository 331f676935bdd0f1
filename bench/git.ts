// Part 2: `git credential fill` with each helper, as its users set it up.

import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { findProgram } from '../test/support/real-part.ts'
import type { Ground } from './ground.ts'
import { ratios, shown, spread, times } from './numbers.ts'
import { atMost, type Part } from './report.ts'
import { type Command, dist } from './tools.ts'

const host = 'git.example.com'
const storedHost = (number: number): string => `git-${number}.example.org`
const asked = (where: string): string => `protocol=https\nhost=${where}\n\n`
/** ms after which an agent trusts the file system to show whether anybody has changed the vault. */
const settled = 2_500
/** Bytes of a password that is stored. */
const passwordLength = 40

export async function gitCredential({ tools, home, token }: Ground, isQuick: boolean): Promise<Part> {
  const title = '`git credential fill`'
  const git = findProgram('git')
  if (git === undefined) return { title, about: [], tables: [], targets: [], missing: ['git'] }
  const added = await home.run(['route', 'add', `https://${host}`, '--profile', 'work'])
  if (added.code !== 0) throw new Error(added.stderr)
  const env = { ...home.env, GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' }
  const line = (helpers: readonly string[], operation: string): readonly [string, ...string[]] => [
    git,
    ...['', ...helpers].flatMap((helper) => ['-c', `credential.helper=${helper}`]),
    'credential',
    operation,
  ]
  const fill = (where: string, ...helpers: readonly string[]): Command => ({
    line: line(helpers, 'fill'),
    stdin: asked(where),
    least: asked(where).length + (where === host ? token.length : passwordLength),
  })
  const store = (where: string, helper: string, password: string): void => {
    const [program, ...args] = line([helper], 'approve')
    execFileSync(program, args, { env, input: `${asked(where).trim()}\nusername=u\npassword=${password}\n\n` })
  }
  const authsock = join(dist, 'bin/git-credential-authsock')
  const oauth = findProgram('git-credential-oauth')
  const count = isQuick ? 3 : 100
  const stored = `git-credential-authsock, one of ${count} stored passwords`
  const commands = {
    'credential-cache': fill(host, 'cache'),
    'git-credential-authsock': fill(host, authsock),
    [stored]: fill(storedHost(1), authsock),
    'a shell that prints a password': fill(host, `!f() { echo username=u; echo password=${token}; }; f`),
    ...(oauth === undefined ? {} : { 'credential-cache, git-credential-oauth': fill(host, 'cache', 'oauth') }),
  }
  store(host, 'cache --timeout 3600', token)
  for (let number = 0; number < count; number++) {
    store(storedHost(number), authsock, randomBytes(passwordLength / 2).toString('hex'))
  }
  await pause(settled)
  const found = await tools.rounds(isQuick ? 5 : 300, commands, env).finally(() => {
    execFileSync(git, ['credential-cache', 'exit'], { env })
  })
  const ms = (name: string): readonly number[] => found.get(name) ?? []
  const cache = ms('credential-cache')
  return {
    title,
    about: [
      'Each helper as its users set it up: credential-cache by name, authsock by its path, as `authsock setup git` writes it; it gives the token of a session, or a password that git has stored with it. git starts a helper by a shell, and what that costs alone is the row of the shell. git-credential-oauth stands behind a helper that stores, and git asks it when that one has nothing: what is measured is the answer of the one before it.',
    ],
    tables: [
      {
        head: ['', 'ms', 'by credential-cache'],
        rows: [...found].map(([name, all]) => [name, shown(spread(all)), times(ratios(all, cache))]),
      },
    ],
    targets: [
      atMost('`git credential fill`: authsock, by credential-cache', 1.1, ratios(ms('git-credential-authsock'), cache)),
      atMost(`the same, one of ${count} stored passwords`, 1.1, ratios(ms(stored), cache)),
    ],
    missing: oauth === undefined ? ['git-credential-oauth'] : [],
  }
}
