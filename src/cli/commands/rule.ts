// `authsock rule`: the rules that allow, ask about or deny requests.

import type { Command } from 'commander'
import { addRule, removeRule } from '../../config/edit-rules.ts'
import { type RuleTable, toRuleTable } from '../../config/rules.ts'
import {
  type AccessRequest,
  type CredentialKind,
  credentialName,
  describeAccessRequest,
  effectiveScope,
} from '../../core/access/access-request.ts'
import { authorize } from '../../core/access/authorize.ts'
import type { Caller, Channel } from '../../core/access/caller.ts'
import { profileTarget, resolveTarget } from '../../core/access/resolve-target.ts'
import { mismatch, type Rule, type RuleField, ruleFields, RuleSet, type Verdict } from '../../core/access/rules.ts'
import type { Share } from '../../core/access/share.ts'
import { Failure } from '../../core/failures.ts'
import type { Profile } from '../../core/profile.ts'
import { normalScope } from '../../core/session/scope.ts'
import { defined } from '../../core/util/defined.ts'
import { duration } from '../../core/util/durations.ts'
import { processAsCaller } from '../../platform/process/caller.ts'
import { collectList, oneOf, parseInteger, parseSpan } from '../arguments.ts'
import type { Context } from '../context.ts'
import { addGroup, type MakeLeaf } from '../leaf.ts'
import { cell, tableLines } from '../table.ts'

interface RequestOptions {
  readonly scope?: readonly string[]
  readonly resource?: string
  readonly audience?: string
  readonly executable?: string
  readonly container?: string
  readonly share?: string
}

interface TestOptions extends RequestOptions {
  readonly secret?: boolean
  readonly idToken?: boolean
  readonly pid?: string
}

interface AddOptions extends RequestOptions {
  readonly decision: Verdict
  readonly credential?: CredentialKind
  readonly profile?: string
  readonly secret?: string
  readonly allowWiderScope?: boolean
  readonly lifetime?: string
  readonly first?: boolean
  readonly before?: string
}

const decisions = ['allow', 'ask', 'deny'] as const
const credentialKinds = ['access_token', 'id_token', 'cloud_role', 'secret'] as const

export function register(root: Command, leaf: MakeLeaf): void {
  const rule = addGroup(root, 'rule', 'allow, ask about or deny requests')
  leaf(rule, 'list', 'list the rules of config.toml in their order', list)
  leaf(rule, 'test <name>', 'show what a request would get, and why', test)
    .option('--scope <scopes>', 'scopes of the request', collectList)
    .option('--resource <uri>', 'resource of the request')
    .option('--audience <audience>', 'audience of the request')
    .option('--secret', 'the name is a static secret, not a profile')
    .option('--id-token', 'a request for the ID token of the profile')
    .option('--executable <path>', 'program of the caller')
    .option('--container <id>', 'container of the caller: none (default), any, or an id')
    .option('--share <name>', 'share that the request comes by')
    .option('--pid <pid>', 'take program and container from this process')
  leaf(rule, 'add', 'add a rule to config.toml', add)
    .requiredOption('--decision <decision>', decisions.join(', '), oneOf('--decision', decisions))
    .option('--credential <kind>', `${credentialKinds.join(', ')} (default: every kind)`, oneOf('--credential', credentialKinds))
    .option('--profile <name>', 'for tokens of this profile')
    .option('--secret <name>', 'for this static secret')
    .option('--scope <scopes>', 'allow: if every scope is one of these; ask, deny: if any scope is', collectList)
    .option('--allow-wider-scope', 'accept a server that grants more than --scope')
    .option('--resource <uri>', 'for tokens for this resource, or none')
    .option('--audience <audience>', 'for tokens for this audience, or none')
    .option('--executable <path>', 'for this program; * matches anything but /, ** matches anything')
    .option('--container <id>', 'from this container: an id, any, or none')
    .option('--share <name>', 'by this share: a name, any, or none')
    .option('--lifetime <span>', 'with ask: how long an approval is valid at least')
    .option('--first', 'insert before all other rules (default: after them)')
    .option('--before <number>', 'insert before this rule')
    .addHelpText(
      'after',
      `
The first rule that matches decides; a request that no rule matches is allowed. A field that a rule does not name
matches everything.

Example:
  authsock rule add --decision ask --profile prod --container any --lifetime 8h`,
    )
  leaf(rule, 'remove <number>', 'remove a rule from config.toml', remove)
}

