// `authsock share ...`: sockets for containers and remotes, each with bounds of its own.

import { fromNow } from '../core/durations.ts'
import { Failure } from '../core/failures.ts'
import { helperPrograms } from '../client/local.ts'
import type { ShareStatus } from '../client/index.ts'
import type { Context } from './context.ts'
import { fragment, type FragmentFormat, formats } from './share-fragments.ts'
import { parseSpan } from './times.ts'

export interface ShareOptions {
  readonly profile?: readonly string[]
  readonly secret?: readonly string[]
  readonly scope?: readonly string[]
  readonly allScopes?: boolean
  readonly resource?: string
  readonly audience?: string
  readonly ttl?: string
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
  })
  if (context.asJson) context.terminal.json(share)
  else {
    context.terminal.note(`${share.socket} gives ${givesText(share)}; it ${endText(share)}`)
    context.terminal.hint(`docker run $(authsock share run-args ${name}) ...`)
  }
}

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
  const shown = { name, gives: givesText(share), ends: endText(share), folder: share.folder, socket: share.socket }
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
}

export async function shareRunArgs(context: Context, name: string, { format = 'docker', client }: RunArgsOptions): Promise<void> {
  const known = formats.find((each) => each === format)
  if (known === undefined) throw new Failure('bad_request', `--format is '${format}'`, { hint: `one of ${formats.join(', ')}` })
  const { folder = '' } = await (await context.agent()).share(name)
  context.terminal.print(
    fragment(known satisfies FragmentFormat, { name, folder, ...(client === true ? { programs: helperPrograms } : {}) }),
  )
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
