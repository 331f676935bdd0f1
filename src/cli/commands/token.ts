// `authsock token`: an access token on stdout.

import type { Command } from 'commander'
import { checkedToken, headerValue } from '../../core/credentials/header-value.ts'
import { defined } from '../../core/util/defined.ts'
import { withApproval } from '../approval-prompts.ts'
import { parseInteger } from '../arguments.ts'
import type { Context } from '../context.ts'
import type { MakeLeaf } from '../leaf.ts'
import { environmentProfile } from '../profiles.ts'
import { type TargetOptions, withTargetOptions } from '../token-options.ts'
import { withVault } from '../vault-prompts.ts'

interface TokenOptions extends TargetOptions {
  readonly minTtl?: string
  readonly header?: boolean
}

export function register(root: Command, leaf: MakeLeaf): void {
  withTargetOptions(leaf(root, 'token [profile]', 'print an access token', token))
    .option('--min-ttl <seconds>', 'valid for at least this long')
    .option('--header', 'as an Authorization header')
    .addHelpText('after', '\nExample:\n  curl -H "$(authsock token work --header)" https://api.example.com/')
}

async function token(context: Context, profile: string | undefined, options: TokenOptions): Promise<void> {
  const { scope, resource, audience, header } = options
  const minTtl = options.minTtl === undefined ? undefined : parseInteger('--min-ttl', options.minTtl, 'a number of seconds')
  const agent = await context.agent()
  const request = defined({ profile: profile ?? environmentProfile(context.env), scope, resource, audience, minTtl })
  const answer = await withVault(context, agent, () => withApproval(context, agent, () => agent.token(request)))
  if (context.asJson) context.terminal.json(answer)
  else
    context.terminal.print(
      header === true
        ? `Authorization: ${headerValue(answer.token_type, answer.access_token)}`
        : checkedToken(answer.access_token),
    )
}
