// Tab in real shells: bash, zsh and fish load what `authsock completion` prints and complete lines; names are those of this moment.

import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Home } from '../../support/home.ts'
import { describeWith, findProgram, isPosix, programs } from '../../support/real-part.ts'
import { Tmux } from '../../support/tmux.ts'

let home: Home

beforeAll(async () => {
  home = new Home()
  const profile = (name: string): string => `[profile.${name}]\nissuer = "https://a.example"\nclient_id = "x"\n`
  home.config(`${profile('work')}${profile('world')}${profile('home')}`)
  const bin = join(home.path, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'authsock'), `#!/bin/sh\nexec '${process.execPath}' '${home.program}' "$@"\n`)
  chmodSync(join(bin, 'authsock'), 0o755)
  home.env['PATH'] = `${bin}:${home.env['PATH']}`
  expect((await home.run(['share', 'create', 'devbox', '--profile', 'work', '--all-scopes'])).code).toBe(0)
  expect((await home.run(['secret', 'add', 'openai', '--stdin'], { stdin: 'x\n' })).code).toBe(0)
})

afterAll(() => home.close())

const complete = async (...words: readonly string[]): Promise<readonly string[]> => {
  const { code, stdout, stderr } = await home.run(['__complete', '--', ...words])
  expect([code, stderr]).toEqual([0, ''])
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t')[0] ?? '')
}

describe('what Tab offers', () => {
  test.each([
    ['commands', ['log'], ['login', 'logout', ':nothing']],
    ['subcommands', ['share', 'r'], ['remove', 'run-args', ':nothing']],
    ['profiles', ['token', 'wor'], ['work', 'world', ':nothing']],
    ['profiles, as the value of an option', ['share', 'create', 'x', '--profile', 'h'], ['home', ':nothing']],
    ['the same with =', ['share', 'create', 'x', '--profile=h'], ['--profile=home', ':nothing']],
    ['the same as bash splits it', ['share', 'create', 'x', '--profile', '=', 'h'], ['home', ':nothing']],
    ['shares', ['share', 'show', ''], ['devbox', ':nothing']],
    ['secrets', ['secret', 'remove', ''], ['openai', ':nothing']],
    ['choices', ['share', 'run-args', 'devbox', '--format', 'dockerc'], [':nothing']],
    ['grants', ['profile', 'set', 'work', '--grant', 'd'], ['device_code', ':nothing']],
    ['tools', ['setup', 'doc'], ['docker', ':nothing']],
    ['options', ['retry', '--j'], ['--json', ':nothing']],
    ['no option twice', ['retry', '--json', '--j'], [':nothing']],
    ['files', ['secret', 'add', 'x', '--file', ''], [':files']],
    ['a command', ['exec', 'work', '--', ''], [':command']],
    ['help', ['help', 'share', 'cr'], ['create', ':nothing']],
    ['nothing behind the last argument', ['token', 'work', ''], [':nothing']],
  ])('%s', async (_, words, expected) => {
    expect(await complete(...words)).toEqual(expected)
  })

  test('an invalid config.toml and no agent: no names, and no error', async () => {
    const other = new Home()
    try {
      other.config('nonsense')
      const { code, stdout, stderr } = await other.run(['__complete', '--', 'token', ''])
      expect([code, stdout, stderr]).toEqual([0, ':nothing\n', ''])
      expect((await other.run(['__complete', '--', 'share', 'show', ''])).stdout).toBe(':nothing\n')
    } finally {
      await other.close()
    }
  })
})

