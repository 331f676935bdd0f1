// `authsock approve`: what waits for the user's word, and that word.

import { Failure } from '../core/failures.ts'
import { ago } from '../core/durations.ts'
import type { ApprovalReply, ApprovalStatus, AuthsockClient } from '../client/index.ts'
import type { Context } from './context.ts'
import { parseSpan } from './times.ts'

export interface ApproveOptions {
  readonly deny?: boolean
  readonly for?: string
  readonly session?: boolean
}

export async function approve(context: Context, id: string | undefined, options: ApproveOptions): Promise<void> {
  const agent = await context.agent()
  if (id !== undefined) {
    await agent.answerApproval(id, replyOf(options))
    if (!context.asJson) context.terminal.note(options.deny === true ? 'declined' : 'allowed')
    return
  }
  const waiting = await agent.approvals()
  if (context.asJson) {
    context.terminal.json({ approvals: waiting })
    return
  }
  if (waiting.length === 0) {
    context.terminal.note('nothing waits for an approval')
    return
  }
  for (const approval of waiting) await askOrShow(context, agent, approval)
}

async function askOrShow(context: Context, agent: AuthsockClient, approval: ApprovalStatus): Promise<void> {
  const { id, text, at } = approval
  context.terminal.print(`${id}   ${text}   (${ago(at, Math.floor(Date.now() / 1000))})`)
  if (!context.terminal.isInteractive) return
  const { read } = await import('read')
  const answer = await read({
    prompt: 'allow? [y]es, [s]ession, [8h] or another time, [N]o, [l]ater: ',
    output: process.stderr,
  }).catch(() => 'l')
  const word = answer.trim().toLowerCase()
  if (word === 'l') return
  await agent.answerApproval(id, wordReply(word))
}

function wordReply(word: string): ApprovalReply {
  if (word === 'y' || word === 'yes') return { decision: 'allow' }
  if (word === 's' || word === 'session') return { decision: 'allow', remember: 'session' }
  if (/^\d/.test(word)) return { decision: 'allow', remember: Math.ceil(parseSpan('the time', word) / 1000) }
  return { decision: 'deny' }
}

function replyOf({ deny, for: span, session }: ApproveOptions): ApprovalReply {
  if (deny === true && (span !== undefined || session === true))
    throw new Failure('bad_request', 'a no is not for a time', { hint: 'leave --for and --session out' })
  if (deny === true) return { decision: 'deny' }
  if (session === true) return { decision: 'allow', remember: 'session' }
  return span === undefined ? { decision: 'allow' } : { decision: 'allow', remember: Math.ceil(parseSpan('--for', span) / 1000) }
}
