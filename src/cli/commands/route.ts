// `authsock route ...`: where tools get their credentials from.

import { Failure } from '../../core/failures.ts'
import { covers, parseUrlPattern, type UrlPattern, formatUrlPattern } from '../../core/credentials/url-pattern.ts'
import { explainRoutes, type Route } from '../../core/credentials/route.ts'
import { paths } from '../../client/local.ts'
import type { SecretStatus } from '../../client/index.ts'
import type { Context } from '../context.ts'

export interface RouteOptions {
  readonly profile?: string
  readonly secret?: string
  readonly username?: string
  readonly scope?: readonly string[]
  readonly resource?: string
  readonly audience?: string
}

export async function routeAdd(context: Context, url: string, options: RouteOptions): Promise<void> {
  const { addRoute, readConfigFile } = await import('../config-file.ts')
  const { configFile } = paths(context.env)
  const { secret, username, scope, resource, audience } = options
  const { profiles, defaultProfile } = await readConfigFile(configFile)
  const sole = defaultProfile ?? (profiles.size === 1 ? [...profiles.keys()][0] : undefined)
  const profile = options.profile ?? (secret === undefined ? sole : undefined)
  if (profile === undefined && secret === undefined) {
    throw new Failure('profile_required', 'a route leads to a profile or to a static secret', {
      hint: 'add --profile NAME or --secret NAME',
    })
  }
  await addRoute(configFile, {
    url,
    ...(profile === undefined ? {} : { profile }),
    ...(secret === undefined ? {} : { secret }),
    ...(username === undefined ? {} : { username }),
    ...(scope === undefined ? {} : { scopes: scope }),
    ...(resource === undefined ? {} : { resource }),
    ...(audience === undefined ? {} : { audience }),
  })
  if (context.asJson) context.terminal.json({ url, ...(profile === undefined ? { secret } : { profile }), config: configFile })
  else {
    context.terminal.note(`${url} gets ${profile === undefined ? `the secret '${secret}'` : `tokens of '${profile}'`}`)
    if (secret !== undefined) await sayMissing(context, secret)
    context.terminal.hint('`authsock setup` tells git, docker and others to ask authsock')
    if ((parseUrlPattern(url)?.segments.length ?? 0) > 0)
      context.terminal.hint('git says no paths unless it is told to: `authsock setup git` does, also where git is set up already')
  }
}

async function sayMissing(context: Context, secret: string): Promise<void> {
  const secrets = await (await context.agent()).secrets().catch(() => [])
  if (!secrets.some(({ name }) => name === secret))
    context.terminal.hint(`\`authsock secret add ${secret}\` adds the secret itself`)
}

export async function routeList(context: Context): Promise<void> {
  const { readConfigFile } = await import('../config-file.ts')
  const { routes } = await readConfigFile(paths(context.env).configFile)
  if (context.asJson) {
    context.terminal.json({ routes: routes.map(inJson) })
    return
  }
  if (routes.length === 0) context.terminal.hint('no routes yet; `authsock route add https://HOST --profile PROFILE` makes one')
  const width = Math.max(0, ...routes.map(({ pattern: place }) => formatUrlPattern(place).length))
  for (const route of routes) context.terminal.print(`${formatUrlPattern(route.pattern).padEnd(width)}   ${leadsTo(route)}`)
}

export async function routeRemove(context: Context, url: string, { username }: { readonly username?: string }): Promise<void> {
  const { removeRoute } = await import('../config-file.ts')
  await removeRoute(paths(context.env).configFile, url, username)
  if (context.asJson) context.terminal.json({ url })
  else context.terminal.note(`the route of ${url} is removed`)
}

/** What a tool that asks for this URL gets, and why. */
export async function routeTest(context: Context, url: string, { username }: { readonly username?: string }): Promise<void> {
  const { readConfigFile } = await import('../config-file.ts')
  const parsed = parseUrlPattern(url)
  if (parsed === undefined) throw new Failure('bad_request', `no host can be read from '${url}'`)
  const place: UrlPattern = username === undefined ? parsed : { ...parsed, username }
  const { routes } = await readConfigFile(paths(context.env).configFile)
  const { matching, others } = explainRoutes(place, routes)
  const [winner, ...behind] = matching
  const secrets = winner === undefined ? await coveringSecrets(context, place) : []
  if (context.asJson) {
    context.terminal.json({
      url: formatUrlPattern(place),
      ...(winner === undefined ? {} : { route: inJson(winner) }),
      ...(winner === undefined && secrets[0] !== undefined ? { secret: secrets[0].name } : {}),
      also: behind.map(inJson),
      not: others.map(inJson),
    })
  } else {
    const { terminal } = context
    if (winner !== undefined) terminal.print(`${leadsTo(winner)}, by the route of ${formatUrlPattern(winner.pattern)}`)
    else if (secrets[0] !== undefined) terminal.print(`secret ${secrets[0].name}, which is kept for ${secrets[0].url}`)
    else terminal.print('nothing: tools go on to ask elsewhere')
    for (const route of behind) terminal.say(`less specific: ${formatUrlPattern(route.pattern)} (${leadsTo(route)})`)
    for (const route of others)
      terminal.say(
        `does not cover it: ${formatUrlPattern(route.pattern)} (${leadsTo(route)}): ${difference(route.pattern, place)}`,
      )
  }
  if (winner === undefined && secrets.length === 0) {
    throw new Failure('not_found', `no route and no secret covers ${formatUrlPattern(place)}`, {
      hint: `\`authsock route add ${formatUrlPattern(parsed)} --profile PROFILE\` makes a route`,
    })
  }
}

async function coveringSecrets(context: Context, place: UrlPattern): Promise<readonly SecretStatus[]> {
  const secrets = await (await context.agent()).secrets()
  return secrets.filter(({ url, username }) => {
    const at = url === undefined ? undefined : parseUrlPattern(url)
    return at !== undefined && covers(username === undefined ? at : { ...at, username }, place)
  })
}

function difference(route: UrlPattern, place: UrlPattern): string {
  if (route.username !== undefined && place.username !== undefined && route.username !== place.username)
    return 'another user name'
  if (!covers({ ...route, segments: [] }, place)) return 'another scheme or port'
  return place.segments.length === 0 ? 'the request names no path (git: credential.useHttpPath)' : 'another path'
}

function leadsTo({ to, username }: Route): string {
  const name = username === undefined ? '' : `, user name ${username}`
  if (to.kind === 'secret') return `secret ${to.secret}${name}`
  const { scope, resource, audience } = to.target
  const only = [scope?.join(' '), resource, audience].filter((part) => part !== undefined)
  return `profile ${to.profile}${only.length === 0 ? '' : ` (${only.join(', ')})`}${name}`
}

const inJson = ({ pattern: place, to, username }: Route) => ({
  url: formatUrlPattern(place),
  ...(to.kind === 'secret' ? { secret: to.secret } : { profile: to.profile, ...to.target }),
  ...(username === undefined ? {} : { username }),
})
