// A route leads a place to a profile's session or to a static secret. config/ reads them from config.toml.

import { bySpecificity, covers, type UrlPattern } from './url-pattern.ts'
import type { Target } from '../session/session.ts'

export interface Route {
  readonly pattern: UrlPattern
  readonly to:
    | { readonly kind: 'profile'; readonly profile: string; readonly target: Target }
    | { readonly kind: 'secret'; readonly secret: string }
  /** What tools are told as the user name. */
  readonly username?: string
}

/** Why a place gets what it gets: the routes that cover it, the winner first, and those of its host that do not. */
export function explainRoutes(place: UrlPattern, routes: readonly Route[]) {
  const matching = routes.filter((route) => covers(route.pattern, place)).sort((a, b) => bySpecificity(a.pattern, b.pattern))
  const others = routes.filter((route) => route.pattern.host === place.host && !matching.includes(route))
  return { matching, others }
}
