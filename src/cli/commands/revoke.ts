// `authsock revoke --all`: everything that was given to anybody ends now, as far as it is in our hands.

import { Failure } from '../../core/failures.ts'
import type { LogoutAnswer } from '../../client/index.ts'
import type { Context } from '../context.ts'

export async function revoke(context: Context, profile: string | undefined, { all }: { readonly all?: boolean }): Promise<void> {
  if ((profile === undefined) === (all !== true)) {
    throw new Failure('bad_request', profile === undefined ? 'revoke what?' : '--all is every profile, and one is named', {
      hint: 'name a profile, or use --all for every session and every share',
    })
  }
  const agent = await context.agent()
  const sessions = profile === undefined ? await agent.sessions() : []
  const names =
    profile === undefined ? sessions.filter(({ state }) => state !== 'logged_out').map((each) => each.profile) : [profile]
  // The channels first: what comes through them meanwhile would be given new tokens.
  const shares = profile === undefined ? await agent.shares() : []
  for (const { name } of shares) await agent.removeShare(name)
  const answers: LogoutAnswer[] = []
  for (const name of names) answers.push(await agent.logout(name))
  if (context.asJson) {
    context.terminal.json({ sessions: answers, shares: shares.map(({ name }) => name) })
    return
  }
  for (const { profile: name, revocation, detail } of answers) {
    context.terminal.note(`'${name}' is ended here${atServer[revocation]}${detail === undefined ? '' : ` (${detail})`}`)
  }
  if (shares.length > 0)
    context.terminal.note(
      `${shares.length === 1 ? 'the share' : `${shares.length} shares`} removed: ${shares.map(({ name }) => name).join(', ')}`,
    )
  if (answers.length === 0 && shares.length === 0) context.terminal.note('there is nothing to revoke')
  const kept = profile === undefined ? await agent.secrets().catch(() => []) : []
  if (kept.length > 0)
    context.terminal.hint(`static secrets can be revoked only where they were made: ${kept.map(({ name }) => name).join(', ')}`)
}

const atServer: Readonly<Record<LogoutAnswer['revocation'], string>> = {
  revoked: ' and at its server',
  pending: '; its server could not be told yet, and the agent goes on trying',
  unsupported: '; its server has no way to be told: access tokens that are out live until they expire',
  nothing_to_revoke: '',
}