async function list(context: Context): Promise<void> {
  const { terminal } = context
  const { rules } = await context.config()
  if (context.asJson) {
    terminal.json({ rules: rules.map(inJson) })
    return
  }
  if (rules.length === 0) {
    terminal.hint(
      `no rules: every request of this user is allowed; \`authsock rule add\` adds one to ${context.paths.configFile}`,
    )
    return
  }
  const { style } = terminal
  const looks = { allow: style.good, ask: style.warn, deny: style.bad }
  const rows = rules.map((each, index) => [
    cell(String(index + 1)),
    cell(each.decision, looks[each.decision]),
    cell(conditions(each)),
  ])
  for (const line of tableLines({ headings: ['#', 'decision', 'requests'], rows }, terminal.width, style)) terminal.print(line)
}

const inJson = toRuleTable

function conditions(rule: Rule): string {
  const named = ruleFields.flatMap((key) => (rule[key] === undefined ? [] : [`${key} ${valueText(rule[key])}`]))
  const lifetime = rule.lifetime === undefined ? '' : ` (an approval is valid for ${duration(rule.lifetime)})`
  return `${named.length === 0 ? 'all' : named.join(', ')}${lifetime}`
}

const ruleText = (rule: Rule): string => `${rule.decision} ${conditions(rule)}`

const valueText = (value: unknown): string => (Array.isArray(value) ? value.join(' ') : String(value))

async function add(context: Context, options: AddOptions): Promise<void> {
  const { decision, profile, secret, resource, audience, executable, container, share, lifetime, first, before } = options
  if (first === true && before !== undefined)
    throw new Failure('bad_request', '--first and --before exclude each other', { hint: 'give one of them' })
  const table: RuleTable = {
    decision,
    ...defined({
      credential: options.credential,
      profile,
      secret,
      scopes: options.scope,
      allow_wider_scope: options.allowWiderScope,
      resource,
      audience,
      executable,
      container,
      share,
      lifetime: lifetime === undefined ? undefined : parseSpan('--lifetime', lifetime),
    }),
  }
  const { configFile } = context.paths
  const position = first === true ? 0 : before === undefined ? 'last' : indexOf(before)
  const { index, line, text } = await addRule(configFile, table, position)
  await context.configChanged()
  const { terminal } = context
  if (context.asJson) {
    terminal.json({ rule: index + 1, config: configFile, line, text })
    return
  }
  terminal.note(`added rule ${index + 1} at line ${line} of ${configFile}`)
  if (profile !== undefined) await hintIfUnknown(context, profile)
  const { rules } = await context.config()
  const covering = rules.slice(0, index).findIndex((each) => ruleFields.every((key) => each[key] === undefined))
  if (covering >= 0) terminal.hint(`rule ${covering + 1} matches every request and comes first: use --before ${covering + 1}`)
}

async function hintIfUnknown(context: Context, name: string): Promise<void> {
  if ((await context.config()).profiles.has(name)) return
  const secrets = await (await context.agent()).secrets().catch(() => undefined)
  if (secrets?.some((each) => each.name === name) !== true)
    context.terminal.hint(`there is no profile and no known static secret '${name}'`)
}

async function remove(context: Context, number: string): Promise<void> {
  const removed = await removeRule(context.paths.configFile, indexOf(number))
  await context.configChanged()
  if (context.asJson) context.terminal.json({ rule: Number(number), removed: inJson(removed) })
  else context.terminal.note(`removed rule ${number}: ${ruleText(removed)}`)
}

