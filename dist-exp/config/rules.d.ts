import type { Rule, Verdict } from '../core/rules.ts';
import type { Complaint } from './validate.ts';
/** A rule as the file writes it. */
export interface RuleTable {
    readonly decision: Verdict;
    readonly profile?: string;
    readonly scopes?: readonly string[];
    readonly resource?: string;
    readonly executable?: string;
    readonly container?: string;
    readonly share?: string;
    readonly lifetime?: number;
}
export declare const checkRules: (rules: readonly RuleTable[]) => readonly Complaint[];
export declare const toRule: ({ decision, scopes, ...rest }: RuleTable) => Rule;
