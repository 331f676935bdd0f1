import type { Question, Rule } from './rules.ts';
export interface ApprovalReply {
    readonly decision: 'allow' | 'deny';
    /**
     * `session`: until the vault is locked or the agent stops; `always`: by a rule in config.toml; else seconds. Default: once, for
     * all that wait now.
     */
    readonly remember?: 'once' | 'session' | 'always' | number;
}
/**
 * What was asked, as narrow as a rule can say it, and never wider than the rule that asked. What the request did not name is
 * free. Throws bad_request where no rule would say just this program.
 */
export declare function lastingRule(verdict: 'allow' | 'deny', { profile, target, visitor }: Question): Rule;
