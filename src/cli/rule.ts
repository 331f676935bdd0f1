// `authsock rule ...`: who may have what, and why.

import type { Caller } from '../core/caller.ts'
import { Failure } from '../core/failures.ts'
import { mismatch, type Question, rule, type Rule } from '../core/rules.ts'
import { paths } from '../client/local.ts'
import type { Context } from './context.ts'

export interface RuleTestOptions {
  readonly scope?: readonly string[]
  readonly resource?: string
  readonly executable?: string
  readonly container?: string
  readonly share?: string
}

export async function ruleList(context: Context): Promise<void> {
  const { readConfigFile } = await import('./config-file.ts')
  const { configFile } = paths(context.env)
  const { rules } = await readConfigFile(configFile)
  if (context.asJson) {
    context.terminal.json({ rules: rules.map(({ verdict, ...rest }) => ({ decision: verdict, ...rest })) })
    return
  }
  if (rules.length === 0)
    context.terminal.hint(`no rules: everything is allowed to this user. [[rule]] tables in ${configFile} change that`)
  for (const [index, each] of rules.entries()) context.terminal.print(`${String(index + 1).padStart(2)}  ${ruleText(each)}`)
}

const ruleText = ({ verdict, lifetime, ...rest }: Rule): string => {
  const fields = Object.entries(rest).map(([key, value]) => `${key} ${Array.isArray(value) ? value.join(' ') : String(value)}`)
  return `${verdict.padEnd(5)}  ${fields.length === 0 ? 'everything' : fields.join(', ')}${lifetime === undefined ? '' : `   (a yes counts for ${lifetime} s)`}`
}

/** What a request would get, without making it. */
export async function ruleTest(context: Context, profile: string, options: RuleTestOptions): Promise<void> {
  const { readConfigFile } = await import('./config-file.ts')
  const { rules } = await readConfigFile(paths(context.env).configFile)
  const { scope, resource, executable, container, share } = options
  if (container !== undefined && !/^(none|any|[0-9a-f]{12,64})$/.test(container)) {
    throw new Failure('bad_request', `--container is '${container}', not none, any or an id`)
  }
  const caller: Caller = {
    isKnown: true,
    parents: [],
    ...(executable === undefined ? {} : { executable }),
    ...(container === undefined || container === 'none' ? {} : { container: container === 'any' ? {} : { id: container } }),
  }
  const question: Question = {
    profile,
    target: { ...(scope === undefined ? {} : { scope }), ...(resource === undefined ? {} : { resource }) },
    visitor: { caller, door: share === undefined ? { kind: 'main' } : { kind: 'share', share } },
  }
  const { verdict, index } = rule(rules, question)
  const passed = rules
    .slice(0, index ?? rules.length)
    .map((each, at) => ({ rule: at + 1, because: mismatch(each, question) ?? 'it matches' }))
  if (context.asJson) {
    context.terminal.json({ decision: verdict, ...(index === undefined ? {} : { rule: index + 1 }), passed })
    return
  }
  context.terminal.print(
    index === undefined
      ? `${verdict}: no rule matches`
      : `${verdict}, by rule ${index + 1}: ${ruleText(rules[index] ?? { verdict })}`,
  )
  for (const { rule: number, because } of passed) context.terminal.say(`rule ${number} does not match: its ${because}`)
}
