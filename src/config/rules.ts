// `[[rule]]` tables: what a schema cannot check about them, and the rules they define.

import type { CredentialKind } from '../core/access/access-request.ts'
import type { Rule, Verdict } from '../core/access/rules.ts'
import { normalScope } from '../core/session/scope.ts'
import { defined } from '../core/util/defined.ts'
import type { Complaint } from './validate.ts'

/** A rule as it is written in the file. */
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
    yield ['executable', `'executable' must be an absolute path or a pattern, not '${executable}'`]
  }
  if (container !== undefined && !/^(any|none|[0-9a-f]{12,64})$/.test(container)) {
    yield ['container', `'container' must be any, none, or at least 12 digits of an id, not '${container}'`]
  }
  if (lifetime !== undefined && decision !== 'ask') yield ['lifetime', "'lifetime' has an effect only with decision ask"]
  if (rule.allow_wider_scope !== undefined && rule.scopes === undefined) {
    yield ['allow_wider_scope', "'allow_wider_scope' requires 'scopes'"]
  }
  yield* kindProblems(rule)
}

/** A static secret has no profile, scopes, resource or audience: a rule with both would match nothing. */
function* kindProblems({ credential, profile, secret, ...rest }: RuleTable): Iterable<readonly [string, string]> {
  if (secret === undefined && credential !== 'secret') return
  if (profile !== undefined) yield ['profile', "'profile' and 'secret' cannot be combined in one rule"]
  if (credential !== undefined && credential !== 'secret')
    yield ['credential', `'credential' is '${credential}', but the rule has a 'secret'`]
  for (const key of ['scopes', 'resource', 'audience'] as const) {
    if (rest[key] !== undefined && rest[key] !== 'none') yield [key, `'${key}' has no effect for a static secret`]
  }
}

/** `profiles`: the names that config.toml defines. */
export function toRule({ allow_wider_scope: allowWiderScope, scopes, ...rest }: RuleTable, profiles: Iterable<string>): Rule {
  const isUnknown = rest.profile !== undefined && ![...profiles].includes(rest.profile)
  return {
    ...rest,
    ...defined({ allowWiderScope, scopes: scopes === undefined ? undefined : normalScope(scopes) }),
    // Before 0.2.0 `profile` matched secrets too: an ask or deny rule must still protect them.
    ...(isUnknown ? { profileIsUnknown: true } : {}),
  }
}

/** The inverse of toRule. */
export function toRuleTable(rule: Rule): RuleTable {
  const { allowWiderScope, profileIsUnknown: _derived, ...rest } = rule
  return { ...rest, ...defined({ allow_wider_scope: allowWiderScope }) }
}
