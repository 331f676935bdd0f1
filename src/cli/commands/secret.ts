// `authsock secret ...`: passwords, personal access tokens, API keys. Kept in the vault, used by tools, never shown again.

import { fromNow } from '../../core/util/durations.ts'
import { Failure } from '../../core/failures.ts'
import { withoutUsername, parseUrlPattern, formatUrlPattern } from '../../core/credentials/url-pattern.ts'
import { isProfileName } from '../../core/profile.ts'
import { nameOfSecret } from '../../core/credentials/static-secret.ts'
import type { SecretStatus } from '../../client/index.ts'
import type { Context } from '../context.ts'
import { staticSecret } from '../secret-input.ts'

export interface SecretAddOptions {
  readonly url?: string
  readonly username?: string
  readonly expires?: string
  readonly stdin?: boolean
  readonly file?: string
}

/** `what` is a name, or a URL that a name is made of. What is there keeps what is not said anew. */
export async function secretAdd(context: Context, what: string, options: SecretAddOptions): Promise<void> {
  const isUrl = what.includes('://')
  const given = options.url ?? (isUrl ? what : undefined)
  const place = given === undefined ? undefined : parseUrlPattern(given)
  if (given !== undefined && place === undefined) throw new Failure('bad_request', `no host can be read from '${given}'`)
  const url = place === undefined ? undefined : formatUrlPattern(withoutUsername(place))
  const agent = await context.agent()
  const known = await agent.secrets()
  const username = options.username ?? place?.username
  const name =
    isUrl && place !== undefined ? nameFor(known, url ?? '', { ...place, ...(username === undefined ? {} : { username }) }) : what
  if (!isProfileName(name)) {
    throw new Failure('bad_request', `'${name}' is not a name for a secret`, {
      hint: "use lower-case letters, digits, '.', '_' and '-'",
    })
  }
  const before = known.find((secret) => secret.name === name)
  const expiresAt = options.expires === undefined ? undefined : parseExpiry(options.expires, Date.now())
  const value = await staticSecret(context, options, `secret '${name}': `)
  const lasting = { url: url ?? before?.url, username: username ?? before?.username }
  await agent.setSecret(name, {
    value,
    ...(lasting.url === undefined ? {} : { url: lasting.url }),
    ...(lasting.username === undefined ? {} : { username: lasting.username }),
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
  })
  const kept = (await agent.secrets()).find((secret) => secret.name === name)
  if (context.asJson) context.terminal.json(kept)
  else {
    const kind = kept?.kind === undefined ? '' : ` (${kept.kind})`
    const where = lasting.url === undefined ? '' : `, for ${lasting.url}`
    context.terminal.note(`the secret '${name}'${kind} is ${before === undefined ? 'kept' : 'replaced'} in the vault${where}`)
    if (lasting.url === undefined) context.terminal.hint(`\`authsock route add URL --secret ${name}\` says where it is used`)
  }
}

const nameFor = (known: readonly SecretStatus[], url: string, place: Parameters<typeof nameOfSecret>[0]): string =>
  known.find((secret) => secret.url === url && secret.username === place.username)?.name ??
  nameOfSecret(place, (name) => known.some((secret) => secret.name === name))

export async function secretList(context: Context): Promise<void> {
  const secrets = await (await context.agent()).secrets()
  if (context.asJson) {
    context.terminal.json({ secrets })
    return
  }
  if (secrets.length === 0) context.terminal.hint('no static secrets; `authsock secret add NAME --url URL` keeps one')
  const now = Math.floor(Date.now() / 1000)
  const rows = secrets.map((secret) => [
    secret.name,
    secret.url ?? '-',
    secret.username ?? '-',
    secret.kind ?? '-',
    expiry(secret, now),
  ])
  const all = [['NAME', 'WHERE', 'USER', 'LOOKS LIKE', 'EXPIRES'], ...rows]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  if (rows.length === 0) return
  for (const row of all)
    context.terminal.print(
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    )
}

const expiry = ({ expires_at: at }: SecretStatus, now: number): string =>
  at === undefined ? '-' : at <= now ? `expired ${fromNow(at, now)}` : fromNow(at, now)

/** `authsock password`: what a tool would get, for scripts and pipes. */
export async function password(context: Context, what: string): Promise<void> {
  const { helperCaller } = await import('../../twin/helper-client.ts')
  const caller = helperCaller(context.env)
  try {
    const value = (await caller.call('password', [what])).replace(/\n$/, '')
    if (context.asJson) context.terminal.json({ password: value })
    else context.terminal.print(value)
  } finally {
    caller.close()
  }
}

export async function secretRemove(context: Context, name: string): Promise<void> {
  await (await context.agent()).removeSecret(name)
  if (context.asJson) context.terminal.json({ secret: name })
  else context.terminal.note(`the secret '${name}' is removed`)
}

const spans: Readonly<Record<string, number>> = { h: 3600, d: 86_400, w: 7 * 86_400, m: 30 * 86_400, y: 365 * 86_400 }

/** `2027-01-31`, a full RFC 3339 time, or a span from now: `90d`, `12w`, `1y`. Seconds since the epoch. Throws bad_request. */
export function parseExpiry(text: string, now: number): number {
  const span = /^(\d{1,5})([hdwmy])$/.exec(text)
  const at =
    span === null
      ? /^\d{4}-\d{2}-\d{2}(T.*)?$/.test(text)
        ? Date.parse(text) / 1000
        : Number.NaN
      : now / 1000 + Number(span[1]) * (spans[span[2] ?? ''] ?? 0)
  if (Number.isNaN(at))
    throw new Failure('bad_request', `--expires is '${text}'`, { hint: 'write a date (2027-01-31) or a span (90d, 12w, 1y)' })
  if (at * 1000 <= now) throw new Failure('bad_request', `--expires is '${text}', which is past`)
  return Math.floor(at)
}
