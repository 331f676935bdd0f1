// A route says which profile or static secret a URL uses. They are defined in config.toml.

import { bySpecificity, covers, type UrlPattern } from './url-pattern.ts'
import type { Target } from '../session/session.ts'

export interface Route {
  readonly pattern: UrlPattern
  readonly to:
    | { readonly kind: 'profile'; readonly profile: string; readonly target: Target }
    | { readonly kind: 'secret'; readonly secret: string }
  /** The user name that tools are given. */
  readonly username?: string
}

/** For `route test`: the routes that cover the URL, the one that is used first, and those of its host that do not cover it. */
export function explainRoutes(url: UrlPattern, routes: readonly Route[]) {
  const matching = routes.filter((route) => covers(route.pattern, url)).sort((a, b) => bySpecificity(a.pattern, b.pattern))
  const others = routes.filter((route) => route.pattern.host === url.host && !matching.includes(route))
  return { matching, others }
}
