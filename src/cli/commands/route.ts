// `authsock route`: which profile or static secret a URL gets.

import type { Command } from 'commander'
import type { SecretStatus } from '../../client/index.ts'
import { addRoute, removeRoute } from '../../config/edit-routes.ts'
import { explainRoutes, type Route } from '../../core/credentials/route.ts'
import { covers, formatUrlPattern, parseUrlPattern, type UrlPattern } from '../../core/credentials/url-pattern.ts'
import { Failure } from '../../core/failures.ts'
import { defined } from '../../core/util/defined.ts'
import { collectList } from '../arguments.ts'
import type { Context } from '../context.ts'
import { addGroup, type MakeLeaf } from '../leaf.ts'
import { checkTarget } from '../../core/session/profile-match.ts'
import { checkProfileScope } from '../../core/session/scope.ts'
import { impliedProfile, unknownProfile } from '../profiles.ts'
import { cell, tableLines } from '../table.ts'

interface RouteOptions {
  readonly profile?: string
  readonly secret?: string
  readonly username?: string
  readonly scope?: readonly string[]
  readonly resource?: string
  readonly audience?: string
}

interface UsernameOption {
  readonly username?: string
}

export function register(root: Command, leaf: MakeLeaf): void {
  const route = addGroup(root, 'route', 'choose the credential that a URL gets')
  leaf(route, 'add <url>', 'use a profile or a static secret for a URL and everything below it', add)
    .option('--profile <name>', 'use access tokens of this profile (default: the default profile)')
    .option('--secret <name>', 'use this static secret')
    .option('--username <name>', 'user name that tools get; a request for another user name does not match')
    .option('--scope <scopes>', 'only these scopes of the profile', collectList)
    .option('--resource <uri>', 'tokens for this resource (RFC 8707)')
    .option('--audience <audience>', 'tokens for this audience')
    .addHelpText(
      'after',
      `
Examples:
  authsock route add https://git.example.com --profile work
  authsock route add https://git.example.com/personal --profile home
  authsock route add '*.pkg.example.com' --profile work --scope packages:read

The most specific route wins, in any order: by host, then path, then user name. git sends a path only with
credential.useHttpPath, which \`authsock setup git\` sets if a route needs it; docker sends hosts only.`,
    )
  leaf(route, 'list', 'list the routes', list)
  leaf(route, 'test <url>', 'show which credential a URL gets, and why', test).option(
    '--username <name>',
    'user name that the tool asks for',
  )
  leaf(route, 'remove <url>', 'remove a route', remove).option('--username <name>', 'user name of the route')
}

async function add(context: Context, url: string, options: RouteOptions): Promise<void> {
  const { terminal } = context
  const { configFile } = context.paths
  const { secret, username, scope: scopes, resource, audience } = options
  const profile = options.profile ?? (secret === undefined ? impliedProfile(context, await context.config()) : undefined)
  if (profile === undefined && secret === undefined) {
    throw new Failure('profile_required', 'a route needs a profile or a static secret', {
      hint: 'add --profile NAME or --secret NAME',
    })
  }
  checkResourceUri(resource)
  if (profile !== undefined) await checkProfile(context, profile, { scopes, resource, audience })
  await addRoute(configFile, { url, ...defined({ profile, secret, username, scopes, resource, audience }) })
  await context.configChanged()
  if (context.asJson) {
    terminal.json({ url, ...(profile === undefined ? { secret } : { profile }), config: configFile })
    return
  }
  terminal.note(`${url} now gets ${profile === undefined ? `the static secret '${secret}'` : `tokens of '${profile}'`}`)
  if (secret !== undefined) await hintIfMissing(context, secret)
  terminal.hint('`authsock setup TOOL` configures git, docker and others to use authsock')
  if ((parseUrlPattern(url)?.segments.length ?? 0) > 0)
    terminal.hint('git sends paths only if told to: run `authsock setup git` again; docker and skopeo send hosts only')
}

/** Before the profile's own list is looked at: what is no URI is a mistake in the arguments. */
function checkResourceUri(resource: string | undefined): void {
  if (resource === undefined || (URL.canParse(resource) && !resource.includes('#'))) return
  throw new Failure('bad_request', `the resource must be an absolute URI without a fragment, not '${resource}'`, {
    hint: 'for example https://api.example.com',
  })
}

/** U8, L1: what the profile does not have would be refused at each use of the route. */
async function checkProfile(
  context: Context,
  name: string,
  {
    scopes,
    resource,
    audience,
  }: {
    readonly scopes?: readonly string[] | undefined
    readonly resource?: string | undefined
    readonly audience?: string | undefined
  },
): Promise<void> {
  const config = await context.config()
  const profile = config.profiles.get(name)
  if (profile === undefined) throw unknownProfile(name, config)
  if (scopes !== undefined) checkProfileScope(profile, scopes)
  checkTarget(profile, defined({ resource, audience }))
}

