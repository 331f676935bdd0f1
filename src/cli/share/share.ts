// `authsock share ...`: sockets for containers and remotes, each with bounds of its own.

import { fromNow } from '../../core/util/durations.ts'
import { Failure } from '../../core/failures.ts'
import { helperPrograms } from '../../client/local.ts'
import type { ShareStatus } from '../../client/index.ts'
import type { Context } from '../context.ts'
import { loopback, shareHosts } from '../../platform/loopback-http.ts'
import { fragment, type FragmentFormat, formats, type TcpAddress } from './container-fragments.ts'
import { parseSpan } from '../time-input.ts'

export interface ShareOptions {
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

const usualTtl = '8h'

export async function shareCreate(context: Context, name: string, options: ShareOptions): Promise<void> {
  const { scope, allScopes, resource, audience, secret = [], ttl = usualTtl } = options
  const agent = await context.agent()
  const profiles = options.profile ?? (secret.length > 0 ? [] : await soleProfile(context))
  if (profiles.length > 0 && (scope === undefined) === (allScopes !== true)) {
    throw new Failure(
      'bad_request',
      scope === undefined ? 'a share gives no more than it has to' : '--scope and --all-scopes are both given',
      {
        hint: 'say --scope "..." with what is needed there, or --all-scopes',
      },
    )
  }
  const share = await agent.makeShare(name, {
    profiles,
    secrets: secret,
    ttl: Math.ceil(parseSpan('--ttl', ttl) / 1000),
    ...(scope === undefined ? {} : { scope: scope.join(' ') }),
    ...(resource === undefined ? {} : { resource }),
    ...(audience === undefined ? {} : { audience }),
    ...(options.anyTarget === true ? { any_target: true } : {}),
    ...(options.allowWiderScope === true ? { allow_wider_scope: true } : {}),
    ...(options.tcp === undefined ? {} : { tcp: portOf(options.tcp) }),
  })
  if (context.asJson) context.terminal.json(share)
  else {
    context.terminal.note(`${share.socket} gives ${givesText(share)}; it ${endText(share)}`)
    const { tcp } = share
    if (tcp !== undefined) context.terminal.note(tcpText(tcp))
    context.terminal.hint(`docker run $(authsock share run-args ${name}${tcp === undefined ? '' : ' --tcp'}) ...`)
  }
}

/** What is no number is for the agent to refuse. */
const portOf = (given: boolean | string): boolean | number => (typeof given === 'string' ? Number(given) : given)

const tcpText = ({ port, listening }: NonNullable<ShareStatus['tcp']>): string =>
  listening ? `it listens at http://${loopback}:${port} too` : `it does not listen at port ${port}, which another program has`

async function soleProfile(context: Context): Promise<readonly string[]> {
  const sessions = await (await context.agent()).sessions()
  const [only, ...others] = sessions
  if (only !== undefined && others.length === 0) return [only.profile]
  throw new Failure('profile_required', 'tokens of which profile?', { hint: 'add --profile NAME' })
}

export async function shareList(context: Context): Promise<void> {
  const shares = await (await context.agent()).shares()
  if (context.asJson) {
    context.terminal.json({ shares })
    return
  }
  if (shares.length === 0)
    context.terminal.hint('no shares; `authsock share create NAME --profile PROFILE --scope "..."` makes one')
  const width = Math.max(0, ...shares.map(({ name }) => name.length))
  for (const share of shares) context.terminal.print(`${share.name.padEnd(width)}   ${givesText(share)}   ${endText(share)}`)
}

export async function shareShow(context: Context, name: string): Promise<void> {
  const share = await (await context.agent()).share(name)
  if (context.asJson) {
    context.terminal.json(share)
    return
  }
  const { tcp, expires_at: end } = share
  const why = end * 1000 <= Date.now() ? 'the share has ended' : 'another program has the port'
  const shown = {
    name,
    gives: givesText(share),
    ends: endText(share),
    folder: share.folder,
    socket: share.socket,
    ...(tcp === undefined ? {} : { tcp: `http://${loopback}:${tcp.port}${tcp.listening ? '' : ` (not listening: ${why})`}` }),
  }
  for (const [key, value] of Object.entries(shown)) context.terminal.print(`${key.padEnd(8)} ${value ?? '-'}`)
}

export async function shareRemove(context: Context, name: string): Promise<void> {
  await (await context.agent()).removeShare(name)
  if (context.asJson) context.terminal.json({ name })
  else context.terminal.note(`the share '${name}' is removed; what has it mounted gets nothing from it any more`)
}

export interface RunArgsOptions {
  readonly format?: string
  readonly client?: boolean
  /** `--tcp`, `--tcp HOST`: what a container calls this machine. */
  readonly tcp?: true | string
}

export async function shareRunArgs(context: Context, name: string, options: RunArgsOptions): Promise<void> {
  const { format = 'docker', client, tcp } = options
  const known = formats.find((each) => each === format)
  if (known === undefined) throw new Failure('bad_request', `--format is '${format}'`, { hint: `one of ${formats.join(', ')}` })
  const share = await (await context.agent()).share(name)
  context.terminal.print(
    fragment(known satisfies FragmentFormat, {
      name,
      folder: share.folder ?? '',
      ...(client === true ? { programs: helperPrograms } : {}),
      ...(tcp === undefined ? {} : { address: addressOf(context, share, tcp === true ? usualHost : tcp) }),
    }),
  )
}

/** What Docker Desktop calls this machine, whose loopback it reaches. */
const usualHost = 'host.docker.internal'

function addressOf(context: Context, { name, tcp }: ShareStatus, host: string): TcpAddress {
  if (tcp === undefined) {
    throw new Failure('bad_request', `the share '${name}' has no TCP port`, { hint: `make it again with --tcp, and its bounds` })
  }
  if (!shareHosts.includes(host)) {
    throw new Failure('bad_request', `--tcp is '${host}'`, { hint: `one of ${shareHosts.join(', ')}` })
  }
  if (!tcp.listening) context.terminal.note(tcpText(tcp))
  if (context.env['WSL_DISTRO_NAME'] === undefined && process.platform === 'linux' && host === usualHost) {
    context.terminal.hint(
      `that name leads here from Docker Desktop; Docker and podman on Linux itself take the socket (no --tcp), or --tcp ${loopback}`,
    )
  }
  return { host, port: tcp.port }
}

function givesText({ profiles, secrets, scope, resource, audience }: ShareStatus): string {
  const parts = [
    profiles.length === 0 ? undefined : `tokens of ${profiles.join(', ')}`,
    profiles.length === 0 ? undefined : scope === undefined ? '(all scopes)' : `(${scope})`,
    resource === undefined ? undefined : `for ${resource}`,
    audience === undefined ? undefined : `for ${audience}`,
    secrets.length === 0 ? undefined : `${profiles.length === 0 ? '' : 'and '}the secrets ${secrets.join(', ')}`,
  ]
  return parts.filter((part) => part !== undefined).join(' ')
}

function endText({ expires_at: at }: ShareStatus): string {
  const now = Math.floor(Date.now() / 1000)
  return at <= now ? `ended ${fromNow(at, now)}` : `ends ${fromNow(at, now)}`
}
