// `authsock retry`: tries a session that backs off or needs a login again now.

import type { Command } from 'commander'
import type { SessionStatus } from '../../client/index.ts'
import { Failure } from '../../core/failures.ts'
import { defined } from '../../core/util/defined.ts'
import type { Context } from '../context.ts'
import type { MakeLeaf } from '../leaf.ts'
import { profileRequired } from '../profiles.ts'

export function register(root: Command, leaf: MakeLeaf): void {
  leaf(root, 'retry [profile]', 'refresh a session now, without waiting for its next attempt', retry)
}

async function retry(context: Context, profile: string | undefined): Promise<void> {
  const agent = await context.agent()
  const sessions = profile === undefined ? await agent.sessions() : []
  const name = profile ?? (sessions.length === 1 ? sessions[0]?.profile : undefined)
  if (name === undefined) throw profileRequired('retry')
  const session = await agent.retry(name)
  if (session.state !== 'active') throw failureOf(session)
  if (context.asJson) context.terminal.json(session)
  else context.terminal.note(`session '${name}' is active`)
}

function failureOf({ profile, state, reason = state, hint }: SessionStatus): Failure {
  const code = state === 'retrying' || state === 'refreshing' ? 'server_unavailable' : 'login_required'
  return new Failure(code, `session '${profile}' was tried again: ${reason}`, { profile, ...defined({ hint }) })
}
