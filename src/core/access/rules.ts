// Rules: what a request gets before any token is looked at. They stand in config.toml in an order, and the first that matches
// decides. What a rule does not name is free; what is unknown of a caller matches no name.

import { callerText, isWindowsPath, type Requester } from './caller.ts'
import { sanitizeForDisplay, quoteForDisplay } from '../util/text.ts'
import type { Target } from '../session/session.ts'

export type Decision = 'allow' | 'ask' | 'deny'

export interface Rule {
  readonly decision: Decision
  readonly profile?: string
  /** Matches where every scope that is asked for is among these; a request that names none asks for all. */
  readonly scopes?: readonly string[]
  readonly resource?: string
  /** A path, or a pattern with `*` for anything but `/` (on Windows: but `\`) and `**` for anything. */
  readonly executable?: string
  /** An id, the beginning of one of 12 or more digits, or `any`; `none`: outside of containers. */
  readonly container?: string
  /** The name of a shared socket, or `any`; `none`: the user's own socket. */
  readonly share?: string
  /** Seconds for which a yes counts at least; otherwise as long as the user says. */
  readonly lifetime?: number
}

export interface AccessRequest {
  readonly profile: string
  readonly target: Target
  readonly requester: Requester
}

export interface RuleMatch {
  readonly decision: Decision
  /** From 0; undefined: no rule matches, and what is not forbidden is allowed. */
  readonly index?: number
  readonly rule?: Rule
}

export function matchRules(rules: readonly Rule[], question: AccessRequest): RuleMatch {
  const found = rulesFor(rules, question.requester.caller.executable).find(({ rule }) => mismatch(rule, question) === undefined)
  return found === undefined ? { decision: 'allow' } : { decision: found.rule.decision, ...found }
}

type Placed = Required<Pick<RuleMatch, 'index' | 'rule'>>

/** Those that name this program, or none: it asks again and again, and there may be a thousand that name others. */
function rulesFor(rules: readonly Rule[], executable: string | undefined): readonly Placed[] {
  if (byProgram.rules !== rules) byProgram = { rules, found: new Map() }
  const { found } = byProgram
  const known = found.get(executable)
  if (known !== undefined) return known
  if (found.size >= maxPrograms) found.clear()
  const placed = rules
    .map((rule, index) => ({ index, rule }))
    .filter(({ rule }) => rule.executable === undefined || matchesPath(rule.executable, executable))
  found.set(executable, placed)
  return placed
}

const maxPrograms = 256
let byProgram: { readonly rules?: readonly Rule[]; readonly found: Map<string | undefined, readonly Placed[]> } = {
  found: new Map(),
}

/** Which of a rule's fields keeps it from matching; undefined where it matches. */
export function mismatch(each: Rule, { profile, target, requester }: AccessRequest): keyof Rule | undefined {
  const { caller, channel } = requester
  if (each.profile !== undefined && each.profile !== profile) return 'profile'
  if (each.scopes !== undefined && !coversScopes(each.scopes, target.scope)) return 'scopes'
  if (each.resource !== undefined && each.resource !== (target.resource ?? target.audience)) return 'resource'
  if (each.executable !== undefined && !matchesPath(each.executable, caller.executable)) return 'executable'
  if (each.container !== undefined && !matchesContainer(each.container, requester)) return 'container'
  if (each.share !== undefined && !matchesShare(each.share, channel.kind === 'share' ? channel.share : undefined)) return 'share'
  return undefined
}

const coversScopes = (allowed: readonly string[], asked: readonly string[] | undefined): boolean =>
  asked !== undefined && asked.every((scope) => allowed.includes(scope))

function matchesPath(pattern: string, path: string | undefined): boolean {
  if (path === undefined) return false
  const isWindows = isWindowsPath(path)
  return expressionOf(pattern, isWindows).test(path)
}

/** A thousand rules are looked at for each request, and to compile them costs a hundred times as much. */
const expressions = new Map<string, RegExp>()
const maxExpressions = 10_000

function expressionOf(pattern: string, isWindows: boolean): RegExp {
  const key = `${isWindows} ${pattern}`
  const known = expressions.get(key)
  if (known !== undefined) return known
  const within = isWindows ? String.raw`[^\\/]*` : '[^/]*'
  const source = pattern
    .split(/(\*\*|\*)/)
    .map((part) => (part === '**' ? '.*' : part === '*' ? within : part.replaceAll(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`)))
    .join('')
  const expression = new RegExp(`^${source}$`, isWindows ? 'is' : 's')
  if (expressions.size >= maxExpressions) expressions.clear()
  expressions.set(key, expression)
  return expression
}

function matchesContainer(wanted: string, { caller }: Requester): boolean {
  const { container } = caller
  if (wanted === 'none') return container.kind === 'none'
  if (container.kind !== 'inside') return false
  return wanted === 'any' || (wanted.length >= 12 && container.id?.startsWith(wanted) === true)
}

const matchesShare = (wanted: string, share: string | undefined): boolean =>
  wanted === 'none' ? share === undefined : share !== undefined && (wanted === 'any' || wanted === share)

/** For people, on one line. */
export const describeAccessRequest = ({ profile, target, requester }: AccessRequest): string => {
  const { scope, resource, audience } = target
  const what = [
    scope === undefined ? undefined : sanitizeForDisplay(scope.map(quoteForDisplay).join(' ')),
    ...[resource, audience].map(nameIfAny),
  ]
    .filter((part) => part !== undefined)
    .join(', ')
  return `${callerText(requester)} asks for a token of '${sanitizeForDisplay(profile)}'${what === '' ? '' : ` (${what})`}`
}

const nameIfAny = (text: string | undefined): string | undefined => (text === undefined ? undefined : quoteForDisplay(text))
