// Rules of config.toml, and whether one matches an access request. authorize.ts is the only caller that decides by them.

import { sameResource } from './same-resource.ts'
import { type AccessRequest, type CredentialKind, credentialName, effectiveScope } from './access-request.ts'
import { isSameScope, missingScopes } from '../session/scope.ts'
import { isWindowsPath } from './caller.ts'

export type Verdict = 'allow' | 'ask' | 'deny'

/** A field that is absent matches everything. */
export interface Rule {
  readonly decision: Verdict
  readonly credential?: CredentialKind
  readonly profile?: string
  /** Of a rule that was written when `profile` meant secrets as well: there is no profile of that name (see config/rules.ts). */
  readonly profileIsUnknown?: boolean
  readonly secret?: string
  /** allow: every scope of the token is among these. ask, deny: at least one is. */
  readonly scopes?: readonly string[]
  /** The server may grant more than `scopes`: only what was requested counts. */
  readonly allowWiderScope?: boolean
  /** `none`: no resource is named. */
  readonly resource?: string
  readonly audience?: string
  /** A path, or a pattern with `*` for anything but `/` (on Windows `\`) and `**` for anything. */
  readonly executable?: string
  /** An id, its first 12 or more digits, `any`, or `none` (outside of containers). */
  readonly container?: string
  /** The name of a share, `any`, or `none` (the main socket). */
  readonly share?: string
  /** Seconds for which an approval is remembered at least. */
  readonly lifetime?: number
}

export interface RuleMatch {
  readonly rule: Rule
  /** From 0, in the order of config.toml. */
  readonly index: number
}

/**
 * `unknown`: the request does not say (an unknown container, executable or scope). An allow rule then does not match, an ask or
 * deny rule does: unknown is never the weaker case (L12).
 */
type Fit = 'yes' | 'no' | 'unknown'

const fit = (matches: boolean): Fit => (matches ? 'yes' : 'no')

const fits = {
  credential: ({ credential: wanted }, { credential }) => fit(wanted === undefined || wanted === credential.kind),
  profile: fitsProfile,
  secret: ({ secret: wanted }, { credential }) =>
    fit(wanted === undefined || (credential.kind === 'secret' && credential.secret === wanted)),
  scopes: fitsScopes,
  resource: (rule, request) => fitsTarget(rule, request, 'resource', 'audience'),
  audience: (rule, request) => fitsTarget(rule, request, 'audience', 'resource'),
  executable: fitsExecutable,
  container: fitsContainer,
  share: ({ share: wanted }, { requester: { channel } }) => {
    if (wanted === undefined) return 'yes'
    if (wanted === 'none') return fit(channel.kind === 'main')
    return fit(channel.kind === 'share' && (wanted === 'any' || wanted === channel.share))
  },
} satisfies Readonly<Record<string, (rule: Rule, request: AccessRequest) => Fit>>

export type RuleField = keyof typeof fits

export const ruleFields = Object.keys(fits) as readonly RuleField[]

/** The first field that keeps the rule from matching; undefined if it matches. */
export function mismatch(rule: Rule, request: AccessRequest): RuleField | undefined {
  return ruleFields.find((field) => {
    const found = fits[field](rule, request)
    return found === 'no' || (found === 'unknown' && rule.decision === 'allow')
  })
}

function fitsProfile({ decision, profile, profileIsUnknown }: Rule, { credential }: AccessRequest): Fit {
  if (profile === undefined) return 'yes'
  const isOfKind = credential.kind !== 'secret' || (profileIsUnknown === true && decision !== 'allow')
  return fit(isOfKind && credentialName(credential) === profile)
}