describeWith({ ...programs('bash'), POSIX: isPosix }, 'bash', () => {
  const replies = (...words: readonly string[]): readonly string[] => {
    const script = `source <(authsock completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }; _authsock; printf '%s\\n' "\${COMPREPLY[@]}"`
    return execFileSync('bash', ['-c', script, 'bash', 'authsock', ...words], { env: home.env, cwd: home.path, encoding: 'utf8' })
      .trimEnd()
      .split('\n')
  }

  test('names, options and files', () => {
    expect(replies('token', 'wor')).toEqual(['work', 'world'])
    expect(replies('share', 'create', 'x', '--profile', '=', 'h')).toEqual(['home'])
    expect(replies('secret', 'add', 'x', '--file', 'mas')).toEqual(['master.key'])
    expect(replies('exec', 'work', '--', 'authsoc')).toContain('authsock')
  })
})

describeWith({ ...programs('fish'), POSIX: isPosix }, 'fish', () => {
  const replies = (line: string): readonly string[] =>
    execFileSync('fish', ['-c', `authsock completion fish | source; complete -C ${JSON.stringify(line)}`], {
      env: home.env,
      cwd: home.path,
      encoding: 'utf8',
    })
      .trimEnd()
      .split('\n')

  test('names with what they are, and files', () => {
    expect(replies('authsock token wor')).toEqual(['work\tprofile', 'world\tprofile'])
    expect(replies('authsock share create x --profile=h')).toEqual(['--profile=home\tprofile'])
    expect(replies('authsock secret add x --file mas').join()).toContain('master.key')
    expect(replies('authsock exec work -- authsoc').join()).toContain('authsock')
  })

  test('what `authsock install` puts into place is found', async () => {
    expect((await home.run(['install', '--autostart', 'none'])).code).toBe(0)
    const found = execFileSync('fish', ['-c', 'complete -C "authsock share sho"'], { env: home.env, encoding: 'utf8' })
    expect(found).toContain('show')
  })
})

describeWith({ ...programs('zsh', 'tmux'), POSIX: isPosix }, 'zsh', () => {
  test('Tab completes a name and a file at a prompt, from what `authsock install` has put into place', async () => {
    expect((await home.run(['install', '--autostart', 'none'])).code).toBe(0)
    writeFileSync(
      join(home.path, '.zshrc'),
      `fpath=('${join(home.path, '.local/share/zsh/site-functions')}' $fpath)\nautoload -Uz compinit\ncompinit -u\nPS1='ready> '\n`,
    )
    const terminal = new Tmux(home)
    try {
      terminal.send(`exec '${findProgram('zsh')}' -i`)
      await terminal.see(/^ready> $/m)
      terminal.send(`cd '${home.path}'`)
      for (const [typed, seen] of [
        ['authsock profile show ho', /profile show home/],
        ['authsock secret add x --file mast', /--file master\.key/],
        ['authsock exec work -- authsoc', /-- authsock\b/],
      ] as const) {
        terminal.keys(typed)
        terminal.key('Tab')
        await terminal.see(seen)
        terminal.key('C-u')
      }
    } finally {
      terminal.close()
    }
  })
})

const hasPowerShell = findProgram('pwsh') !== undefined

// Debian has no package of it: the script is run where PowerShell is, and looked at everywhere.
describe('PowerShell', () => {
  test('the script asks authsock for the words', async () => {
    const { code, stdout } = await home.run(['completion', 'powershell'])
    expect([code, stdout]).toEqual([0, expect.stringMatching(/Register-ArgumentCompleter\s+-Native\s+-CommandName\s+'?authsock/)])
    for (const [open, close] of ['{}', '()', '[]']) {
      const count = (mark = ''): number => stdout.split(mark).length
      expect([open, count(open)]).toEqual([open, count(close)])
    }
    if (!hasPowerShell) return
    const script = `Invoke-Expression (& authsock completion powershell | Out-String); (TabExpansion2 'authsock token wor' 18).CompletionMatches.CompletionText`
    const tabbed = spawnSync('pwsh', ['-NoProfile', '-Command', script], { env: home.env, encoding: 'utf8' })
    expect(tabbed.stdout.trim().split(/\r?\n/)).toEqual(['work', 'world'])
  })
})
