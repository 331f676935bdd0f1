// `authsock rule ...`: who may have what, and why.

import type { Caller, Channel } from '../../core/access/caller.ts'
import type { Share } from '../../core/access/share.ts'
import type { Profile } from '../../core/profile.ts'
import { normalScope } from '../../core/session/scope.ts'
import { defined } from '../../core/util/defined.ts'
import { duration } from '../../core/util/durations.ts'
import { Failure } from '../../core/failures.ts'
import { type AccessRequest, credentialName, describeAccessRequest, effectiveScope } from '../../core/access/access-request.ts'
import { authorize } from '../../core/access/authorize.ts'
import { profileTarget, resolveTarget } from '../../core/access/resolve-target.ts'
import { mismatch, type Rule, type RuleField, RuleSet, ruleFields, type Verdict } from '../../core/access/rules.ts'
import { paths, processAsCaller } from '../../client/local.ts'
import { type RuleTable, toRuleTable } from '../../config/rules.ts'
import type { Context } from '../context.ts'
import { parseSpan } from '../time-input.ts'

interface RequestOptions {
  readonly scope?: readonly string[]
  readonly resource?: string
  readonly audience?: string
  readonly executable?: string
  readonly container?: string
  readonly share?: string
}

export interface RuleTestOptions extends RequestOptions {
  readonly secret?: boolean
  readonly idToken?: boolean
  readonly pid?: string
}

export interface RuleAddOptions extends RequestOptions {
  readonly decision: string
  readonly profile?: string
  readonly secret?: string
  readonly credential?: string
  readonly allowWiderScope?: boolean
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

const inJson = toRuleTable

const ruleText = (rule: Rule): string => {
  const named = ruleFields.flatMap((key) => (rule[key] === undefined ? [] : [`${key} ${shown(rule[key])}`]))
  const lifetime = rule.lifetime === undefined ? '' : `   (a yes counts for ${duration(rule.lifetime)})`
  return `${rule.decision.padEnd(5)}  ${named.length === 0 ? 'everything' : named.join(', ')}${lifetime}`
}

export async function ruleAdd(context: Context, options: RuleAddOptions): Promise<void> {
  const { addRule } = await import('../config-file.ts')
  const { decision, credential, profile, scope, allowWiderScope, lifetime, first, before, ...rest } = options
  if (first === true && before !== undefined) throw new Failure('bad_request', 'give one of --first and --before')
  const table: RuleTable = {
    // The schema says what may stand here.
    decision: decision as Verdict,
    ...(credential === undefined ? {} : { credential: credential as NonNullable<RuleTable['credential']> }),
    ...(profile === undefined ? {} : { profile }),
    ...(scope === undefined ? {} : { scopes: scope }),
    ...(allowWiderScope === true ? { allow_wider_scope: true } : {}),
    ...pick(rest, ['secret', 'resource', 'audience', 'executable', 'container', 'share']),
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
  const covering = rules.slice(0, index).findIndex((each) => ruleFields.every((key) => each[key] === undefined))
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
export async function ruleTest(context: Context, name: string, options: RuleTestOptions): Promise<void> {
  const { readConfigFile } = await import('../config-file.ts')
  const { rules, profiles } = await readConfigFile(paths(context.env).configFile)
  const profile = options.secret === true ? undefined : profiles.get(name)
  const request = requestOf(name, options, profile)
  const target = profile === undefined ? {} : profileTarget(profile)
  // Rules alone: the bounds of a share are the share's.
  const decision = authorize(request, { rules: new RuleSet(rules), share: openShare(request), profileTarget: target, now: 0 })
  const index = decision.match?.index
  const passed = rules.slice(0, index ?? rules.length).map((each, at) => ({
    rule: at + 1,
    because: mismatch(each, request) ?? ('decision' as const),
  }))
  const question = describeAccessRequest(request)
  if (context.asJson) {
    context.terminal.json({ decision: decision.kind, ...(index === undefined ? {} : { rule: index + 1 }), passed, question })
    return
  }
  context.terminal.say(question)
  for (const { rule: number, because } of passed) {
    const each = rules[number - 1] ?? { decision: 'allow' }
    const asked = because === 'decision' ? 'something else' : requested(request, because)
    context.terminal.say(`  rule ${number} does not match: its ${because} is ${shown(each[because])}, the request's is ${asked}`)
  }
  context.terminal.print(
    index === undefined
      ? `${decision.kind}: no rule matches`
      : `${decision.kind}, by rule ${index + 1}: ${ruleText(rules[index] ?? { decision: 'allow' })}`,
  )
}

function requestOf(name: string, options: RuleTestOptions, profile: Profile | undefined): AccessRequest {
  const { scope, resource, audience, share, secret, idToken } = options
  const wanted = defined({ scope: scope === undefined ? undefined : normalScope(scope), resource, audience })
  const channel: Channel = share === undefined ? { kind: 'main' } : { kind: 'share', share }
  const target = profile === undefined ? wanted : resolveTarget(wanted, profile, undefined, undefined).resolved
  return {
    credential:
      secret === true
        ? { kind: 'secret', secret: name }
        : { kind: idToken === true ? 'id_token' : 'access_token', profile: name },
    target: secret === true ? {} : idToken === true ? { scope: ['openid'] } : target,
    requester: { caller: callerIn(options), channel },
  }
}

/** A share without bounds, so that the rules alone decide. */
function openShare({ requester: { channel }, credential }: AccessRequest): Share | undefined {
  if (channel.kind === 'main') return undefined
  const name = credentialName(credential)
  return { name: channel.share, profiles: [name], secrets: [name], anyTarget: true, createdAt: 0, expiresAt: Infinity }
}

const shown = (value: unknown): string => (Array.isArray(value) ? value.join(' ') : String(value))

function requested(request: AccessRequest, field: RuleField): string {
  const { credential, target, requester } = request
  const { caller, channel } = requester
  switch (field) {
    case 'credential':
      return credential.kind
    case 'profile':
    case 'secret':
      return `${credential.kind} of ${credentialName(credential)}`
    case 'scopes':
      return effectiveScope(request)?.join(' ') ?? 'not known'
    case 'resource':
    case 'audience':
      return target[field] ?? 'none'
    case 'executable':
      return caller.executable ?? 'unknown'
    case 'container':
      return caller.container.kind === 'inside' ? (caller.container.id ?? 'one without a known id') : caller.container.kind
    case 'share':
      return channel.kind === 'share' ? channel.share : 'none (the main socket)'
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
