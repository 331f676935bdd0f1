// `[[route]]` tables: what a schema cannot say of them, and the routes they are.

import { isProfileName } from '../core/profile.ts'
import { parseUrlPattern, formatUrlPattern, type UrlPattern } from '../core/credentials/url-pattern.ts'
import type { Route } from '../core/credentials/route.ts'
import { normalScope } from '../core/session/scope.ts'
import { closest } from '../core/util/closest.ts'
import type { Complaint } from './validate.ts'

/** A route as the file writes it. */
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
    const place = placeOf(route)
    if (place === undefined) return complaints
    const key = formatUrlPattern(place)
    const before = seen.get(key)
    seen.set(key, index)
    const same = {
      path: ['route', index, 'url'],
      text: `'${key}' has a route already: its ${ordinal(before)} one; remove one of them`,
    }
    return before === undefined ? complaints : [...complaints, same]
  })
}

const ordinal = (index = 0): string => ['first', 'second', 'third'][index] ?? `${index + 1}th`

function* checkRouteParts(route: RouteTable, profiles: readonly string[]): Iterable<{ key?: string; text: string }> {
  const place = parseUrlPattern(route.url)
  if (place === undefined) yield { key: 'url', text: `'url' is '${route.url}': no host can be read from it` }
  else if (/:\/\/[^/@]*:[^/@]*@/.test(route.url)) yield { key: 'url', text: "'url' holds a password" }
  else if (place.host === '*.' || place.host.slice(1).includes('*')) {
    yield { key: 'url', text: "'*' stands for the first part of a host only: '*.example.com'" }
  } else if (place.username !== undefined && route.username !== undefined && place.username !== route.username) {
    yield { key: 'username', text: `'username' is '${route.username}', and 'url' says '${place.username}'` }
  }
  if ((route.profile === undefined) === (route.secret === undefined)) {
    yield { text: "a route leads either to a 'profile' or to a 'secret'" }
  }
  if (route.profile !== undefined && !profiles.includes(route.profile)) {
    const close = closest(route.profile, profiles)
    const advice = close === undefined ? '' : `; did you mean '${close}'?`
    yield { key: 'profile', text: `'profile' is '${route.profile}', and there is no such profile${advice}` }
  }
  if (route.secret !== undefined && !isProfileName(route.secret)) {
    yield {
      key: 'secret',
      text: "'secret' is the name of one that is in the vault (authsock secret add): lower-case letters, digits, '.', '_' and '-'",
    }
  }
  if (route.secret !== undefined) {
    for (const key of ['scopes', 'resource', 'audience'] as const) {
      if (route[key] !== undefined) yield { key, text: `'${key}' is of no meaning for a secret` }
    }
  }
  if (route.resource !== undefined && (!URL.canParse(route.resource) || route.resource.includes('#'))) {
    yield { key: 'resource', text: "'resource' is not an absolute URI without a fragment" }
  }
}

const checkRoute = (route: RouteTable, profiles: readonly string[]) => [...checkRouteParts(route, profiles)]

function placeOf({ url, username }: RouteTable): UrlPattern | undefined {
  const place = parseUrlPattern(url)
  if (place === undefined || username === undefined) return place
  return { ...place, username }
}

/** Of a table that was checked. */
export function toRoute(table: RouteTable): Route {
  const { profile, secret, scopes, resource, audience } = table
  const place = placeOf(table)
  if (place === undefined) throw new TypeError(`no place in '${table.url}'`)
  const to: Route['to'] =
    secret !== undefined
      ? { kind: 'secret', secret }
      : {
          kind: 'profile',
          profile: profile ?? '',
          target: {
            ...(scopes === undefined ? {} : { scope: normalScope(scopes) }),
            ...(resource === undefined ? {} : { resource }),
            ...(audience === undefined ? {} : { audience }),
          },
        }
  return { pattern: place, to, ...(place.username === undefined ? {} : { username: place.username }) }
}
