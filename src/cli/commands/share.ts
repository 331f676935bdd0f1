// `authsock share`: sockets for containers and remote hosts, each with its own bounds.

import type { Command } from 'commander'
import type { ShareStatus } from '../../client/index.ts'
import { helperPrograms } from '../../platform/self.ts'
import { Failure } from '../../core/failures.ts'
import { defined } from '../../core/util/defined.ts'
import { dateTime, fromNow } from '../../core/util/durations.ts'
import { loopback, shareHosts } from '../../platform/loopback-http.ts'
import { collectList, oneOf, parseInteger, parseSpan } from '../arguments.ts'
import { type Context, nowInSeconds } from '../context.ts'
import { addGroup, type MakeLeaf } from '../leaf.ts'
import { fragment, type FragmentFormat, formats, type TcpAddress } from '../share/container-fragments.ts'
import { impliedProfile } from '../profiles.ts'
import { cell, tableLines } from '../table.ts'

interface ShareOptions {
  readonly profile?: readonly string[]
  readonly secret?: readonly string[]
  readonly scope?: readonly string[]
  readonly allScopes?: boolean
  readonly resource?: string
  readonly audience?: string
  readonly ttl?: string
  readonly anyTarget?: boolean
  readonly allowWiderScope?: boolean
  /** `--tcp`, `--tcp PORT`, `--no-tcp`. */
  readonly tcp?: boolean | string
}

interface RunArgsOptions {
  readonly format?: FragmentFormat
  readonly client?: boolean
  /** `--tcp`, `--tcp HOST`: the name of this machine inside the container. */
  readonly tcp?: true | string
}

const defaultTtl = '8h'
const maxTtlSeconds = 365 * 86_400

export function register(root: Command, leaf: MakeLeaf): void {
  const share = addGroup(root, 'share', 'manage sockets for containers and remote hosts')
  leaf(share, 'create <name>', 'create a share, or change its bounds', create)
    .option('--profile <name>', 'issue tokens of this profile; may be repeated (default: the default profile)', collectList)
    .option('--scope <scopes>', 'issue these scopes at most', collectList)
    .option('--all-scopes', 'issue every scope of the profile')
    .option('--resource <uri>', 'issue tokens for this resource only (RFC 8707)')
    .option('--audience <audience>', 'issue tokens for this audience only')
    .option('--any-target', 'issue tokens for any resource and audience (default: those of the profile)')
    .option('--allow-wider-scope', 'accept a server that grants more than --scope')
    .option('--secret <name>', 'give this static secret too; may be repeated', collectList)
    .option('--ttl <span>', `lifetime: 30m, 8h, 7d; at most 1y (default: ${defaultTtl})`)
    .option('--tcp [port]', 'listen on a port of 127.0.0.1 too, for Docker Desktop and virtual machines')
    .option('--no-tcp', 'stop listening on that port')
    .addHelpText(
      'after',
      `
Examples:
  authsock share create devbox --profile work --scope read --resource https://api.example.com
  docker run $(authsock share run-args devbox) --rm -it image

A share answers requests for tokens within its bounds and nothing else. Mount its folder, not the socket: the socket
is replaced when the agent restarts.`,
    )
  leaf(share, 'list', 'list the shares', list)
  leaf(share, 'show <name>', 'show the bounds of a share and where it listens', show)
  leaf(share, 'remove <name>', 'remove a share', remove)
  leaf(share, 'run-args <name>', 'print the arguments to start a container with', runArgs)
    .option('--format <format>', `${formats.join(', ')} (default: docker, also for podman)`, oneOf('--format', formats))
    .option('--client', 'mount the thin client too, so that the image needs nothing')
    .option('--tcp [host]', 'use the TCP port; host: name of this machine in the container (default: host.docker.internal)')
}

async function create(context: Context, name: string, options: ShareOptions): Promise<void> {
  const { scope, allScopes, resource, audience, secret: secrets = [], ttl = defaultTtl } = options
  const agent = await context.agent()
  const profiles = options.profile ?? (secrets.length > 0 ? [] : await chosenProfile(context))
  if (profiles.length > 0 && (scope === undefined) === (allScopes !== true)) {
    const message = scope === undefined ? 'a share needs scopes' : '--scope and --all-scopes exclude each other'
    throw new Failure('bad_request', message, { hint: 'add --scope "..." with what the other side needs, or --all-scopes' })
  }
  const share = await agent.makeShare(name, {
    profiles,
    secrets,
    ttl: parseSpan('--ttl', ttl, maxTtlSeconds),
    ...defined({
      scope: scope?.join(' '),
      resource,
      audience,
      any_target: options.anyTarget,
      allow_wider_scope: options.allowWiderScope,
      tcp: portOf(options.tcp),
    }),
  })
  if (context.asJson) context.terminal.json(share)
  else {
    const { terminal } = context
    const { tcp } = share
    terminal.note(`${share.socket} ${boundsText(share)}; ${expiryText(share)}`)
    if (tcp !== undefined) terminal.note(tcpText(tcp))
    terminal.hint(`docker run $(authsock share run-args ${name}${tcp === undefined ? '' : ' --tcp'}) ...`)
  }
}

const portOf = (given: boolean | string | undefined): boolean | number | undefined =>
  typeof given === 'string' ? parseInteger('--tcp', given, 'a port', { min: 1024, max: 65_535 }) : given

