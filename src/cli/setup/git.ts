// git: its global configuration, changed by git itself.

import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../../core/failures.ts'
import { formatUrlPattern } from '../../core/credentials/url-pattern.ts'
import { type Change, fileChange, type Plan, readText } from './change.ts'
import { isWeb, letGo, placesOf, program, type Surroundings } from './context.ts'

export function git(surroundings: Surroundings): Plan {
  const { env, home, targets } = surroundings
  const helper = program(surroundings, 'git-credential-authsock')
  const xdg = join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'git', 'config')
  const own = join(home, '.gitconfig')
  const path = env['GIT_CONFIG_GLOBAL'] ?? (!existsSync(own) && existsSync(xdg) ? xdg : own)
  const places = targets.length === 0 ? [] : placesOf(surroundings)
  const now = readText(path) ?? ''
  const command = helper.includes(' ') ? `"${helper}"` : helper
  // The empty value lets go of helpers that were set before: two would both keep what the user types.
  const subsections = places.map((place) => `credential.${formatUrlPattern({ ...place, scheme: place.scheme ?? 'https' })}`)
  const sections = (places.length === 0 ? ['credential'] : subsections).filter((name) => {
    const header = name === 'credential' ? '[credential]' : `[credential "${name.slice('credential.'.length)}"]`
    return !isSetUp(now, header, helper)
  })
  const withPath = surroundings.routes.filter(({ pattern: place }) => place.segments.length > 0 && isWeb(place))
  const hosts = new Set(
    withPath.map(({ pattern: place }) => formatUrlPattern({ ...place, scheme: place.scheme ?? 'https', segments: [] })),
  )
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
      ...(paths.length === 0 ? [] : ['git is told to name paths (useHttpPath) where routes tell them apart']),
      ...(before === undefined ? [] : [letGo(`the helper '${before}'`, 'git')]),
      ...(places.length > 0
        ? []
        : others(now, helper).map((place) => `${place} keeps a helper of its own: \`authsock setup git ${place}\``)),
    ],
  }
}

/** What git itself makes of a file when it is told to. */
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
        throw new Failure('bad_request', `git cannot change its configuration: ${error?.message ?? stderr.trim()}`)
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

/** Where a helper is set for one place, as `gh auth setup-git` does: it comes after those for all. */
const others = (text: string, helper: string): readonly string[] =>
  [...text.matchAll(/^\[credential "([^"]+)"\]([^[]*)/gm)].flatMap(([, place = '', body = '']) =>
    /^\s*helper = \S/m.test(body) && !body.includes(helper) ? [place] : [],
  )

function isSetUp(text: string, header: string, helper: string | undefined): boolean {
  const at = text.indexOf(header)
  if (at < 0) return false
  const body = text.slice(at + header.length).split(/\n\[/)[0] ?? ''
  // git writes quotes around a path with blanks, and a backslash before each.
  return helper === undefined ? body.includes('useHttpPath = true') : /^\s*helper = /m.test(body) && body.includes(helper)
}
