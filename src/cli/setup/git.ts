// git: its global configuration, edited by git itself.

import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../../core/failures.ts'
import { formatUrlPattern, type UrlPattern } from '../../core/credentials/url-pattern.ts'
import { type Change, fileChange, type Plan, readText } from './change.ts'
import { isWeb, helperReplacedNotice, patternsOf, program, type SetupContext } from './context.ts'

export function git(context: SetupContext): Plan {
  const { env, home, targets } = context
  const helper = program(context, 'git-credential-authsock')
  const xdg = join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'git', 'config')
  const own = join(home, '.gitconfig')
  const path = env['GIT_CONFIG_GLOBAL'] ?? (!existsSync(own) && existsSync(xdg) ? xdg : own)
  const patterns = targets.length === 0 ? [] : patternsOf(context)
  const now = readText(path) ?? ''
  const command = helper.includes(' ') ? `"${helper}"` : helper
  // The empty value resets the list: with two helpers, both would store what the user types.
  const subsections = patterns.map((pattern) => `credential.${formatUrlPattern(withScheme(pattern))}`)
  const sections = (patterns.length === 0 ? ['credential'] : subsections).filter((name) => {
    const header = name === 'credential' ? '[credential]' : `[credential "${name.slice('credential.'.length)}"]`
    return !isSetUp(now, header, helper)
  })
  const withPath = context.routes.map(({ pattern }) => pattern).filter((pattern) => pattern.segments.length > 0 && isWeb(pattern))
  const hosts = new Set(withPath.map((pattern) => formatUrlPattern({ ...withScheme(pattern), segments: [] })))
  const paths = [...hosts]
    .filter((host) => !isSetUp(now, `[credential "${host}"]`, undefined))
    .map((host) => [`credential.${host}.useHttpPath`, 'true'] as const)
  const settings = [
    ...sections.flatMap((name) => [[`${name}.helper`, ''] as const, [`${name}.helper`, command] as const]),
    ...paths,
  ]
  const before = sections.includes('credential') ? helperBefore(now) : undefined
  return {
    changes: settings.length === 0 ? [] : gitConfig(path, settings),
    notes: [
      ...(paths.length === 0 ? [] : ['git sends paths (useHttpPath) to hosts whose routes have one']),
      ...(before === undefined ? [] : [helperReplacedNotice(`the helper '${before}'`, 'git')]),
      ...(patterns.length > 0
        ? []
        : others(now, helper).map((url) => `${url} keeps its own helper: \`authsock setup git ${url}\` replaces it`)),
    ],
  }
}

const withScheme = (pattern: UrlPattern): UrlPattern => ({ ...pattern, scheme: pattern.scheme ?? 'https' })

/** Lets git add the settings to a copy of the file. */
function gitConfig(path: string, settings: readonly (readonly [name: string, value: string])[]): readonly Change[] {
  const folder = mkdtempSync(join(tmpdir(), 'authsock-'))
  const copy = join(folder, 'config')
  try {
    const before = readText(path)
    if (before === undefined) writeFileSync(copy, '', { mode: 0o600 })
    else copyFileSync(path, copy)
    for (const [name, value] of settings) {
      const { status, stderr, error } = spawnSync('git', ['config', '--file', copy, '--add', name, value], { encoding: 'utf8' })
      if (status !== 0)
        throw new Failure('bad_request', `git config failed: ${error?.message ?? stderr.trim()}`, { hint: `check ${path}` })
    }
    return fileChange(path, () => readText(copy) ?? '')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const helperBefore = (text: string): string | undefined =>
  [...text.matchAll(/^\[credential\]([^[]*)/gm)]
    .map(([, body = '']) => /^\s*helper = (\S.*)/m.exec(body)?.[1])
    .findLast((each) => each !== undefined)

/** URLs with a helper of their own, as `gh auth setup-git` sets: it comes after those for every host. */
const others = (text: string, helper: string): readonly string[] =>
  [...text.matchAll(/^\[credential "([^"]+)"\]([^[]*)/gm)].flatMap(([, url = '', body = '']) =>
    /^\s*helper = \S/m.test(body) && !body.includes(helper) ? [url] : [],
  )

function isSetUp(text: string, header: string, helper: string | undefined): boolean {
  const at = text.indexOf(header)
  if (at < 0) return false
  const body = text.slice(at + header.length).split(/\n\[/)[0] ?? ''
  // git quotes a path with spaces.
  return helper === undefined ? body.includes('useHttpPath = true') : /^\s*helper = /m.test(body) && body.includes(helper)
}
