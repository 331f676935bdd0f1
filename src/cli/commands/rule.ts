// `authsock rule ...`: who may have what, and why.

import type { Caller } from '../../core/access/caller.ts'
import { duration } from '../../core/util/durations.ts'
import { Failure } from '../../core/failures.ts'
import {
  mismatch,
  type AccessRequest,
  describeAccessRequest,
  matchRules,
  type Rule,
  type Decision,
} from '../../core/access/rules.ts'
import { paths, processAsCaller } from '../../client/local.ts'
import type { RuleTable } from '../config-file.ts'
import type { Context } from '../context.ts'
import { parseSpan } from '../time-input.ts'

interface RequestOptions {
  readonly scope?: readonly string[]
  readonly resource?: string
  readonly executable?: string
  readonly container?: string
  readonly share?: string
}

export interface RuleTestOptions extends RequestOptions {
  readonly pid?: string
}

export interface RuleAddOptions extends RequestOptions {
  readonly decision: string
  readonly profile?: string
  readonly lifetime?: string
  readonly first?: boolean
  readonly before?: string
}

export async function ruleList(context: Context): Promise<void> {
  const { readConfigFile } = await import('../config-file.ts')
  const { configFile } = paths(context.env)
  const { rules } = await readConfigFile(configFile)
  if (context.asJson) {
    context.terminal.json({ rules: rules.map(inJson) })
    return
  }
  if (rules.length === 0)
    context.terminal.hint(
      `no rules: everything is allowed to this user. \`authsock rule add\`, or [[rule]] tables in ${configFile}, change that`,
    )
  for (const [index, each] of rules.entries()) context.terminal.print(`${String(index + 1).padStart(2)}  ${ruleText(each)}`)
}

const inJson = ({ decision, ...rest }: Rule) => ({ decision: decision, ...rest })

const fields = ['profile', 'scopes', 'resource', 'executable', 'container', 'share'] as const

const ruleText = (rule: Rule): string => {
  const named = fields.flatMap((key) => (rule[key] === undefined ? [] : [`${key} ${shown(rule[key])}`]))
  const lifetime = rule.lifetime === undefined ? '' : `   (a yes counts for ${duration(rule.lifetime)})`
  return `${rule.decision.padEnd(5)}  ${named.length === 0 ? 'everything' : named.join(', ')}${lifetime}`
}

export async function ruleAdd(context: Context, options: RuleAddOptions): Promise<void> {
  const { addRule } = await import('../config-file.ts')
  const { decision, profile, scope, lifetime, first, before, ...rest } = options
  if (first === true && before !== undefined) throw new Failure('bad_request', 'give one of --first and --before')
  const table: RuleTable = {
    // The schema says what may stand here.
    decision: decision as Decision,
    ...(profile === undefined ? {} : { profile }),
    ...(scope === undefined ? {} : { scopes: scope }),
    ...pick(rest, ['resource', 'executable', 'container', 'share']),
    ...(lifetime === undefined ? {} : { lifetime: Math.ceil(parseSpan('--lifetime', lifetime) / 1000) }),
  }
  const { configFile } = paths(context.env)
  const place = first === true ? 0 : before === undefined ? 'last' : numberOf(before)
  const { index, line, text } = await addRule(configFile, table, place)
  if (context.asJson) {
    context.terminal.json({ rule: index + 1, config: configFile, line, text })
    return
  }
  context.terminal.note(`rule ${index + 1} is written, in line ${line} of ${configFile}`)
  if (profile !== undefined) await sayUnknown(context, profile)
  const { readConfigFile } = await import('../config-file.ts')
  const { rules } = await readConfigFile(configFile)
  const covering = rules.slice(0, index).findIndex((each) => fields.every((key) => each[key] === undefined))
  if (covering >= 0)
    context.terminal.hint(`rule ${covering + 1} is for everything and comes first: --before ${covering + 1} goes before it`)
}

const pick = <K extends string>(from: Readonly<Partial<Record<K, string>>>, keys: readonly K[]): Partial<Record<K, string>> =>
  Object.fromEntries(keys.flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]]))) as Partial<Record<K, string>>

