// What a plan is made from: the user's folders, routes and words, and where our programs are.

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

export interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  readonly home: string
  /** Where git-credential-authsock and the others are. */
  readonly programs: string
  readonly routes: readonly Route[]
  /** The names of those in config.toml. */
  readonly profiles: ReadonlySet<string>
  /** Hosts, registries, names: what the user typed. */
  readonly targets: readonly string[]
  readonly options: SetupOptions
}

export interface Tool {
  readonly name: string
  readonly about: string
  plan(surroundings: Surroundings): Plan | Promise<Plan>
}

export const isWeb = ({ scheme, host }: UrlPattern): boolean =>
  (scheme === undefined || scheme === 'https' || scheme === 'http') && !host.startsWith('*.')

/** The places that were named, or else all that routes lead to. */
export function placesOf({ targets, routes }: Surroundings): readonly UrlPattern[] {
  if (targets.length === 0) return routes.map(({ pattern: place }) => place).filter(isWeb)
  return targets.map((target) => {
    const place = parseUrlPattern(target)
    if (place !== undefined) return place
    throw new Failure('bad_request', `no host can be read from '${target}'`)
  })
}

export function profileOf({ options, routes }: Surroundings, what: string): string {
  const [first, ...others] = new Set(routes.flatMap(({ to }) => (to.kind === 'profile' ? [to.profile] : [])))
  if (options.profile !== undefined) return options.profile
  if (first !== undefined && others.length === 0) return first
  throw new Failure('profile_required', `${what} needs a profile`, { hint: 'add --profile NAME' })
}

export function program({ programs }: Surroundings, name: string): string {
  const path = join(programs, name)
  if (existsSync(path)) return path
  throw new Failure('not_found', `${name} is not installed at ${programs}`, { hint: '`npm run build` makes it' })
}

/** A link in a folder of the user's, where a program has to be found on the PATH and is not. */
export function onPath(surroundings: Surroundings, name: string): Plan {
  const { env, home } = surroundings
  const target = program(surroundings, name)
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder))
  if (folders.some((folder) => existsSync(join(folder, name)))) return { changes: [], notes: [] }
  const local = join(home, '.local', 'bin')
  const notes = folders.includes(local) ? [] : [`put ${local} on your PATH: ${name} is looked for there`]
  return { changes: linkChange(join(local, name), target), notes }
}

/** Of a store that is no longer asked. */
export const letGo = (store: string, tool: string): string =>
  `${store} is not asked any more: what it keeps is to be given once more, or \`authsock setup ${tool} --undo\``

export const quoted = (text: string): string => JSON.stringify(text)