/** A static secret has no scopes. */
function fitsScopes({ decision, scopes, allowWiderScope }: Rule, request: AccessRequest): Fit {
  if (scopes === undefined) return 'yes'
  if (request.credential.kind === 'secret') return 'no'
  const scope = allowWiderScope === true ? request.target.scope : effectiveScope(request)
  if (scope === undefined) return 'unknown'
  return fit(
    decision === 'allow'
      ? missingScopes(scope, scopes).length === 0
      : scope.some((each) => scopes.some((named) => isSameScope(each, named))),
  )
}

/**
 * allow: what the request names and what the rule names are the same, to the letter; a rule that names one of resource and
 * audience does not allow a request that names the other as well. ask, deny: one of the request's two is the rule's, however it
 * is spelled.
 */
function fitsTarget(rule: Rule, { target }: AccessRequest, key: 'resource' | 'audience', other: 'resource' | 'audience'): Fit {
  const wanted = rule[key]
  if (wanted === 'none') return fit(target[key] === undefined)
  if (rule.decision === 'allow') {
    if (wanted === undefined) return fit(rule[other] === undefined || target[key] === undefined)
    return fit(target[key] === wanted)
  }
  if (wanted === undefined) return 'yes'
  return fit([target.resource, target.audience].some((each) => each !== undefined && sameResource(each, wanted)))
}

/** A rule that names an executable and no container means outside of containers, where a path names one file. */
function fitsExecutable({ executable, container }: Rule, { requester: { caller } }: AccessRequest): Fit {
  if (executable === undefined) return 'yes'
  if (container === undefined && caller.container.kind === 'inside') return 'no'
  if (caller.executable === undefined) return 'unknown'
  if (!pathExpression(executable, isWindowsPath(caller.executable)).test(caller.executable)) return 'no'
  return container === undefined && caller.container.kind === 'unknown' ? 'unknown' : 'yes'
}

function fitsContainer({ container: wanted }: Rule, { requester: { caller } }: AccessRequest): Fit {
  const { container } = caller
  if (wanted === undefined) return 'yes'
  if (container.kind === 'unknown') return 'unknown'
  if (container.kind === 'none' || wanted === 'none') return fit(container.kind === 'none' && wanted === 'none')
  if (wanted === 'any') return 'yes'
  if (container.id === undefined) return 'unknown'
  return fit(wanted.length >= 12 && container.id.startsWith(wanted))
}

function pathExpression(pattern: string, isWindows: boolean): RegExp {
  const within = isWindows ? String.raw`[^\\/]*` : '[^/]*'
  const source = pattern
    .split(/(\*\*|\*)/)
    .map((part) => (part === '**' ? '.*' : part === '*' ? within : part.replaceAll(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`)))
    .join('')
  return new RegExp(`^${source}$`, isWindows ? 'is' : 's')
}

/** Executables whose rules are remembered. */
const maxExecutables = 256

/**
 * The rules in their order. One program asks again and again, and of a thousand rules most name other programs: which rules can
 * concern an executable is remembered, which decides nothing.
 */
export class RuleSet {
  readonly rules: readonly Rule[]
  readonly #byExecutable = new Map<string, readonly RuleMatch[]>()

  constructor(rules: readonly Rule[]) {
    this.rules = rules
  }

  /** The first rule that matches. */
  first(request: AccessRequest): RuleMatch | undefined {
    if (this.rules.length === 0) return undefined
    return this.#concerning(request.requester.caller.executable).find(({ rule }) => mismatch(rule, request) === undefined)
  }

  #concerning(executable: string | undefined): readonly RuleMatch[] {
    const known = this.#byExecutable.get(executable ?? '')
    if (known !== undefined) return known
    if (this.#byExecutable.size >= maxExecutables) this.#byExecutable.clear()
    const isWindows = executable !== undefined && isWindowsPath(executable)
    const found = this.rules
      .map((rule, index) => ({ rule, index }))
      .filter(({ rule }) => {
        if (rule.executable === undefined || executable === undefined) return true
        return pathExpression(rule.executable, isWindows).test(executable)
      })
    this.#byExecutable.set(executable ?? '', found)
    return found
  }
}