const tcpText = ({ port, listening }: NonNullable<ShareStatus['tcp']>): string =>
  listening ? `also listening at http://${loopback}:${port}` : `not listening at port ${port}: another program uses it`

async function chosenProfile(context: Context): Promise<readonly string[]> {
  const name = impliedProfile(context, await context.config())
  if (name !== undefined) return [name]
  throw new Failure('profile_required', 'a share needs a profile', { hint: 'add --profile NAME' })
}

async function list(context: Context): Promise<void> {
  const { terminal } = context
  const shares = await (await context.agent()).shares()
  if (context.asJson) {
    terminal.json({ shares })
    return
  }
  if (shares.length === 0)
    return terminal.hint('no shares; `authsock share create NAME --profile PROFILE --scope "..."` creates one')
  const rows = shares.map((share) => [
    cell(share.name, terminal.style.bold),
    cell([...share.profiles, ...share.secrets.map((name) => `secret ${name}`)].join(', ')),
    cell(share.profiles.length === 0 ? undefined : (share.scope ?? 'all')),
    cell(share.resource ?? share.audience),
    cell(endText(share)),
  ])
  const headings = ['name', 'credentials', 'scope', 'resource', 'expires']
  for (const line of tableLines({ headings, rows, optional: [3, 2] }, terminal.width, terminal.style)) terminal.print(line)
}

async function show(context: Context, name: string): Promise<void> {
  const share = await (await context.agent()).share(name)
  if (context.asJson) {
    context.terminal.json(share)
    return
  }
  const { tcp, expires_at: end } = share
  const reason = end <= nowInSeconds() ? 'the share has expired' : 'another program uses the port'
  const fields = {
    name,
    ...defined({
      profiles: share.profiles.length === 0 ? undefined : share.profiles.join(', '),
      scope: share.profiles.length === 0 ? undefined : (share.scope ?? 'all scopes of the profile'),
      secrets: share.secrets.length === 0 ? undefined : share.secrets.join(', '),
      resource: share.resource,
      audience: share.audience,
    }),
    expires: `${dateTime(end)} (${endText(share)})`,
    folder: share.folder,
    socket: share.socket,
    ...(tcp === undefined ? {} : { tcp: `http://${loopback}:${tcp.port}${tcp.listening ? '' : ` (not listening: ${reason})`}` }),
  }
  for (const [key, value] of Object.entries(fields)) context.terminal.print(`${key.padEnd(8)}  ${value ?? '-'}`)
}

async function remove(context: Context, name: string): Promise<void> {
  await (await context.agent()).removeShare(name)
  if (context.asJson) context.terminal.json({ name })
  else context.terminal.note(`removed the share '${name}'; containers that have it mounted get no more tokens`)
}

async function runArgs(context: Context, name: string, { format = 'docker', client, tcp }: RunArgsOptions): Promise<void> {
  const share = await (await context.agent()).share(name)
  const text = fragment(format, {
    name,
    folder: share.folder ?? '',
    ...(client === true ? { programs: helperPrograms } : {}),
    ...(tcp === undefined ? {} : { address: addressOf(context, share, tcp === true ? dockerDesktopHost : tcp) }),
  })
  if (context.asJson) context.terminal.json({ share: name, format, text })
  else context.terminal.print(text)
}

/** What Docker Desktop calls the machine that it runs on. */
const dockerDesktopHost = 'host.docker.internal'

function addressOf(context: Context, { name, tcp }: ShareStatus, host: string): TcpAddress {
  if (tcp === undefined) {
    throw new Failure('bad_request', `the share '${name}' has no TCP port`, {
      hint: 'create it again with --tcp and the same bounds',
    })
  }
  if (!shareHosts.includes(host)) {
    throw new Failure('bad_request', `--tcp is '${host}', not a name of this machine`, {
      hint: `use one of ${shareHosts.join(', ')}`,
    })
  }
  if (!tcp.listening) context.terminal.note(tcpText(tcp))
  if (context.env['WSL_DISTRO_NAME'] === undefined && process.platform === 'linux' && host === dockerDesktopHost) {
    context.terminal.hint(
      `${dockerDesktopHost} is for Docker Desktop; Docker and podman on Linux use the socket (without --tcp) or --tcp ${loopback}`,
    )
  }
  return { host, port: tcp.port }
}

function boundsText({ profiles, secrets, scope, resource, audience }: ShareStatus): string {
  const names = profiles.map((profile) => `'${profile}'`).join(', ')
  const limits = [`scope: ${scope ?? 'all'}`, resource && `resource: ${resource}`, audience && `audience: ${audience}`]
  const tokens =
    profiles.length === 0 ? undefined : `issues tokens for ${names} (${limits.filter((each) => each !== undefined).join('; ')})`
  const given =
    secrets.length === 0 ? undefined : `gives the ${secrets.length === 1 ? 'secret' : 'secrets'} ${secrets.join(', ')}`
  return [tokens, given].filter((part) => part !== undefined).join(' and ')
}

const expiryText = ({ expires_at: at }: ShareStatus): string =>
  at <= nowInSeconds() ? `expired ${dateTime(at)}` : `expires ${dateTime(at)}`

function endText({ expires_at: at }: ShareStatus): string {
  const now = nowInSeconds()
  return at <= now ? `expired ${fromNow(at, now)}` : fromNow(at, now)
}
