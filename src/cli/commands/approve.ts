// `authsock approve`: what waits for the user's word, and that word.

import { Failure } from '../../core/failures.ts'
import { ago } from '../../core/util/durations.ts'
import { sanitizeForDisplay } from '../../core/util/text.ts'
import type { ApprovalAnswer, ApprovalReply, ApprovalStatus, AuthsockClient } from '../../client/index.ts'
import type { Context } from '../context.ts'
import { parseSpan } from '../time-input.ts'

export interface ApproveOptions {
  readonly deny?: boolean
  readonly for?: string
  readonly session?: boolean
  readonly always?: boolean
}

export async function approve(context: Context, id: string | undefined, options: ApproveOptions): Promise<void> {
  const reply = replyOf(options)
  const agent = await context.agent()
  if (id !== undefined) {
    const answer = await agent.answerApproval(id, reply)
    if (!context.asJson) sayAnswer(context, reply, answer)
    else if (answer !== undefined) context.terminal.json(answer)
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
  const { id, text, at, executable } = approval
  context.terminal.print(`${id}   ${text}   (${ago(at, Math.floor(Date.now() / 1000))})`)
  if (!context.terminal.isInteractive) return
  if (executable !== undefined) context.terminal.say(`           program: ${sanitizeForDisplay(executable)}`)
  const { read } = await import('read')
  const answer = await read({
    prompt: 'allow? [y]es, [s]ession, [8h] or another time, [a]lways, [N]o, ne[v]er, [l]ater: ',
    output: process.stderr,
  }).catch(() => 'l')
  const reply = wordReply(answer.trim().toLowerCase())
  if (reply !== undefined) sayAnswer(context, reply, await agent.answerApproval(id, reply))
}

function wordReply(word: string): ApprovalReply | undefined {
  if (word === 'l' || word === 'later') return undefined
  if (word === 'y' || word === 'yes') return { decision: 'allow' }
  if (word === 's' || word === 'session') return { decision: 'allow', remember: 'session' }
  if (word === 'a' || word === 'always') return { decision: 'allow', remember: 'always' }
  if (word === 'v' || word === 'never') return { decision: 'deny', remember: 'always' }
  if (/^\d/.test(word)) return { decision: 'allow', remember: Math.ceil(parseSpan('the time', word) / 1000) }
  return { decision: 'deny' }
}

function replyOf({ deny, for: span, session, always }: ApproveOptions): ApprovalReply {
  if ([span, session, always].filter((each) => each !== undefined).length > 1) {
    throw new Failure('bad_request', 'an answer counts for one time', { hint: 'give one of --for, --session and --always' })
  }
  const decision = deny === true ? 'deny' : 'allow'
  if (always === true) return { decision, remember: 'always' }
  if (session === true) return { decision, remember: 'session' }
  return span === undefined ? { decision } : { decision, remember: Math.ceil(parseSpan('--for', span) / 1000) }
}

function sayAnswer({ terminal }: Context, { decision }: ApprovalReply, answer: ApprovalAnswer | undefined): void {
  const word = decision === 'allow' ? 'allowed' : 'declined'
  if (answer === undefined) return terminal.note(word)
  const { remembered, detail, config, rule, line, text = '' } = answer
  if (remembered === 'session') {
    terminal.note(`${word}, until the vault is locked or the agent stops: no rule could be written`)
    for (const each of (detail ?? '').split('\n')) terminal.say(`          ${each}`)
    return
  }
  terminal.note(`${word}, always: rule ${rule} is written, in line ${line} of ${config}`)
  for (const each of text.split('\n')) terminal.say(`    ${each}`)
  terminal.hint(`\`authsock rule remove ${rule}\` takes it back`)
}
