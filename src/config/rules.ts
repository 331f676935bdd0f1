// `[[rule]]` tables: what a schema cannot say of them, and the rules they are.

import type { Rule, Decision } from '../core/access/rules.ts'
import { normalScope } from '../core/session/scope.ts'
import type { Complaint } from './validate.ts'

/** A rule as the file writes it. */
export interface RuleTable {
  readonly decision: Decision
  readonly profile?: string
  readonly scopes?: readonly string[]
  readonly resource?: string
  readonly executable?: string
  readonly container?: string
  readonly share?: string
  readonly lifetime?: number
}

export const checkRules = (rules: readonly RuleTable[]): readonly Complaint[] =>
  rules.flatMap((rule, index) => [...problems(rule)].map(([key, text]) => ({ path: ['rule', index, key], text })))

function* problems({ decision, executable, container, lifetime }: RuleTable): Iterable<readonly [string, string]> {
  if (executable !== undefined && !/^(\/|\*|[A-Za-z]:\\)/.test(executable)) {
    yield ['executable', `'executable' is '${executable}', not an absolute path or a pattern`]
  }
  if (container !== undefined && !/^(any|none|[0-9a-f]{12,64})$/.test(container)) {
    yield ['container', `'container' is '${container}', not any, none, or 12 and more digits of an id`]
  }
  if (lifetime !== undefined && decision !== 'ask') yield ['lifetime', `'lifetime' is of no meaning where nobody is asked`]
}

export const toRule = ({ decision, scopes, ...rest }: RuleTable): Rule => ({
  decision: decision,
  ...rest,
  ...(scopes === undefined ? {} : { scopes: normalScope(scopes) }),
})
