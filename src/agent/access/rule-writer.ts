// Writes a lasting answer to an approval into config.toml, as a rule right before the one that asked.

import type { Rule } from '../../core/access/rules.ts'
import type { Clock } from '../../core/ports.ts'
import { addRule } from '../../config/edit-rules.ts'
import { toRuleTable } from '../../config/rules.ts'
import type { Profiles } from '../sessions/profiles.ts'
import type { ApprovalsPorts } from './approvals.ts'

interface RuleWriterPorts {
  readonly clock: Clock
  readonly configFile: string
  readonly profiles: Pick<Profiles, 'expire'>
}

export const ruleWriter =
  ({ clock, configFile, profiles }: RuleWriterPorts): ApprovalsPorts['write'] =>
  async (rule: Rule, before: Rule) => {
    const day = new Date(clock.now()).toISOString().slice(0, 10)
    const { index, line, text } = await addRule(configFile, toRuleTable(rule), { before }, `answered 'always' on ${day}`)
    profiles.expire()
    return { config: configFile, rule: index + 1, line, text }
  }
