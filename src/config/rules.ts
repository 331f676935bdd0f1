// `[[rule]]` tables: what a schema cannot say of them, and the rules they are.

import type { CredentialKind } from '../core/access/access-request.ts'
import type { Rule, Verdict } from '../core/access/rules.ts'
import { normalScope } from '../core/session/scope.ts'
import { defined } from '../core/util/defined.ts'
import type { Complaint } from './validate.ts'

/** A rule as the file writes it. */
export interface RuleTable {
  readonly decision: Verdict
  readonly credential?: CredentialKind
  readonly profile?: string
  readonly secret?: string
  readonly scopes?: readonly string[]
  readonly allow_wider_scope?: boolean
  readonly resource?: string
  readonly audience?: string
  readonly executable?: string
  readonly container?: string
  readonly share?: string
  readonly lifetime?: number
}

export const checkRules = (rules: readonly RuleTable[]): readonly Complaint[] =>
  rules.flatMap((rule, index) => [...problems(rule)].map(([key, text]) => ({ path: ['rule', index, key], text })))

function* problems(rule: RuleTable): Iterable<readonly [string, string]> {
  const { decision, executable, container, lifetime } = rule
  if (executable !== undefined && !/^(\/|\*|[A-Za-z]:\\)/.test(executable)) {
    yield ['executable', `'executable' is '${executable}', not an absolute path or a pattern`]
  }
  if (container !== undefined && !/^(any|none|[0-9a-f]{12,64})$/.test(container)) {
    yield ['container', `'container' is '${container}', not any, none, or 12 and more digits of an id`]
  }
  if (lifetime !== undefined && decision !== 'ask') yield ['lifetime', "'lifetime' has a meaning in an ask rule only"]
  if (rule.allow_wider_scope !== undefined && rule.scopes === undefined) {
    yield ['allow_wider_scope', "'allow_wider_scope' has a meaning beside 'scopes' only"]
  }
  yield* kindProblems(rule)
}

/** A static secret has no profile, scopes, resource or audience: such a rule would match nothing. */
function* kindProblems({ credential, profile, secret, ...rest }: RuleTable): Iterable<readonly [string, string]> {
  if (secret === undefined && credential !== 'secret') return
  if (profile !== undefined) yield ['profile', "'profile' and 'secret' exclude each other: a rule is about one of them"]
  if (credential !== undefined && credential !== 'secret')
    yield ['credential', `'credential' is '${credential}', and 'secret' is named`]
  for (const key of ['scopes', 'resource', 'audience'] as const) {
    if (rest[key] !== undefined && rest[key] !== 'none') yield [key, `'${key}' has no meaning for a static secret`]
  }
}

/** `profiles`: the names that config.toml defines. */
export function toRule({ allow_wider_scope: allowWiderScope, scopes, ...rest }: RuleTable, profiles: Iterable<string>): Rule {
  const isUnknown = rest.profile !== undefined && ![...profiles].includes(rest.profile)
  return {
    ...rest,
    ...defined({ allowWiderScope, scopes: scopes === undefined ? undefined : normalScope(scopes) }),
    // Before 0.2.0 `profile` named secrets as well: an ask or deny rule goes on to protect them.
    ...(isUnknown ? { profileIsUnknown: true } : {}),
  }
}

/** As the file writes it. */
export function toRuleTable(rule: Rule): RuleTable {
  const { allowWiderScope, profileIsUnknown: _derived, ...rest } = rule
  return { ...rest, ...defined({ allow_wider_scope: allowWiderScope }) }
}