async function sayUnknown(context: Context, name: string): Promise<void> {
  const { readConfigFile } = await import('../config-file.ts')
  if ((await readConfigFile(paths(context.env).configFile)).profiles.has(name)) return
  const secrets = await (await context.agent()).secrets().catch(() => undefined)
  if (secrets?.some((each) => each.name === name) !== true)
    context.terminal.hint(`there is no profile '${name}', and no static secret that is known of`)
}

export async function ruleRemove(context: Context, number: string): Promise<void> {
  const { removeRule } = await import('../config-file.ts')
  const removed = await removeRule(paths(context.env).configFile, numberOf(number))
  if (context.asJson) context.terminal.json({ rule: Number(number), removed: inJson(removed) })
  else context.terminal.note(`rule ${number} is removed: ${ruleText(removed)}`)
}

/** From 0. */
function numberOf(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text) - 1
  throw new Failure('bad_request', `'${text}' is not the number of a rule`, { hint: '`authsock rule list` numbers them' })
}

/** What a request would get, without making it. */
export async function ruleTest(context: Context, profile: string, options: RuleTestOptions): Promise<void> {
  const { readConfigFile } = await import('../config-file.ts')
  const { rules } = await readConfigFile(paths(context.env).configFile)
  const { scope, resource, share } = options
  const question: AccessRequest = {
    profile,
    target: { ...(scope === undefined ? {} : { scope }), ...(resource === undefined ? {} : { resource }) },
    requester: { caller: callerIn(options), channel: share === undefined ? { kind: 'main' } : { kind: 'share', share } },
  }
  const { decision, index } = matchRules(rules, question)
  const passed = rules.slice(0, index ?? rules.length).map((each, at) => ({
    rule: at + 1,
    because: mismatch(each, question) ?? ('decision' as const),
  }))
  if (context.asJson) {
    const text = describeAccessRequest(question)
    context.terminal.json({ decision: decision, ...(index === undefined ? {} : { rule: index + 1 }), passed, question: text })
    return
  }
  context.terminal.say(describeAccessRequest(question))
  for (const { rule: number, because } of passed) {
    const each = rules[number - 1] ?? { decision: 'allow' }
    context.terminal.say(
      `  rule ${number} does not match: it is for ${because} ${shown(each[because])}, this is ${asked(question, because)}`,
    )
  }
  context.terminal.print(
    index === undefined
      ? `${decision}: no rule matches`
      : `${decision}, by rule ${index + 1}: ${ruleText(rules[index] ?? { decision: decision })}`,
  )
}

const shown = (value: unknown): string => (Array.isArray(value) ? value.join(' ') : String(value))

function asked({ profile, target, requester: { caller, channel } }: AccessRequest, what: keyof Rule): string {
  switch (what) {
    case 'profile':
      return profile
    case 'scopes':
      return target.scope?.join(' ') ?? 'for all scopes'
    case 'resource':
      return target.resource ?? 'for none in particular'
    case 'executable':
      return caller.executable ?? 'an unknown program'
    case 'container':
      return caller.container.kind === 'inside'
        ? (caller.container.id ?? 'in a container without a known id')
        : 'outside of containers'
    case 'share':
      return channel.kind === 'share' ? channel.share : "by the user's own socket"
    default:
      return 'something else'
  }
}

function callerIn({ pid, executable, container }: RuleTestOptions): Caller {
  if (pid !== undefined) {
    if (executable !== undefined || container !== undefined)
      throw new Failure('bad_request', '--pid says the executable and the container', {
        hint: 'leave --executable and --container out',
      })
    const found = /^[1-9]\d{0,9}$/.test(pid) ? processAsCaller(Number(pid)) : undefined
    if (found === undefined) throw new Failure('not_found', `there is no process ${pid} that can be looked at`)
    return found
  }
  if (container !== undefined && !/^(none|any|[0-9a-f]{12,64})$/.test(container)) {
    throw new Failure('bad_request', `--container is '${container}', not none, any or an id`)
  }
  return {
    parents: [],
    ...(executable === undefined ? {} : { executable }),
    container:
      container === undefined || container === 'none'
        ? { kind: 'none' }
        : { kind: 'inside', ...(container === 'any' ? {} : { id: container }) },
  }
}
