// `authsock retry`: a session that backs off or needs a login is tried again now.

import { Failure } from '../../core/failures.ts'
import type { Context } from '../context.ts'

export async function retry(context: Context, profile: string | undefined): Promise<void> {
  const agent = await context.agent()
  const sessions = profile === undefined ? await agent.sessions() : []
  const name = profile ?? (sessions.length === 1 ? sessions[0]?.profile : undefined)
  if (name === undefined) throw new Failure('profile_required', 'retry which profile?')
  const session = await agent.retry(name)
  if (session.state !== 'active') throw failureOf(session)
  if (context.asJson) context.terminal.json(session)
  else context.terminal.note(`'${name}' is active`)
}

function failureOf({ profile, state, reason = state, hint }: Awaited<ReturnType<SessionsOf['retry']>>): Failure {
  const code = state === 'retrying' || state === 'refreshing' ? 'server_unavailable' : 'login_required'
  return new Failure(code, `'${profile}' was tried again: ${reason}`, { profile, ...(hint === undefined ? {} : { hint }) })
}

type SessionsOf = Awaited<ReturnType<Context['agent']>>