async function hintIfMissing(context: Context, secret: string): Promise<void> {
  const secrets = await (await context.agent()).secrets().catch(() => [])
  if (!secrets.some(({ name }) => name === secret)) context.terminal.hint(`\`authsock secret add ${secret}\` adds the secret`)
}

async function list(context: Context): Promise<void> {
  const { terminal } = context
  const { routes } = await context.config()
  if (context.asJson) {
    terminal.json({ routes: routes.map(inJson) })
    return
  }
  if (routes.length === 0) return terminal.hint('no routes; `authsock route add https://HOST --profile PROFILE` adds one')
  const rows = routes.map((route) => [cell(formatUrlPattern(route.pattern), terminal.style.bold), cell(credentialText(route))])
  for (const line of tableLines({ headings: ['url', 'credential'], rows }, terminal.width, terminal.style)) terminal.print(line)
}

async function remove(context: Context, url: string, { username }: UsernameOption): Promise<void> {
  await removeRoute(context.paths.configFile, url, username)
  await context.configChanged()
  if (context.asJson) context.terminal.json({ url })
  else context.terminal.note(`removed the route ${url}`)
}

async function test(context: Context, url: string, { username }: UsernameOption): Promise<void> {
  const parsed = parseUrlPattern(url)
  if (parsed === undefined)
    throw new Failure('bad_request', `no host in '${url}'`, { hint: 'write https://HOST or https://HOST/PATH' })
  const request: UrlPattern = username === undefined ? parsed : { ...parsed, username }
  const { routes } = await context.config()
  const { matching, others } = explainRoutes(request, routes)
  const [winner, ...behind] = matching
  const [secret] = winner === undefined ? await coveringSecrets(context, request) : []
  if (context.asJson) {
    context.terminal.json({
      url: formatUrlPattern(request),
      ...(winner === undefined ? defined({ secret: secret?.name }) : { route: inJson(winner) }),
      also: behind.map(inJson),
      not: others.map(inJson),
    })
  } else {
    const { terminal } = context
    if (winner !== undefined) terminal.print(`${credentialText(winner)}, by route ${formatUrlPattern(winner.pattern)}`)
    else if (secret !== undefined) terminal.print(`secret ${secret.name}, added for ${secret.url}`)
    else terminal.print('no credential: tools continue with their other helpers')
    for (const route of behind) terminal.say(`less specific: ${formatUrlPattern(route.pattern)} (${credentialText(route)})`)
    for (const route of others)
      terminal.say(
        `does not match: ${formatUrlPattern(route.pattern)} (${credentialText(route)}): ${mismatchText(route.pattern, request)}`,
      )
  }
  if (winner === undefined && secret === undefined) {
    throw new Failure('not_found', `no route and no static secret matches ${formatUrlPattern(request)}`, {
      hint: `\`authsock route add ${formatUrlPattern(parsed)} --profile PROFILE\` adds a route`,
    })
  }
}

async function coveringSecrets(context: Context, request: UrlPattern): Promise<readonly SecretStatus[]> {
  const secrets = await (await context.agent()).secrets()
  return secrets.filter(({ url, username }) => {
    const pattern = url === undefined ? undefined : parseUrlPattern(url)
    return pattern !== undefined && covers({ ...pattern, ...defined({ username }) }, request)
  })
}

function mismatchText(route: UrlPattern, request: UrlPattern): string {
  if (route.username !== undefined && request.username !== undefined && route.username !== request.username)
    return 'different user name'
  if (!covers({ ...route, segments: [] }, request)) return 'different scheme or port'
  return request.segments.length === 0
    ? 'the request has no path (git: credential.useHttpPath; docker never sends one)'
    : 'different path'
}

function credentialText({ to, username }: Route): string {
  const name = username === undefined ? '' : `, user name ${username}`
  if (to.kind === 'secret') return `secret ${to.secret}${name}`
  const { scope, resource, audience } = to.target
  const bounds = [scope?.join(' '), resource, audience].filter((part) => part !== undefined)
  return `profile ${to.profile}${bounds.length === 0 ? '' : ` (${bounds.join(', ')})`}${name}`
}

const inJson = ({ pattern, to, username }: Route) => ({
  url: formatUrlPattern(pattern),
  ...(to.kind === 'secret' ? { secret: to.secret } : { profile: to.profile, ...to.target }),
  ...defined({ username }),
})
