// Approvals at the terminal: how one is asked for and answered, and the request of this very command that waits for one (U5).

import { setTimeout as pause } from 'node:timers/promises'
import type { ApprovalAnswer, ApprovalReply, ApprovalStatus, AuthsockClient } from '../client/index.ts'
import { sanitizeForDisplay } from '../core/util/text.ts'
import { parseSpan } from './arguments.ts'
import type { Context } from './context.ts'
import { ask } from './prompts.ts'

/** Before the first look, so that an ordinary request never asks for approvals; then between two looks. */
const firstLookMs = 400
const lookIntervalMs = 500

/**
 * Runs a request of this process. If it waits for an approval, asks at the terminal, or says where to answer it; an answer that is
 * given elsewhere (the desktop, another terminal) ends the question.
 */
export async function withApproval<T>(context: Context, agent: AuthsockClient, work: () => Promise<T>): Promise<T> {
  const done = new AbortController()
  const watching = watch(context, agent, done.signal)
  try {
    return await work()
  } finally {
    done.abort()
    await watching
  }
}

/** A share has no approvals: nothing is said then. */
async function watch(context: Context, agent: AuthsockClient, signal: AbortSignal): Promise<void> {
  const known = new Set<string>()
  const wait = (ms: number): Promise<void> => pause(ms, undefined, { signal, ref: false }).catch(() => {})
  for (await wait(firstLookMs); !signal.aborted; await wait(lookIntervalMs)) {
    const pending = await agent.approvals().catch(() => undefined)
    if (pending === undefined) return
    const own = pending.find(({ pid, id }) => pid === process.pid && !known.has(id))
    if (own === undefined || signal.aborted) continue
    known.add(own.id)
    await askHere(context, agent, own, signal)
  }
}

async function askHere(context: Context, agent: AuthsockClient, approval: ApprovalStatus, signal: AbortSignal): Promise<void> {
  const { terminal } = context
  if (context.asJson) return
  terminal.note(`approval needed: ${approval.text}`)
  const elsewhere = `\`authsock approve ${approval.id}\` in another terminal answers it`
  if (!terminal.isInteractive) return terminal.hint(elsewhere)
  try {
    const reply = await askAnswer(context, approval, signal)
    if (signal.aborted) return terminal.say('')
    if (reply === undefined) return terminal.hint(elsewhere)
    reportAnswer(context, reply, await agent.answerApproval(approval.id, reply))
  } catch (error) {
    // A span that cannot be read, or an approval that is settled already: the request goes on waiting, or has its answer.
    terminal.failure(error, false)
  }
}

/** Undefined: the request stays pending. */
export async function askAnswer(
  { terminal }: Context,
  { executable }: ApprovalStatus,
  signal?: AbortSignal,
): Promise<ApprovalReply | undefined> {
  if (executable !== undefined) terminal.say(`       program: ${sanitizeForDisplay(executable)}`)
  terminal.say('[y]es once, for the [s]ession, for a time (30m, 8h), [a]lways, [N]o, ne[v]er, or answer [l]ater')
  const answer = await ask('allow? ', signal).catch(() => 'later')
  return replyOfWord(answer.toLowerCase())
}

function replyOfWord(word: string): ApprovalReply | undefined {
  if (word === 'l' || word === 'later') return undefined
  if (word === 'y' || word === 'yes') return { decision: 'allow' }
  if (word === 's' || word === 'session') return { decision: 'allow', remember: 'session' }
  if (word === 'a' || word === 'always') return { decision: 'allow', remember: 'always' }
  if (word === 'v' || word === 'never') return { decision: 'deny', remember: 'always' }
  if (/^\d/.test(word)) return { decision: 'allow', remember: parseSpan('the time', word) }
  return { decision: 'deny' }
}

export function reportAnswer({ terminal }: Context, { decision }: ApprovalReply, answer: ApprovalAnswer | undefined): void {
  const word = decision === 'allow' ? 'allowed' : 'denied'
  if (answer === undefined) return terminal.note(word)
  const { remembered, detail, config, rule, line, text = '' } = answer
  if (remembered === 'session') {
    terminal.note(`${word} until the vault is locked or the agent stops; no rule was written:`)
    for (const each of (detail ?? '').split('\n')) terminal.say(`          ${each}`)
    return
  }
  terminal.note(`${word} always: wrote rule ${rule} at line ${line} of ${config}`)
  for (const each of text.split('\n')) terminal.say(`    ${each}`)
  terminal.hint(`\`authsock rule remove ${rule}\` removes it`)
}
