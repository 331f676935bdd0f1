// What a plan is made from: the user's folders, routes and arguments, and where our programs are.

import { existsSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { Failure } from '../../core/failures.ts'
import { parseUrlPattern, type UrlPattern } from '../../core/credentials/url-pattern.ts'
import type { Route } from '../../core/credentials/route.ts'
import { linkChange, type Plan } from './change.ts'

export interface SetupOptions {
  readonly profile?: string
  readonly roleArn?: string
  readonly region?: string
  readonly idToken?: boolean
}

export interface SetupContext {
  readonly env: NodeJS.ProcessEnv
  readonly home: string
  /** The folder of git-credential-authsock and the others. */
  readonly programs: string
  readonly routes: readonly Route[]
  /** Names of the profiles in config.toml. */
  readonly profiles: ReadonlySet<string>
  /** Hosts, registries or names that the user typed. */
  readonly targets: readonly string[]
  readonly options: SetupOptions
}

export interface Tool {
  readonly name: string
  /** For `authsock setup`. */
  readonly about: string
  plan(context: SetupContext): Plan | Promise<Plan>
}

export const isWeb = ({ scheme, host }: UrlPattern): boolean =>
  (scheme === undefined || scheme === 'https' || scheme === 'http') && !host.startsWith('*.')

/** The URLs that were typed, or else those of all routes. */
export function patternsOf({ targets, routes }: SetupContext): readonly UrlPattern[] {
  if (targets.length === 0) return routes.map(({ pattern }) => pattern).filter(isWeb)
  return targets.map((target) => {
    const pattern = parseUrlPattern(target)
    if (pattern !== undefined) return pattern
    throw new Failure('bad_request', `no host in '${target}'`, { hint: 'write https://HOST' })
  })
}

export function profileOf({ options, routes }: SetupContext, tool: string): string {
  const [first, ...others] = new Set(routes.flatMap(({ to }) => (to.kind === 'profile' ? [to.profile] : [])))
  if (options.profile !== undefined) return options.profile
  if (first !== undefined && others.length === 0) return first
  throw new Failure('profile_required', `${tool} needs a profile`, { hint: 'add --profile NAME' })
}

export function program({ programs }: SetupContext, name: string): string {
  const path = join(programs, name)
  if (existsSync(path)) return path
  throw new Failure('not_found', `${name} is not installed in ${programs}`, { hint: '`npm run build` makes it' })
}

/** A link in ~/.local/bin, for a program that its tool searches for on the PATH and does not find. */
export function onPath(context: SetupContext, name: string): Plan {
  const { env, home } = context
  const target = program(context, name)
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder))
  if (folders.some((folder) => existsSync(join(folder, name)))) return { changes: [], notes: [] }
  const local = join(home, '.local', 'bin')
  const notes = folders.includes(local) ? [] : [`add ${local} to your PATH: the tool searches for ${name} there`]
  return { changes: linkChange(join(local, name), target), notes }
}

/** About the credential store that the tool used before. */
export const helperReplacedNotice = (store: string, tool: string): string =>
  `${store} is no longer used: add its credentials with \`authsock secret add\`, or undo this with \`authsock setup ${tool} --undo\``

export const quoted = (text: string): string => JSON.stringify(text)
