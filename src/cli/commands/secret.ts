// `authsock secret` and `password`: passwords, personal access tokens, API keys. Kept in the vault, used by tools, never listed.

import type { Command } from 'commander'
import type { SecretStatus } from '../../client/index.ts'
import { nameOfSecret } from '../../core/credentials/static-secret.ts'
import { formatUrlPattern, parseUrlPattern, withoutUsername } from '../../core/credentials/url-pattern.ts'
import { Failure } from '../../core/failures.ts'
import { isProfileName } from '../../core/profile.ts'
import { defined } from '../../core/util/defined.ts'
import { ago, fromNow } from '../../core/util/durations.ts'
import { helperCaller } from '../../twin/helper-client.ts'
import { withApproval } from '../approval-prompts.ts'
import { parseFutureTime } from '../arguments.ts'
import { type Context, nowInSeconds } from '../context.ts'
import { addGroup, type MakeLeaf } from '../leaf.ts'
import { withVault } from '../vault-prompts.ts'
import { staticSecret } from '../prompts.ts'
import { cell, tableLines } from '../table.ts'

interface AddOptions {
  readonly url?: string
  readonly username?: string
  readonly expires?: string
  readonly stdin?: boolean
  readonly file?: string
}

export function register(root: Command, leaf: MakeLeaf): void {
  const secret = addGroup(root, 'secret', 'manage passwords, personal access tokens and API keys')
  leaf(secret, 'add <name|url>', 'add or replace a static secret', add)
    .option('--url <url>', 'use it for this URL and everything below it')
    .option('--username <name>', 'user name that goes with it; for an AWS key, the access key id')
    .option('--expires <time>', 'a date (2027-01-31) or a span (90d, 12w, 1y); you are warned before')
    .option('--stdin', 'read it from stdin')
    .option('--file <path>', 'read it from a file')
    .addHelpText(
      'after',
      `
Examples:
  authsock secret add github --url https://github.com --username ada --expires 90d
  authsock secret add anthropic --file key.txt
  authsock secret add aws-prod --username AKIAIOSFODNN7EXAMPLE

Without --stdin or --file it is asked for and not shown. No command lists its value; tools get it by its URL, by a
route (\`authsock route add URL --secret NAME\`), or with \`authsock password NAME\`.`,
    )
  leaf(secret, 'list', 'list the static secrets, without their values', list)
  leaf(secret, 'remove <name>', 'remove a static secret', remove)
  leaf(root, 'password <secret|url>', 'print a static secret, or the credential of a URL', password).addHelpText(
    'after',
    '\nExamples:\n  authsock password github\n  authsock password https://github.com/acme/x',
  )
}

/** `what` is a name, or a URL that a name is derived from. A replaced secret keeps the fields that are not given again. */
async function add(context: Context, what: string, options: AddOptions): Promise<void> {
  const isUrl = what.includes('://')
  const given = options.url ?? (isUrl ? what : undefined)
  const pattern = given === undefined ? undefined : parseUrlPattern(given)
  if (given !== undefined && pattern === undefined)
    throw new Failure('bad_request', `no host in '${given}'`, { hint: 'write https://HOST or https://HOST/PATH' })
  const url = pattern === undefined ? undefined : formatUrlPattern(withoutUsername(pattern))
  const agent = await context.agent()
  const known = await withVault(context, agent, () => agent.secrets())
  const username = options.username ?? pattern?.username
  const name = isUrl && pattern !== undefined ? nameFor(known, url ?? '', { ...pattern, ...defined({ username }) }) : what
  if (!isProfileName(name)) {
    throw new Failure('bad_request', `'${name}' is not a valid name for a secret`, {
      hint: "use lower-case letters, digits, '.', '_' and '-'",
    })
  }
  const before = known.find((secret) => secret.name === name)
  const expiresAt = options.expires === undefined ? undefined : parseFutureTime('--expires', options.expires, nowInSeconds())
  const value = await staticSecret(context, options, `secret '${name}': `)
  const kept = { url: url ?? before?.url, username: username ?? before?.username }
  const request = { value, ...defined({ ...kept, expires_at: expiresAt }) }
  await withVault(context, agent, () => agent.setSecret(name, request))
  const added = (await agent.secrets()).find((secret) => secret.name === name)
  const { terminal } = context
  if (context.asJson) {
    terminal.json(added)
    return
  }
  const kind = added?.kind === undefined ? '' : ` (${added.kind})`
  const use = kept.url === undefined ? '' : ` for ${kept.url}`
  terminal.note(`${before === undefined ? 'added' : 'replaced'} the static secret '${name}'${kind}${use}`)
  if (kept.url === undefined) terminal.hint(`\`authsock route add URL --secret ${name}\` uses it for a URL`)
}

const nameFor = (known: readonly SecretStatus[], url: string, pattern: Parameters<typeof nameOfSecret>[0]): string =>
  known.find((secret) => secret.url === url && secret.username === pattern.username)?.name ??
  nameOfSecret(pattern, (name) => known.some((secret) => secret.name === name))

async function list(context: Context): Promise<void> {
  const { terminal } = context
  const secrets = await (await context.agent()).secrets()
  if (context.asJson) {
    terminal.json({ secrets })
    return
  }
  if (secrets.length === 0) return terminal.hint('no static secrets; `authsock secret add NAME --url URL` adds one')
  const now = nowInSeconds()
  const rows = secrets.map((secret) => [
    cell(secret.name, terminal.style.bold),
    cell(secret.url),
    cell(secret.username),
    cell(secret.kind),
    cell(expiryText(secret, now)),
  ])
  const headings = ['name', 'url', 'user', 'kind', 'expires']
  for (const line of tableLines({ headings, rows, optional: [3, 2] }, terminal.width, terminal.style)) terminal.print(line)
}

const expiryText = ({ expires_at: at }: SecretStatus, now: number): string | undefined =>
  at === undefined ? undefined : at <= now ? `expired ${ago(at, now)}` : fromNow(at, now)

/** As a tool would get it, for scripts and pipes. */
async function password(context: Context, what: string): Promise<void> {
  const caller = helperCaller(context.env)
  try {
    const agent = await context.agent()
    const value = (await withApproval(context, agent, () => caller.call('password', [what]))).replace(/\n$/, '')
    if (context.asJson) context.terminal.json({ password: value })
    else context.terminal.print(value)
  } finally {
    caller.close()
  }
}

async function remove(context: Context, name: string): Promise<void> {
  await (await context.agent()).removeSecret(name)
  if (context.asJson) context.terminal.json({ secret: name })
  else context.terminal.note(`removed the static secret '${name}'`)
}