/** From 0. */
const indexOf = (text: string): number => parseInteger('the rule', text, 'the number of a rule', { min: 1 }) - 1

/** What a request would get, without making it. */
async function test(context: Context, name: string, options: TestOptions): Promise<void> {
  const { terminal } = context
  const { rules, profiles } = await context.config()
  const profile = options.secret === true ? undefined : profiles.get(name)
  const request = requestOf(name, options, profile)
  const target = profile === undefined ? {} : profileTarget(profile)
  const decision = authorize(request, {
    rules: new RuleSet(rules),
    share: unlimitedShare(request),
    profileTarget: target,
    now: 0,
  })
  const index = decision.match?.index
  const passed = rules.slice(0, index ?? rules.length).map((each, at) => ({
    rule: at + 1,
    because: mismatch(each, request) ?? ('decision' as const),
  }))
  const question = describeAccessRequest(request)
  if (context.asJson) {
    terminal.json({ decision: decision.kind, ...(index === undefined ? {} : { rule: index + 1 }), passed, question })
    return
  }
  terminal.say(question)
  for (const { rule: number, because } of passed) {
    const expected = valueText(rules[number - 1]?.[because])
    const actual = because === 'decision' ? 'different' : requestText(request, because)
    terminal.say(`  rule ${number} does not match: ${because} is ${actual}, not ${expected}`, 4)
  }
  const rule = index === undefined ? undefined : rules[index]
  terminal.print(
    rule === undefined ? `${decision.kind}: no rule matches` : `${decision.kind}, by rule ${(index ?? 0) + 1}: ${ruleText(rule)}`,
  )
}

function requestOf(name: string, options: TestOptions, profile: Profile | undefined): AccessRequest {
  const { scope, resource, audience, share, secret, idToken } = options
  const requested = defined({ scope: scope === undefined ? undefined : normalScope(scope), resource, audience })
  const channel: Channel = share === undefined ? { kind: 'main' } : { kind: 'share', share }
  const target = profile === undefined ? requested : resolveTarget(requested, profile, undefined, undefined).resolved
  return {
    credential:
      secret === true
        ? { kind: 'secret', secret: name }
        : { kind: idToken === true ? 'id_token' : 'access_token', profile: name },
    target: secret === true ? {} : idToken === true ? { scope: ['openid'] } : target,
    requester: { caller: callerOf(options), channel },
  }
}

/** A share without bounds, so that the rules alone decide. */
function unlimitedShare({ requester: { channel }, credential }: AccessRequest): Share | undefined {
  if (channel.kind === 'main') return undefined
  const name = credentialName(credential)
  return { name: channel.share, profiles: [name], secrets: [name], anyTarget: true, createdAt: 0, expiresAt: Infinity }
}

function requestText(request: AccessRequest, field: RuleField): string {
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

function callerOf({ pid, executable, container }: TestOptions): Caller {
  if (pid !== undefined) {
    if (executable !== undefined || container !== undefined)
      throw new Failure('bad_request', '--pid gives the program and the container already', {
        hint: 'leave out --executable and --container',
      })
    const found = processAsCaller(parseInteger('--pid', pid, 'a process id', { min: 1, max: 4_294_967_295 }))
    if (found === undefined)
      throw new Failure('not_found', `no process ${pid} can be inspected`, { hint: 'check the process id' })
    return found
  }
  if (container !== undefined && !/^(none|any|[0-9a-f]{12,64})$/.test(container)) {
    throw new Failure('bad_request', `--container is '${container}', not none, any or an id`, {
      hint: 'an id is 12 to 64 hexadecimal digits',
    })
  }
  const isOutside = container === undefined || container === 'none'
  return {
    parents: [],
    ...defined({ executable }),
    container: isOutside ? { kind: 'none' } : { kind: 'inside', ...(container === 'any' ? {} : { id: container }) },
  }
}
