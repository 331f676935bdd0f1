// `authsock logout` ends sessions; `authsock revoke --all` ends everything that was given to anybody.

import type { Command } from 'commander'
import type { LogoutAnswer } from '../../client/index.ts'
import { Failure } from '../../core/failures.ts'
import type { Context } from '../context.ts'
import type { MakeLeaf } from '../leaf.ts'
import { impliedProfile, profileRequired } from '../profiles.ts'

interface AllOption {
  readonly all?: boolean
}

export function register(root: Command, leaf: MakeLeaf): void {
  leaf(root, 'logout [profile]', 'end a session here and at the server', logout).option('--all', 'end every session')
  leaf(root, 'revoke [profile]', 'end a session; with --all, every session and every share', revoke).option(
    '--all',
    'end every session and remove every share',
  )
}

async function logout(context: Context, profile: string | undefined, { all = false }: AllOption): Promise<void> {
  if (profile !== undefined && all) throw allAndProfile()
  const agent = await context.agent()
  // Not the status: with an invalid config.toml that shows no sessions and no error.
  const names = all ? liveProfiles(await agent.sessions()) : [profile ?? impliedProfile(context, await context.config())]
  const answers: LogoutAnswer[] = []
  for (const name of names) {
    if (name === undefined) throw profileRequired('logout', '--all ends every session')
    answers.push(await agent.logout(name))
  }
  if (context.asJson) {
    context.terminal.json(all ? answers : answers[0])
    return
  }
  for (const answer of answers) context.terminal.note(logoutText(answer))
  if (all && answers.length === 0) context.terminal.note('no session is open')
}

async function revoke(context: Context, profile: string | undefined, { all = false }: AllOption): Promise<void> {
  if (profile !== undefined && all) throw allAndProfile()
  if (profile === undefined && !all) throw profileRequired('revoke', '--all revokes every session and every share')
  const agent = await context.agent()
  const names = profile === undefined ? liveProfiles(await agent.sessions()) : [profile]
  // Shares first: a request by one of them would otherwise get a new token in between.
  const shares = profile === undefined ? await agent.shares() : []
  for (const { name } of shares) await agent.removeShare(name)
  const answers: LogoutAnswer[] = []
  for (const name of names) answers.push(await agent.logout(name))
  if (context.asJson) {
    context.terminal.json({ sessions: answers, shares: shares.map(({ name }) => name) })
    return
  }
  const { terminal } = context
  for (const answer of answers) {
    terminal.note(
      answer.revocation === 'not_logged_in' ? logoutText(answer) : `session '${answer.profile}' ended${outcome(answer)}`,
    )
  }
  if (shares.length > 0)
    terminal.note(`removed ${shares.length === 1 ? 'the share' : 'the shares'} ${shares.map(({ name }) => name).join(', ')}`)
  if (answers.length === 0 && shares.length === 0) terminal.note('nothing to revoke')
  const secrets = profile === undefined ? await agent.secrets().catch(() => []) : []
  if (secrets.length > 0)
    terminal.hint(`revoke static secrets where they were created: ${secrets.map(({ name }) => name).join(', ')}`)
}

const allAndProfile = (): Failure =>
  new Failure('bad_request', '--all and a profile are both given', { hint: 'leave out one of them' })

const liveProfiles = (sessions: readonly { readonly profile: string; readonly state: string }[]): readonly string[] =>
  sessions.filter(({ state }) => state !== 'logged_out').map(({ profile }) => profile)

const revocations: Readonly<Record<LogoutAnswer['revocation'], string>> = {
  revoked: ' and revoked its tokens at the server',
  pending: '; the server could not be reached, and the agent keeps trying to revoke its tokens',
  unsupported: '; the server has no revocation endpoint: access tokens stay valid until they expire',
  nothing_to_revoke: '',
  not_logged_in: '',
}

/** U15: a session that never was is not said to have ended. */
const logoutText = (answer: LogoutAnswer): string =>
  answer.revocation === 'not_logged_in'
    ? `'${answer.profile}' was not logged in`
    : `logged out of '${answer.profile}'${outcome(answer)}`

/** What follows `logged out of 'work'`. */
export const outcome = ({ revocation, detail }: LogoutAnswer): string =>
  `${revocations[revocation]}${detail === undefined ? '' : ` (${detail})`}`
