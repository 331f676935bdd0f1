// `authsock approve`: lists the access requests that wait for approval, and answers them.

import type { Command } from 'commander'
import type { ApprovalReply, ApprovalStatus, AuthsockClient } from '../../client/index.ts'
import { Failure } from '../../core/failures.ts'
import { ago } from '../../core/util/durations.ts'
import { askAnswer, reportAnswer } from '../approval-prompts.ts'
import { parseSpan } from '../arguments.ts'
import { type Context, nowInSeconds } from '../context.ts'
import type { MakeLeaf } from '../leaf.ts'

interface ApproveOptions {
  readonly deny?: boolean
  readonly for?: string
  readonly session?: boolean
  readonly always?: boolean
}

export function register(root: Command, leaf: MakeLeaf): void {
  leaf(root, 'approve [id]', 'list or answer requests that need approval', approve)
    .option('--deny', 'deny the request instead')
    .option('--for <span>', 'remember the answer for this long: 30m, 8h')
    .option('--session', 'remember the answer until the vault is locked or the agent stops')
    .option('--always', 'write a rule into config.toml')
    .addHelpText(
      'after',
      `
Without an id, lists the requests; at a terminal, asks about each of them.

Examples:
  authsock approve
  authsock approve k7m2 --for 8h
  authsock approve k7m2 --deny --always`,
    )
}

async function approve(context: Context, id: string | undefined, options: ApproveOptions): Promise<void> {
  const reply = replyOf(options)
  const agent = await context.agent()
  if (id !== undefined) {
    const answer = await agent.answerApproval(id, reply)
    if (context.asJson) context.terminal.json({ id, decision: reply.decision, ...answer })
    else reportAnswer(context, reply, answer)
    return
  }
  const waiting = await agent.approvals()
  if (context.asJson) {
    context.terminal.json({ approvals: waiting })
    return
  }
  if (waiting.length === 0) {
    context.terminal.note('no request needs approval')
    return
  }
  for (const approval of waiting) await askOrShow(context, agent, approval)
}

async function askOrShow(context: Context, agent: AuthsockClient, approval: ApprovalStatus): Promise<void> {
  const { id, text, at } = approval
  context.terminal.print(`${id}   ${text}   (${ago(at, nowInSeconds())})`)
  if (!context.terminal.isInteractive) return
  const reply = await askAnswer(context, approval)
  if (reply !== undefined) reportAnswer(context, reply, await agent.answerApproval(id, reply))
}

function replyOf({ deny, for: span, session, always }: ApproveOptions): ApprovalReply {
  if ([span, session, always].filter((each) => each !== undefined).length > 1) {
    throw new Failure('bad_request', '--for, --session and --always exclude each other', { hint: 'give one of them' })
  }
  const decision = deny === true ? 'deny' : 'allow'
  if (always === true) return { decision, remember: 'always' }
  if (session === true) return { decision, remember: 'session' }
  return span === undefined ? { decision } : { decision, remember: parseSpan('--for', span) }
}
