// `[[route]]` tables: what a schema cannot check about them, and the routes they define.

import { isProfileName } from '../core/profile.ts'
import { parseUrlPattern, formatUrlPattern, type UrlPattern } from '../core/credentials/url-pattern.ts'
import type { Route } from '../core/credentials/route.ts'
import { normalScope } from '../core/session/scope.ts'
import { defined } from '../core/util/defined.ts'
import { closest } from '../core/util/closest.ts'
import type { Complaint } from './validate.ts'

/** A route as it is written in the file. */
export interface RouteTable {
  readonly url: string
  readonly profile?: string
  readonly secret?: string
  readonly username?: string
  readonly scopes?: readonly string[]
  readonly resource?: string
  readonly audience?: string
}

export function checkRoutes(routes: readonly RouteTable[], profiles: readonly string[]): readonly Complaint[] {
  const seen = new Map<string, number>()
  return routes.flatMap((route, index) => {
    const complaints = checkRoute(route, profiles).map(({ key, text }) => ({
      path: key === undefined ? ['route', index] : ['route', index, key],
      text,
    }))
    const pattern = patternOf(route)
    if (pattern === undefined) return complaints
    const key = formatUrlPattern(pattern)
    const before = seen.get(key)
    seen.set(key, index)
    const same = {
      path: ['route', index, 'url'],
      text: `'${key}' already has a route (the ${ordinal(before)} one): remove one of them`,
    }
    return before === undefined ? complaints : [...complaints, same]
  })
}

const ordinal = (index = 0): string => ['first', 'second', 'third'][index] ?? `${index + 1}th`

function* checkRouteParts(route: RouteTable, profiles: readonly string[]): Iterable<{ key?: string; text: string }> {
  const pattern = parseUrlPattern(route.url)
  if (pattern === undefined) yield { key: 'url', text: `'url' has no host: '${route.url}'` }
  else if (/:\/\/[^/@]*:[^/@]*@/.test(route.url)) yield { key: 'url', text: "'url' contains a password" }
  else if (pattern.host === '*.' || pattern.host.slice(1).includes('*')) {
    yield { key: 'url', text: "'*' is allowed only as the first label of a host: '*.example.com'" }
  } else if (pattern.username !== undefined && route.username !== undefined && pattern.username !== route.username) {
    yield { key: 'username', text: `'username' is '${route.username}', but 'url' has '${pattern.username}'` }
  }
  if ((route.profile === undefined) === (route.secret === undefined)) {
    yield { text: "a route needs either a 'profile' or a 'secret'" }
  }
  if (route.profile !== undefined && !profiles.includes(route.profile)) {
    const close = closest(route.profile, profiles)
    const advice = close === undefined ? '' : `; did you mean '${close}'?`
    yield { key: 'profile', text: `'profile' is '${route.profile}', which is not a profile${advice}` }
  }
  if (route.secret !== undefined && !isProfileName(route.secret)) {
    yield {
      key: 'secret',
      text: "'secret' must be the name of a static secret (authsock secret add): lower-case letters, digits, '.', '_' and '-'",
    }
  }
  if (route.secret !== undefined) {
    for (const key of ['scopes', 'resource', 'audience'] as const) {
      if (route[key] !== undefined) yield { key, text: `'${key}' has no effect for a secret` }
    }
  }
  if (route.resource !== undefined && (!URL.canParse(route.resource) || route.resource.includes('#'))) {
    yield { key: 'resource', text: "'resource' must be an absolute URI without a fragment" }
  }
}

const checkRoute = (route: RouteTable, profiles: readonly string[]) => [...checkRouteParts(route, profiles)]

function patternOf({ url, username }: RouteTable): UrlPattern | undefined {
  const pattern = parseUrlPattern(url)
  if (pattern === undefined || username === undefined) return pattern
  return { ...pattern, username }
}

/** The table must have passed checkRoutes. */
export function toRoute(table: RouteTable): Route {
  const { profile, secret, scopes, resource, audience } = table
  const pattern = patternOf(table)
  if (pattern === undefined) throw new TypeError(`no host in '${table.url}'`)
  const to: Route['to'] =
    secret !== undefined
      ? { kind: 'secret', secret }
      : {
          kind: 'profile',
          profile: profile ?? '',
          target: defined({ scope: scopes === undefined ? undefined : normalScope(scopes), resource, audience }),
        }
  return defined({ pattern, to, username: pattern.username })
}
